"""Audit log."""

from .page import AuditPage

__all__ = ["AuditPage"]
