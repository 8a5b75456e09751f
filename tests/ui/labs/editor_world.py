"""The editor of drafts in a window of its own, over the real practice of WindowWorld, and what hands do to it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

from PySide6.QtCore import QElapsedTimer, QModelIndex, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMainWindow, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from denticode_desktop.domain.access import Actor, Role
from denticode_desktop.domain.audit_event import AuditEvent
from denticode_desktop.domain.errors import DenticodeError
from denticode_desktop.domain.ids import ConnectionId, LabId, PmsPatientId
from denticode_desktop.domain.lab import LabContent
from denticode_desktop.domain.people import PmsPatient
from denticode_desktop.services.draft_desk import DraftDesk, SavedDraft
from denticode_desktop.services.lab_views import LabView
from denticode_desktop.ui.labs.code_model import column_of
from denticode_desktop.ui.labs.editor import DraftEditor
from denticode_desktop.ui.labs.patient_picker import PatientPicker
from denticode_desktop.ui.window_services import PageContext
from tests.ui.hands import WAIT_MS, Expected, click, find, in_dialog, press
from tests.ui.window_world import WindowWorld, window_world

ONE = ConnectionId(1)
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


class FailingDrafts:
    """DraftDesk whose next save fails with `error`, if there is one, and which waits for `gate` before it saves."""

    def __init__(self, real: DraftDesk) -> None:
        self._real = real
        self.error: DenticodeError | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.saves = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)

    def save(self, actor: Actor, lab_id: LabId | None, content: LabContent, seen: LabContent | None) -> SavedDraft:
        """As DraftDesk."""
        assert self.gate.wait(WAIT_MS / 1000)
        self.saves += 1
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        return self._real.save(actor, lab_id, content, seen)


class EditorWorld:
    """`saved` and `wanted`: what the signals brought, in their order."""

    def __init__(self, world: WindowWorld, role: Role = Role.OWNER) -> None:
        self.world = world
        self.practice = world.practice
        self.drafts = FailingDrafts(world.practice.drafts)
        actor = Actor(world.actor.name, role, world.actor.user_id)
        self.services = replace(world.services, actor=actor, drafts=cast(DraftDesk, self.drafts))
        self.context = PageContext(self.services, world.tasks, world.bridge, world.window)
        self.window = QMainWindow()
        self.editor = DraftEditor(self.context)
        self.window.setCentralWidget(self.editor)
        self.window.resize(820, 560)
        self.saved: list[LabId] = []
        self.wanted: list[LabId] = []
        self.editor.saved.connect(self.saved.append)
        self.editor.finalize_wanted.connect(self.wanted.append)

    def show(self) -> None:
        """In front of the main window, with the keyboard."""
        self.window.show()
        activate(self.window)

    def idle(self, qtbot: QtBot) -> None:
        """Until every answer is there."""
        qtbot.waitUntil(lambda: self.world.tasks.is_idle, timeout=WAIT_MS)

    def new(self, qtbot: QtBot) -> DraftEditor:
        """An empty form with its lists read."""
        self.editor.new_lab()
        self.idle(qtbot)
        return self.editor

    def view(self, lab_id: LabId) -> LabView:
        """As the page reads it."""
        return self.practice.labs.show(self.world.actor, lab_id, is_refresh=True)

    def edit(self, qtbot: QtBot, lab_id: LabId) -> DraftEditor:
        """That draft, with the lists read."""
        self.editor.show_draft(self.view(lab_id))
        self.idle(qtbot)
        return self.editor

    def stored(self, lab_id: LabId) -> LabContent:
        """What is on the disk."""
        with self.practice.store.read() as uow:
            return uow.labs.revision(lab_id).content

    def labs(self) -> int:
        """How many there are."""
        return len(self.practice.labs.list(self.world.actor))

    def events(self, kind: str) -> list[AuditEvent]:
        """Of the audit log."""
        with self.practice.store.read() as uow:
            return [event for event in uow.audit.iterate() if event.draft.kind.value == kind]

    def patient(self, number: int = 3) -> PmsPatient:
        """Somebody in the simulated practice."""
        return self.world.patients()[number]

    def draft(self, **changes: object) -> LabId:
        """An imported draft."""
        return self.world.import_lab(self.patient(), **changes)


@contextmanager
def editor_world(folder: Path, *, role: Role = Role.OWNER, is_connected: bool = True) -> Iterator[EditorWorld]:
    """Over a practice of its own."""
    with window_world(folder, is_connected=is_connected) as world:
        yield EditorWorld(world, role)


# -- hands -----------------------------------------------------------------------------------------------------------


def activate(window: QWidget) -> None:
    """Until it has the keyboard. (QTest's own wait holds Python's lock, and a pool thread could not end.)"""
    window.activateWindow()
    spent = QElapsedTimer()
    spent.start()
    while not window.isActiveWindow() and spent.elapsed() < WAIT_MS:
        QApplication.processEvents()


def hand_on(widget: QWidget) -> QWidget:
    """Who gets the next key. Offscreen leaves no window active when a popup has closed: a window manager would."""
    if QApplication.activeWindow() is None:
        activate(widget.window())
    return QApplication.focusWidget() or widget


def keys(widget: QWidget, text: str) -> None:
    """Typed key by key, by whoever has the focus."""
    for char in text:
        QTest.keyClicks(hand_on(widget), char)


def key(widget: QWidget, which: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """One key, to whoever has the focus."""
    QTest.keyClick(hand_on(widget), which, modifier)


def type_into(root: QWidget, name: str, text: str) -> QLineEdit:
    """Instead of what is there."""
    edit = find(root, QLineEdit, name)
    edit.setFocus()
    edit.selectAll()
    QTest.keyClicks(edit, text)
    return edit


def type_note(editor: DraftEditor, text: str) -> None:
    """At the end of the note."""
    note = find(editor, QPlainTextEdit, "labNote")
    note.setFocus()
    note.moveCursor(note.textCursor().MoveOperation.End)
    QTest.keyClicks(note, text)


def cell(editor: DraftEditor, row: int, name: str) -> QModelIndex:
    """Of the code table."""
    return editor.codes.model.index(row, column_of(name))


def type_cell(editor: DraftEditor, row: int, name: str, text: str) -> None:
    """Opens the cell by Enter, types, and leaves it by Enter."""
    table = editor.codes.table
    table.setFocus()
    table.setCurrentIndex(cell(editor, row, name))
    key(table, Qt.Key.Key_Return)
    opened = table.cells.editor
    assert isinstance(opened, QLineEdit)
    opened.selectAll()
    if text:
        QTest.keyClicks(opened, text)
    else:
        QTest.keyClick(opened, Qt.Key.Key_Delete)
    QTest.keyClick(opened, Qt.Key.Key_Return)
    QApplication.processEvents()  # Qt closes the cell a moment after the key


def picks(qtbot: QtBot, act: Callable[[PatientPicker], None]) -> Expected:
    """Before Choose patient is pressed."""
    return in_dialog(PatientPicker, act)


def pick_chart(world: EditorWorld, qtbot: QtBot, chosen: PmsPatient) -> None:
    """Searches by name in the dialog and takes the chart."""

    def search(picker: PatientPicker) -> None:
        QTest.keyClicks(picker.search, chosen.person.last_name)
        def ids() -> list[PmsPatientId]:
            return [chart.patient.pms_patient_id for chart in picker._charts]

        qtbot.waitUntil(lambda: chosen.pms_patient_id in ids(), timeout=WAIT_MS)
        picker.list.setCurrentRow(ids().index(chosen.pms_patient_id))
        click(picker.go)

    expected = picks(qtbot, search)
    press(qtbot, world.editor, "labChoosePatient")
    assert expected.is_done
    world.show()  # as a window manager does when a dialog closes


def save(world: EditorWorld, qtbot: QtBot) -> LabId:
    """By the button; until it is on the disk."""
    count = len(world.saved)
    press(qtbot, world.editor, "labSave")
    qtbot.waitUntil(lambda: len(world.saved) > count, timeout=WAIT_MS)
    return world.saved[-1]
