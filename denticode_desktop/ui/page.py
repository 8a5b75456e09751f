"""Page: title, subtitle, actions at the right, a notice, and a body that is loading, empty, in error or full."""

from collections.abc import Callable
from enum import IntEnum

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from denticode_desktop.domain.errors import DenticodeError
from denticode_desktop.ui.messages import message_of
from denticode_desktop.ui.shortcuts import Command
from denticode_desktop.ui.theme import SPACE_1, SPACE_2, SPACE_3, SPACE_4, SPACE_5
from denticode_desktop.ui.widgets import ErrorPanel, LoadingState, Notice, PlainLabel, scrolled


class PageState(IntEnum):
    """What the body shows."""

    LOADING = 0
    EMPTY = 1
    ERROR = 2
    FULL = 3


class Page(QWidget):
    """Base of all pages.

    Put buttons into the head with `add_action` and content into `body`. `is_scrolling` False: the content scrolls by
    itself (a table). Reads happen in `refresh`, off the UI thread; show what came with `show_full`, `show_empty` or
    `show_error`. A page that shows something already keeps it while it reads again.
    """

    def __init__(self, title: str, subtitle: str = "", *, is_scrolling: bool = True) -> None:
        super().__init__()
        self.setObjectName("page")
        self._scroll: QScrollArea | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(title)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(SPACE_5, SPACE_4, SPACE_5, SPACE_4)
        outer.setSpacing(SPACE_3)
        outer.addLayout(self._head(title, subtitle))
        self.notice = Notice()
        outer.addWidget(self.notice)
        self.body_widget = QWidget()
        self.body_widget.setObjectName("pageBody")
        self.body = QVBoxLayout(self.body_widget)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(SPACE_3)
        self._states = QStackedWidget()
        self._error_panel: ErrorPanel | None = None
        self._error_place = QWidget()
        full = self._scrolling(title) if is_scrolling else self.body_widget
        self._empty_widget: QWidget = QWidget()
        for widget in (LoadingState(), self._empty_widget, self._error_place, full):
            self._states.addWidget(widget)
        outer.addWidget(self._states, 1)
        self.show_state(PageState.FULL)

    def _head(self, title: str, subtitle: str) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(SPACE_3)
        words = QVBoxLayout()
        words.setSpacing(SPACE_1)
        self.title = PlainLabel(title, kind="title", name="pageTitle")
        self.subtitle = PlainLabel(subtitle, kind="muted", name="pageSubtitle")
        if not subtitle:
            self.subtitle.hide()
        words.addWidget(self.title)
        words.addWidget(self.subtitle)
        head.addLayout(words, 1)
        self.bar = QHBoxLayout()
        self.bar.setSpacing(SPACE_2)
        head.addLayout(self.bar)
        head.setAlignment(self.bar, Qt.AlignmentFlag.AlignTop)
        return head

    def _scrolling(self, title: str) -> QScrollArea:
        self.body.setContentsMargins(0, 0, SPACE_1, 0)
        self._scroll = scrolled(self.body_widget, title)
        return self._scroll

    def scroll_to(self, widget: QWidget) -> None:
        """Brings something of the body to the top, as far as it goes."""
        if self._scroll is not None:
            self._scroll.verticalScrollBar().setValue(widget.mapTo(self.body_widget, QPoint(0, 0)).y())

    @property
    def error_panel(self) -> ErrorPanel:
        """Made when there is something wrong to show."""
        if self._error_panel is None:
            self._error_panel = ErrorPanel(self.refresh)
            self._states.insertWidget(int(PageState.ERROR), self._error_panel)
            self._states.removeWidget(self._error_place)
            self._error_place.deleteLater()
        return self._error_panel

    # -- what it shows -------------------------------------------------------------------------------------------

    @property
    def state(self) -> PageState:
        """What the body shows now."""
        return PageState(self._states.currentIndex())

    def show_state(self, state: PageState) -> None:
        """Switches the body."""
        self._states.setCurrentIndex(int(state))

    def show_loading(self) -> None:
        """Only where nothing is shown yet: a full page keeps what it shows while it reads again."""
        if self.state is not PageState.FULL:
            self.show_state(PageState.LOADING)

    def show_empty(self, empty: QWidget) -> None:
        """An EmptyState in place of the body."""
        if self._empty_widget is not empty:
            self._states.insertWidget(int(PageState.EMPTY), empty)
            self._states.removeWidget(self._empty_widget)
            self._empty_widget.deleteLater()
            self._empty_widget = empty
        self.show_state(PageState.EMPTY)

    def show_full(self) -> None:
        """The body."""
        self.show_state(PageState.FULL)

    def show_error(self, error: DenticodeError) -> None:
        """The page could not be read: sentence, next step, Try again."""
        message = message_of(error)
        self.error_panel.show_error(message.sentence, message.next_step, message.details)
        self.show_state(PageState.ERROR)

    def tell(
        self, text: str, kind: str = "info", *, button_text: str = "", on_press: Callable[[], None] | None = None
    ) -> None:
        """One sentence under the title, with at most one button; empty hides it. kind: good, warn, bad, info, muted."""
        self.notice.tell(text, kind, button_text=button_text, on_press=on_press)

    def tell_error(self, error: DenticodeError) -> None:
        """An action failed; the page stays as it is."""
        self.tell(message_of(error).words, "bad")

    def add_action(self, made: QWidget) -> None:
        """Into the head, at the right."""
        self.bar.addWidget(made)

    # -- for pages to override -----------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Reads again, off the UI thread. Called when the page is shown and when something happened."""

    def on_shown(self) -> None:
        """The person came to this page."""
        self.refresh()

    def leave(self, go_on: Callable[[], None]) -> None:
        """Before another page or the end of the window: `go_on` now, later, or never where the person stays."""
        go_on()

    def on_event(self, event: object) -> None:
        """An engine event, on the UI thread. Refreshes are made by the window: this is for progress."""

    def on_command(self, command: Command) -> bool:
        """A key of the shortcut table; True = the page has answered it."""
        return False
