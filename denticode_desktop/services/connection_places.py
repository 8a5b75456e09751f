"""Location and default provider of a connection: checked against the PMS itself before they are stored."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from denticode_desktop.domain.connection import Check, CheckOutcome, ConnectionSettings
from denticode_desktop.domain.errors import ExternalError, PmsForbiddenError, PmsProtocolError, UserError
from denticode_desktop.domain.people import PmsLocation, PmsProvider
from denticode_desktop.domain.sync_cursor import SyncKind
from denticode_desktop.ports.pms import PmsGateway

MAX_PAGES = 200
LOCATION_CHECK = "location"
PROVIDER_CHECK = "default_provider"
_SHOWN = 10

T = TypeVar("T", PmsLocation, PmsProvider)


def read_all(gateway: PmsGateway, kind: SyncKind, row_type: type[T]) -> list[T]:
    """Every row of a short list. Raises as PmsGateway.read_page; PmsProtocolError after MAX_PAGES pages."""
    found: list[T] = []
    after_id: str | None = None
    for _ in range(MAX_PAGES):
        page = gateway.read_page(kind, since=None, after_id=after_id)
        rows = page.records({key for key, _ in page.keys})
        found.extend(row for row in rows if isinstance(row, row_type))
        after_id = page.next_after_id
        if after_id is None:
            return found
    raise PmsProtocolError("endless_pages")


def known_zone(name: str) -> str:
    """The IANA name where this computer knows it, else empty (= the computer's own)."""
    try:
        return ZoneInfo(name).key if name else ""
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ""


def with_location(settings: ConnectionSettings, location: PmsLocation) -> ConnectionSettings:
    """Settings with that location and its time zone."""
    return replace(settings, location_id=location.pms_location_id, time_zone=known_zone(location.time_zone))


def location_check(location: PmsLocation) -> Check:
    """The step that tells which location is used, and that its time zone is known or not."""
    words = f"Location: {location.name}."
    if not known_zone(location.time_zone):
        words += " The PMS does not tell its time zone, so this computer's own is used."
    return Check(LOCATION_CHECK, CheckOutcome.OK, words)


def find_location(locations: Sequence[PmsLocation], wanted: str) -> PmsLocation:
    """The location of that id. Raises UserError (field `location_id`) listing what there is."""
    if not wanted.strip():
        raise UserError(f"The location is empty. Give the id of one: {_listed(locations)}.", field="location_id")
    for location in locations:
        if location.pms_location_id == wanted:
            return location
    raise UserError(
        f"The PMS has no location {wanted}. It has: {_listed(locations) or 'none'}. Choose one of them.",
        field="location_id",
    )


def find_provider(providers: Sequence[PmsProvider], wanted: str) -> PmsProvider:
    """The active person of that id. Raises UserError (field `default_provider_id`)."""
    if not wanted.strip():
        raise UserError(
            "The default provider is empty. Copy the id from the PMS's provider list.", field="default_provider_id"
        )
    for provider in providers:
        if provider.pms_provider_id == wanted:
            if not provider.is_active or not provider.is_person:
                raise UserError(
                    f"Provider {wanted} is not an active person in the PMS. Choose another default provider.",
                    field="default_provider_id",
                )
            return provider
    raise UserError(
        f"The PMS has no provider {wanted}. Copy the id from the PMS's provider list.", field="default_provider_id"
    )


def place_connection(
    gateway: PmsGateway, settings: ConnectionSettings, on_check: Callable[[Check], None]
) -> tuple[ConnectionSettings, tuple[Check, ...]]:
    """Settings with a verified location and default provider, and the extra steps of the test.

    A location that was not named is chosen when there is only one; of several none is guessed, nor its time zone.
    Raises UserError for a named one that does not exist or cannot be checked.
    """
    checks: list[Check] = []

    def step(check: Check) -> None:
        checks.append(check)
        on_check(check)

    if SyncKind.LOCATIONS in gateway.capabilities.reads:
        settings = _place_location(gateway, settings, step)
    if settings.default_provider_id is not None:
        providers = _checked_read(gateway, SyncKind.PROVIDERS, PmsProvider, "default_provider_id", "default provider")
        chosen = find_provider(providers, settings.default_provider_id)
        step(Check(PROVIDER_CHECK, CheckOutcome.OK, f"Default provider: {chosen.display_name}."))
    return settings, tuple(checks)


def _place_location(
    gateway: PmsGateway, settings: ConnectionSettings, step: Callable[[Check], None]
) -> ConnectionSettings:
    if settings.location_id is not None:
        locations = _checked_read(gateway, SyncKind.LOCATIONS, PmsLocation, "location_id", "location")
        chosen = find_location(locations, settings.location_id)
    else:
        try:
            locations = read_all(gateway, SyncKind.LOCATIONS, PmsLocation)
        except ExternalError:
            step(
                Check(
                    LOCATION_CHECK, CheckOutcome.SKIPPED, "The list of locations could not be read. Choose one later."
                )
            )
            return settings
        if len(locations) != 1:
            step(Check(LOCATION_CHECK, CheckOutcome.SKIPPED, choose_words(locations)))
            return settings
        chosen = locations[0]
    step(location_check(chosen))
    return with_location(settings, chosen)


def choose_words(locations: Sequence[PmsLocation]) -> str:
    """The note of a report that a location is still to be chosen."""
    if not locations:
        return "The PMS lists no location. Ask your PMS administrator, then choose the location."
    return f"Choose location: {_listed(locations)}."


def _checked_read(gateway: PmsGateway, kind: SyncKind, row_type: type[T], field: str, what: str) -> list[T]:
    try:
        return read_all(gateway, kind, row_type)
    except PmsForbiddenError:
        raise UserError(
            f"The {what} cannot be checked, because a permission is missing in the PMS. "
            f"Leave it out now and choose it when the permission is there.",
            field=field,
        ) from None
    except ExternalError:
        raise UserError(
            f"The {what} could not be checked, because the PMS did not answer. Try again in a minute.", field=field
        ) from None


def _listed(locations: Sequence[PmsLocation]) -> str:
    shown = "; ".join(f"{loc.name} ({loc.pms_location_id})" for loc in locations[:_SHOWN])
    return shown if len(locations) <= _SHOWN else f"{shown}; and {len(locations) - _SHOWN} more"
