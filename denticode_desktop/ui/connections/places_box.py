"""Location and default provider of a connection, and the links of Denticode's providers: chosen from synced lists."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout

from denticode_desktop.domain.connection import Connection
from denticode_desktop.domain.ids import ProviderId
from denticode_desktop.ui.widgets import PlainLabel, button, clear
from denticode_desktop.ui.words import tr

from .model import Places, active_people
from .pieces import CalmCombo, set_choices
from .signs import Clear, SignLine
from .words import short


class PlacesBox(Clear):
    """Two choices, saved as they are made. Signals carry ids as text; None = no default provider."""

    location_chosen = Signal(str)
    provider_chosen = Signal(object)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        self.location = CalmCombo(f"{name}Location", tr("Location"))
        self.provider = CalmCombo(f"{name}Provider", tr("Default provider"))
        for column, (text, combo) in enumerate(
            ((tr("&Location"), self.location), (tr("Default &provider"), self.provider))
        ):
            label = QLabel(text)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setProperty("kind", "caption")
            label.setBuddy(combo)
            grid.addWidget(label, 0, column)
            grid.addWidget(combo, 1, column)
            grid.setColumnStretch(column, 1)
        self.hint = PlainLabel("", kind="caption", name=f"{name}Hint")
        grid.addWidget(self.hint, 2, 0, 1, 2)
        self.location.activated.connect(self._on_location)
        self.provider.activated.connect(self._on_provider)

    def show_places(self, connection: Connection, places: Places, *, may_change: bool) -> None:
        """What can be chosen and what is."""
        settings = connection.settings
        locations = [(short(p.name or p.pms_location_id), str(p.pms_location_id)) for p in places.locations]
        people = [
            (short(p.display_name or p.pms_provider_id), str(p.pms_provider_id))
            for p in active_people(places.pms_providers)
        ]
        if not (self.location.view().isVisible() or self.provider.view().isVisible()):
            set_choices(self.location, tr("Choose \u2026"), locations, settings.location_id)
            set_choices(self.provider, tr("None"), people, settings.default_provider_id)
        self.location.setEnabled(may_change and bool(locations))
        self.provider.setEnabled(may_change and bool(people))
        self.hint.say(self._hint(connection, places))
        self.hint.setVisible(bool(self.hint.text()))

    def _hint(self, connection: Connection, places: Places) -> str:
        if not places.locations and not places.pms_providers:
            return tr("The lists come with the first sync.")
        if connection.settings.location_id is None:
            return tr("Choose the location that this computer's Labs belong to.")
        return ""

    def _on_location(self, index: int) -> None:
        value = self.location.itemData(index)
        if isinstance(value, str):
            self.location_chosen.emit(value)

    def _on_provider(self, index: int) -> None:
        self.provider_chosen.emit(self.provider.itemData(index))


class LinkBox(Clear):
    """Denticode's providers that are not linked yet, each with the PMS's people beside it."""

    linked = Signal(int, str)
    """provider_id, pms_provider_id."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._name = name
        self._shown: object = None
        self._choices: dict[ProviderId, CalmCombo] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        self.words = PlainLabel("", kind="caption", name=f"{name}Words")
        layout.addWidget(self.words)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(6)
        layout.addLayout(self._rows)

    def show_places(self, places: Places, *, may_change: bool) -> None:
        """Rows for those without a link."""
        wanted = (places.providers, places.pms_providers, may_change)
        if wanted == self._shown:
            return
        self._shown = wanted
        chosen = {provider_id: combo.currentData() for provider_id, combo in self._choices.items()}
        self._choices.clear()
        clear(self._rows)
        self.words.say(self._words(places))
        self.words.setVisible(bool(self.words.text()))
        people = [(short(p.display_name), str(p.pms_provider_id)) for p in active_people(places.pms_providers)]
        for row in places.providers:
            if row.link is None:
                self._rows.addWidget(self._row(row.provider.provider_id, row.provider.name, people, may_change))
            else:
                text = tr("{name} is linked.").format(name=short(row.provider.name))
                self._rows.addWidget(SignLine(text, "check-circle", "good"))
        for provider_id, combo in self._choices.items():  # what was chosen and not linked yet is not lost
            combo.setCurrentIndex(max(0, combo.findData(chosen.get(provider_id))))

    def _words(self, places: Places) -> str:
        if not places.providers:
            return tr("No provider to link yet: they come with the first Labs. Until then the default is used.")
        if not places.pms_providers:
            return tr("The PMS's providers come with the first sync.")
        if any(row.link is None for row in places.providers):
            return tr("Tell who each provider is in the PMS, so that notes carry the right name.")
        return ""

    def _row(self, provider_id: ProviderId, name: str, people: list[tuple[str, str]], may_change: bool) -> Clear:
        holder = Clear()
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 0, 0, 0)
        spoken = tr("{name} in the PMS").format(name=short(name))
        label = PlainLabel(short(name))
        combo = CalmCombo(f"{self._name}Choice{provider_id}", spoken)
        label.setBuddy(combo)
        self._choices[provider_id] = combo
        set_choices(combo, tr("Choose \u2026"), list(people), None)

        def link() -> None:
            value = combo.currentData()
            if isinstance(value, str):
                self.linked.emit(provider_id, value)

        go = button(tr("Link"), link, name=f"{self._name}Go{provider_id}")
        go.setEnabled(False)
        combo.setEnabled(may_change and bool(people))
        combo.currentIndexChanged.connect(lambda index: go.setEnabled(index > 0 and may_change))
        line.addWidget(label, 1)
        line.addWidget(combo, 1)
        line.addWidget(go)
        return holder
