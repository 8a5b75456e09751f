"""Small shared widgets. Text from outside is never rich, and nothing that it holds can draw itself."""

from .boxes import Card, Notice, card, clear, rule, scrolled
from .buttons import ActionButton, button, name_for
from .chips import ITEM_STATUS, Status, StatusChip
from .dialogs import ConfirmDialog, PlainDialog, confirm
from .icon_label import IconLabel
from .inputs import SearchField, add_field
from .lists import PlainList
from .plain import LineLabel, PlainLabel, set_kind, shown
from .states import BusyBar, EmptyState, ErrorPanel, LoadingState

__all__ = [
    "ITEM_STATUS", "ActionButton", "BusyBar", "Card", "ConfirmDialog", "EmptyState", "ErrorPanel", "IconLabel",
    "LineLabel", "LoadingState", "Notice", "PlainDialog", "PlainLabel", "PlainList", "SearchField", "Status",
    "StatusChip",
    "add_field", "button", "card", "clear", "confirm", "name_for", "rule", "scrolled", "set_kind", "shown",
]  # fmt: skip
