"""One PMS on the page: the way to it, what can be read and written, what cannot and why, how sure we are."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout

from denticode_desktop.ports.pms import PmsProfile
from denticode_desktop.ui.theme import SPACE_2
from denticode_desktop.ui.widgets import Card, LineLabel, PlainLabel, Status, StatusChip, button
from denticode_desktop.ui.words import tr

from .signs import SignLine
from .words import item_word, read_words, write_words

AVAILABLE = Status("Available", "check-circle", "good")
PLANNED = Status("Planned", "calendar", "muted")


class PmsCard(Card):
    """Facts of the profile only; `connect_asked` carries the PMS's key."""

    connect_asked = Signal(str)

    def __init__(self, profile: PmsProfile, *, may_connect: bool) -> None:
        super().__init__(name=f"pms-{profile.pms_key}")
        self.setAccessibleName(profile.title)
        is_available = profile.availability == "available"
        head = QHBoxLayout()
        head.setSpacing(SPACE_2)
        head.addWidget(LineLabel(profile.title, kind="section"), 1)
        head.addWidget(StatusChip(AVAILABLE if is_available else PLANNED))
        self.inner.addLayout(head)
        self.inner.addWidget(PlainLabel(profile.summary))
        if is_available:
            self._add_capabilities(profile)
        self.inner.addWidget(PlainLabel(tr("Route: {route}").format(route=profile.route), kind="caption"))
        sure = tr("How sure we are: {words}").format(words=profile.confidence)
        self.inner.addWidget(PlainLabel(sure, kind="caption"))
        self.inner.addStretch(1)
        if is_available:
            row = QHBoxLayout()
            key = str(profile.pms_key)
            go = button(
                tr("Connect \u2026"), lambda: self.connect_asked.emit(key), name=f"connect-{key}", icon_name="plug"
            )
            go.setAccessibleName(tr("Connect {pms}").format(pms=profile.title))
            go.setEnabled(may_connect)
            row.addWidget(go)
            row.addStretch(1)
            self.inner.addLayout(row)

    def _add_capabilities(self, profile: PmsProfile) -> None:
        capabilities = profile.capabilities
        if capabilities is None:
            return
        reads, writes = read_words(profile), write_words(profile)
        if reads:
            self.inner.addWidget(SignLine(tr("Reads {what}").format(what=reads), "check-circle", "good"))
        if writes:
            self.inner.addWidget(SignLine(tr("Writes {what}").format(what=writes), "check-circle", "good"))
        for kind, why in capabilities.why_not.items():
            text = tr("{what} by hand: {why}").format(what=item_word(kind), why=why)
            self.inner.addWidget(SignLine(text, "hand", "muted"))
        for note in capabilities.notes:
            self.inner.addWidget(SignLine(note, "info", "muted"))
