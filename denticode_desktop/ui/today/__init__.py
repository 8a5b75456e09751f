"""Today."""

from .page import TodayPage

__all__ = ["TodayPage"]
