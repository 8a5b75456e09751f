"""The pages of the rail, in their order. A page's module is loaded when the page is made, after the first paint."""

# ruff: noqa: PLC0415 - imports inside functions: the window paints before its pages are loaded

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from denticode_desktop.ui.page import Page
    from denticode_desktop.ui.window_services import PageContext


class PageSpec(NamedTuple):
    """key: for Navigator.open_page. title: a source text. group: a heading above it in the rail, or empty."""

    key: str
    title: str
    icon_name: str
    factory: Callable[[PageContext], Page]
    group: str = ""


def _today(context: PageContext) -> Page:
    from denticode_desktop.ui.today import TodayPage

    return TodayPage(context)


def _labs(context: PageContext) -> Page:
    from denticode_desktop.ui.labs import LabsPage

    return LabsPage(context)


def _connections(context: PageContext) -> Page:
    from denticode_desktop.ui.connections import ConnectionsPage

    return ConnectionsPage(context)


def _audit(context: PageContext) -> Page:
    from denticode_desktop.ui.audit import AuditPage

    return AuditPage(context)


PAGES: tuple[PageSpec, ...] = (
    PageSpec("today", "Today", "today", _today),
    PageSpec("labs", "Lab sessions", "lab", _labs),
    PageSpec("connections", "PMS Integrations", "plug", _connections, group="Settings"),
    PageSpec("audit", "Audit log", "audit", _audit),
)


def load_first() -> None:
    """The module of the page that a start opens; may be called off the UI thread."""
    import denticode_desktop.ui.today  # noqa: F401 - for its page


def load_rest() -> None:
    """All the others and what Today's buttons open, before a person wants them; not on the UI thread."""
    import denticode_desktop.ui.audit
    import denticode_desktop.ui.connections
    import denticode_desktop.ui.labs
    import denticode_desktop.ui.today.choose_patient
    import denticode_desktop.ui.today.decide
    import denticode_desktop.ui.today.send_all  # noqa: F401 - for its dialog
