"""Denticode Desktop: a finalized Lab session into the right chart, exactly once."""

__version__ = "0.1.0"
