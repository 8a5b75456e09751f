"""States of Lab sessions for the pictures tool: each kind of Lab, the dialogs, a role without notes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from denticode_desktop.domain.ids import LabId
    from denticode_desktop.ui.labs import LabsPage
    from tests.ui.window_world import WindowWorld

    Take = Callable[[str, QWidget], None]
    Settle = Callable[[Callable[[], bool]], None]

CODES = [
    {"code": "T0101", "status": "treatment_planned"},
    {"code": "T0501", "tooth": "14", "surfaces": "MO", "status": "treatment_planned", "fee_cents": 18500},
]


def labs_page(world: WindowWorld) -> LabsPage:
    """The page, opened."""
    from denticode_desktop.ui.labs import LabsPage

    world.window.open_page("labs")
    page = world.window.page("labs")
    assert isinstance(page, LabsPage)
    return page


def open_lab(world: WindowWorld, lab_id: LabId, settle: Settle) -> LabsPage:
    """That Lab, shown."""
    page = labs_page(world)
    settle(lambda: world.tasks.is_idle)
    world.window.open_lab(lab_id)
    settle(lambda: world.tasks.is_idle)
    return page


def take_full(world: WindowWorld, take: Take, settle: Settle, wants: Callable[[str], bool]) -> None:
    """After `fill_today`: one Lab of each kind, then the dialogs."""
    labs = {lab.patient_name: lab for lab in world.services.labs.list(world.actor)}
    people = world.patients()
    lab_of = {name: lab.lab_id for name, lab in labs.items()}
    states = {
        "labs-full": lab_of[people[30].person.display_name],
        "labs-review": lab_of[people[34].person.display_name],
        "labs-unsent": lab_of[people[8].person.display_name],
        "labs-waiting": lab_of[people[24].person.display_name],
        "labs-stranger": lab_of["Nobody, Jo"],
    }
    for name, lab_id in states.items():
        if wants(name):
            take(name, open_lab(world, lab_id, settle).window())
    if wants("labs-by-hand"):
        lab_id = world.finalized_lab(people[3], procedures=CODES)
        world.practice.outbox.send(world.actor, lab_id, None)
        world.drain()
        take("labs-by-hand", open_lab(world, lab_id, settle).window())
        world.practice.labs.addendum(world.actor, lab_id)
        take("labs-addendum", open_lab(world, lab_id, settle).window())
    draft = world.import_lab(people[5], procedures=CODES)
    if wants("labs-draft"):
        take("labs-draft", open_lab(world, draft, settle).window())
    if wants("labs-new"):
        page = labs_page(world)
        page._new.click()
        settle(lambda: world.tasks.is_idle)
        take("labs-new", page.window())
    _take_dialogs(world, draft, take, wants)
    if wants("labs-front-office"):
        _take_front_office(world, states["labs-full"], take, settle)


def _take_dialogs(world: WindowWorld, draft: LabId, take: Take, wants: Callable[[str], bool]) -> None:
    from denticode_desktop.domain.ids import ConnectionId
    from denticode_desktop.domain.lab import FinalizeProblem
    from denticode_desktop.ui.labs.imports import Imported, ImportedDialog
    from denticode_desktop.ui.labs.leave import LeaveDialog
    from denticode_desktop.ui.labs.preview import PreviewDialog, read_case
    from denticode_desktop.ui.labs.send import ChoosePmsDialog, Target

    if not wants("labs-dialog"):
        return
    case = read_case(world.services, draft)
    wrong = FinalizeProblem("procedures[1].tooth", "Line 2 of the codes is wrong. Surfaces need a tooth. Correct it.")
    files = [
        Imported("visit-0912.json", "new", "", draft), Imported("visit-0913.json", "unchanged", "", draft),
        Imported("visit-0914.json", "", "patient.date_of_birth: write a date such as 1984-03-02.", None),
    ]  # fmt: skip
    where = [Target(ConnectionId(number), name) for number, name in enumerate(("Main office", "North office"))]
    parent = world.window
    dialogs = {
        "labs-dialog-preview": PreviewDialog(parent, case),
        "labs-dialog-blocked": PreviewDialog(parent, replace(case, blocking=(wrong,))),
        "labs-dialog-imported": ImportedDialog(parent, files),
        "labs-dialog-leave": LeaveDialog(parent),
        "labs-dialog-choose": ChoosePmsDialog(parent, where),
    }
    for name, dialog in dialogs.items():
        dialog.show()
        take(name, dialog)
        dialog.close()


def _take_front_office(world: WindowWorld, lab_id: LabId, take: Take, settle: Settle) -> None:
    from denticode_desktop.domain.access import Actor, Role
    from denticode_desktop.ui.labs import LabsPage
    from denticode_desktop.ui.window_services import PageContext

    services = replace(world.services, actor=Actor("Kim", Role.FRONT_OFFICE))
    page = LabsPage(PageContext(services, world.tasks, world.bridge, world.window))
    page.resize(world.window.width() - 60, world.window.height() - 60)
    page.show()
    page.refresh()
    settle(lambda: world.tasks.is_idle)
    page.open_lab(lab_id)
    settle(lambda: world.tasks.is_idle)
    take("labs-front-office", page)
    page.close()
