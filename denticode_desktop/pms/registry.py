"""All vendors: the one list, one line each. A new vendor is a folder beside this file, a data file and a line here."""

from collections.abc import Callable, Sequence

from denticode_desktop.domain.connection import ConnectionSettings, Environment
from denticode_desktop.domain.errors import NotFoundError, UserError
from denticode_desktop.domain.ids import PmsKey
from denticode_desktop.ports.clock import Clock
from denticode_desktop.ports.pms import ConnectionSecrets, PmsGateway, PmsProfile

from . import hosts
from .dentrix_ascend.gateway import AscendGateway
from .field_map import VendorFile, load_vendor

GatewayFactory = Callable[[ConnectionSettings, ConnectionSecrets, Clock], PmsGateway]

_VENDORS: dict[PmsKey, GatewayFactory | None] = {
    PmsKey("dentrix-ascend"): AscendGateway,
    PmsKey("open-dental"): None,
    PmsKey("eaglesoft"): None,
    PmsKey("curve-hero"): None,
}


class PmsRegistry:
    """PmsDirectory over the data files and adapters. `clock` goes to every gateway."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def profiles(self) -> Sequence[PmsProfile]:
        """Every PMS, available ones first."""
        return tuple(self.profile(key) for key in _VENDORS)

    def profile(self, pms_key: PmsKey) -> PmsProfile:
        """One of them. Raises: NotFoundError (field `pms`)."""
        return _vendor(pms_key).profile()

    def checked_host(self, pms_key: PmsKey, environment: Environment, host: str | None) -> str:
        """The address fit for the environment. Raises: NotFoundError; UserError (field `pms` for a planned one,
        `host` for a bad address).
        """
        vendor = _vendor(pms_key)
        if vendor.api is None:
            raise UserError(f"{vendor.title} is planned and cannot be connected yet.", field="pms")
        default = vendor.hosts.get(environment)
        return hosts.checked_host(environment, host, default.value if default else None, vendor.api.host_suffix.value)

    def open(self, settings: ConnectionSettings, secrets: ConnectionSecrets) -> PmsGateway:
        """A gateway for one connection. The host is checked again: settings come from a file that others could edit."""
        vendor, factory = _vendor(settings.pms_key), _VENDORS[settings.pms_key]
        if factory is None:
            raise UserError(f"{vendor.title} is planned and cannot be connected yet.", field="pms")
        if self.checked_host(settings.pms_key, settings.environment, settings.host) != settings.host:
            raise UserError("The stored host is not in its plain form; choose it again.", field="host")
        return factory(settings, secrets, self._clock)


def _vendor(pms_key: PmsKey) -> VendorFile:
    if pms_key not in _VENDORS:
        raise NotFoundError(f"There is no PMS called {pms_key!r}; `pms list` shows all.", field="pms")
    return load_vendor(pms_key)
