"""Settings -> PMS Integrations: the page, its model, and the Add Connection wizard (`wizard/`)."""

from .page import ConnectionsPage

__all__ = ["ConnectionsPage"]
