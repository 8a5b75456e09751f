"""Lab sessions."""

from .page import LabsPage

__all__ = ["LabsPage"]
