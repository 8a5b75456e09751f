"""Small shared widgets. Text from outside is never rich, and nothing that it holds can draw itself.

Each is loaded when it is first asked for: the window's frame needs four of them.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .boxes import Card, Notice, card, clear, rule, scrolled
    from .buttons import ActionButton, button, name_for
    from .chips import ITEM_STATUS, Status, StatusChip
    from .dialogs import ConfirmDialog, PlainDialog, confirm
    from .icon_label import IconLabel
    from .inputs import SearchField, add_field
    from .lists import PlainList
    from .plain import LineLabel, PlainLabel, restyle, set_kind, shown
    from .states import BusyBar, EmptyState, ErrorPanel, LoadingState

__all__ = [
    "ITEM_STATUS", "ActionButton", "BusyBar", "Card", "ConfirmDialog", "EmptyState", "ErrorPanel", "IconLabel",
    "LineLabel", "LoadingState", "Notice", "PlainDialog", "PlainLabel", "PlainList", "SearchField", "Status",
    "StatusChip",
    "add_field", "button", "card", "clear", "confirm", "name_for", "restyle", "rule", "scrolled", "set_kind",
    "shown",
]  # fmt: skip

_MODULES = {
    "boxes": ("Card", "Notice", "card", "clear", "rule", "scrolled"),
    "buttons": ("ActionButton", "button", "name_for"),
    "chips": ("ITEM_STATUS", "Status", "StatusChip"),
    "dialogs": ("ConfirmDialog", "PlainDialog", "confirm"),
    "icon_label": ("IconLabel",),
    "inputs": ("SearchField", "add_field"),
    "lists": ("PlainList",),
    "plain": ("LineLabel", "PlainLabel", "restyle", "set_kind", "shown"),
    "states": ("BusyBar", "EmptyState", "ErrorPanel", "LoadingState"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

if not TYPE_CHECKING:  # a type checker would believe every name

    def __getattr__(name: str) -> Any:
        module = _MODULE_OF.get(name)
        if module is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(importlib.import_module(f"{__name__}.{module}"), name)
        globals()[name] = found
        return found
