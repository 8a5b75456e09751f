"""What a new connection must look like before anything is asked of the PMS: pure rules over typed-in values."""

import re
from dataclasses import dataclass

from denticode_desktop.domain.connection import ConnectionSettings, Environment
from denticode_desktop.domain.errors import UserError
from denticode_desktop.domain.ids import PmsKey, PmsLocationId, PmsProviderId
from denticode_desktop.ports.pms import ConnectionSecrets, PmsCapabilities, PmsProfile
from denticode_desktop.ports.secrets import MAX_SECRET_CHARS

MAX_NAME_CHARS = 80
MAX_ID_CHARS = 200
MAX_SETTLE_S = 24 * 3600
NAME_EXAMPLE = "Main Street - Dentrix Ascend"
SWAP_HINT = (
    "The client id looks like an organization id (24 characters of 0-9 and a-f). "
    "Check that client id and organization id are not swapped."
)

_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00a0"
_ORGANIZATION_SHAPE = re.compile(r"[0-9a-fA-F]{24}")
_VAGUE_WORDS = frozenset({
    "a", "an", "the", "my", "our", "new", "connection", "conn", "test", "testing", "pms", "name", "untitled", "unnamed",
    "default", "temp", "tmp", "asdf", "foo", "bar", "none", "no", "dentrix", "ascend", "eaglesoft", "curve", "hero",
})  # fmt: skip
_VAGUE_WHOLE = frozenset({"opendental", "dental", "dentist", "practice", "office", "clinic", "praxis", "integration"})


@dataclass(frozen=True, slots=True)
class NewConnection:
    """What a person typed in the Add Connection wizard or on the command line. No secret is in here.

    host: None = the vendor's default for the environment. settle_s: seconds, None = the adapter's declared value.
    """

    name: str
    pms_key: PmsKey
    environment: Environment | None
    host: str | None = None
    organization_id: str = ""
    client_id: str = ""
    location_id: str | None = None
    default_provider_id: str | None = None
    settle_s: int | None = None
    is_marker_on: bool = True
    may_complete_procedures: bool = False


def trimmed(text: str | None) -> str:
    """A pasted value without the blanks and invisible characters around it."""
    return (text or "").strip().strip(_INVISIBLE).strip()


def checked_name(text: str) -> str:
    """The connection's name, trimmed. Raises UserError (field `name`) for a vague, empty or overlong one."""
    name = " ".join(trimmed(text).split())
    if not name:
        raise UserError(f"Give the connection a name, such as {NAME_EXAMPLE}.", field="name")
    if len(name) > MAX_NAME_CHARS or not name.isprintable():
        raise UserError(f"A name has at most {MAX_NAME_CHARS} printable characters, as {NAME_EXAMPLE}.", field="name")
    words = re.findall(r"[^\W\d_]+", name.casefold())
    if not words or set(words) <= _VAGUE_WORDS or "".join(words) in _VAGUE_WHOLE or len(name) < 2:
        raise UserError(
            f"The name {name} does not say which practice it is. Take a name such as {NAME_EXAMPLE}.", field="name"
        )
    return name


def checked_settings(new: NewConnection, profile: PmsProfile, host: str) -> ConnectionSettings:
    """Settings fit to be tried. `host` comes from PmsDirectory.checked_host.

    Raises UserError naming the first field that is wrong.
    """
    capabilities = checked_availability(profile)
    environment = checked_environment(new.environment)
    organization_id = _checked_id(profile, "organization_id", new.organization_id)
    client_id = _checked_id(profile, "client_id", new.client_id)
    if looks_swapped(client_id) and not looks_swapped(organization_id):
        raise UserError(SWAP_HINT, field="client_id")
    if client_id and client_id == organization_id:
        raise UserError("Client id and organization id are the same. Copy each one again.", field="client_id")
    return ConnectionSettings(
        name=checked_name(new.name),
        pms_key=new.pms_key,
        environment=environment,
        host=host,
        organization_id=organization_id,
        client_id=client_id,
        location_id=PmsLocationId(trimmed(new.location_id)) if trimmed(new.location_id) else None,
        default_provider_id=PmsProviderId(trimmed(new.default_provider_id))
        if trimmed(new.default_provider_id)
        else None,
        settle_s=checked_settle_s(new.settle_s, environment, capabilities.settle_s),
        is_marker_on=new.is_marker_on,
        may_complete_procedures=_checked_completion(new, profile),
    )


def checked_availability(profile: PmsProfile) -> PmsCapabilities:
    """What the PMS can do. Raises UserError (field `pms`) for one that is planned."""
    if profile.availability != "available" or profile.capabilities is None:
        raise UserError(f"{profile.title} is planned and cannot be connected yet. Choose another PMS.", field="pms")
    return profile.capabilities


def checked_environment(environment: Environment | None) -> Environment:
    """The environment. Raises UserError (field `environment`) where none was chosen."""
    if environment is None:
        raise UserError("Choose the environment: production, sandbox or rehearsal.", field="environment")
    return environment


def checked_settle_s(settle_s: int | None, environment: Environment, declared_s: int) -> int:
    """Settle time in seconds: free in rehearsal, elsewhere at least the adapter's. Raises UserError (`settle_s`)."""
    if settle_s is None:
        return declared_s
    least_s = 0 if environment is Environment.REHEARSAL else declared_s
    if not least_s <= settle_s <= MAX_SETTLE_S:
        raise UserError(
            f"The settle time is {least_s} to {MAX_SETTLE_S} seconds for this PMS. Leave it out to take {declared_s}.",
            field="settle_s",
        )
    return settle_s


def checked_secrets(secrets: ConnectionSecrets, profile: PmsProfile) -> ConnectionSecrets:
    """The profile's secrets, trimmed; others are left out. Raises UserError naming the secret's field."""
    values: dict[str, str] = {}
    for field in profile.fields:
        if not field.is_secret:
            continue
        value = trimmed(secrets.values.get(field.name))
        if not value and field.is_required:
            raise UserError(f"{field.label} is missing. Copy it from the PMS's own page.", field=field.name)
        if any(c.isspace() for c in value):
            raise UserError(f"{field.label} has a blank inside. Copy it again, alone.", field=field.name)
        if len(value) > MAX_SECRET_CHARS:
            raise UserError(f"{field.label} has more than {MAX_SECRET_CHARS} characters.", field=field.name)
        if value:
            values[field.name] = value
    return ConnectionSecrets(values)


def looks_swapped(client_id: str) -> bool:
    """Whether a client id has the shape of an organization id."""
    return _ORGANIZATION_SHAPE.fullmatch(client_id) is not None


def _checked_id(profile: PmsProfile, name: str, text: str) -> str:
    value = trimmed(text)
    field = next((f for f in profile.fields if f.name == name), None)
    label = field.label if field else name.replace("_", " ").capitalize()
    if not value and field is not None and field.is_required:
        raise UserError(f"{label} is missing. Copy it from the PMS's own page.", field=name)
    if any(c.isspace() or not c.isprintable() for c in value):
        raise UserError(f"{label} has a blank inside. Copy it again, alone.", field=name)
    if not value.isascii():
        raise UserError(
            f"{label} has a letter that is not a plain English one. Copy it again from the PMS's own page.", field=name
        )
    if len(value) > MAX_ID_CHARS:
        raise UserError(f"{label} has more than {MAX_ID_CHARS} characters. Copy it again.", field=name)
    return value


def _checked_completion(new: NewConnection, profile: PmsProfile) -> bool:
    if new.may_complete_procedures and profile.capabilities and not profile.capabilities.can_complete_procedures:
        raise UserError(
            f"{profile.title} does not take completed procedures. Switch that off.", field="may_complete_procedures"
        )
    return new.may_complete_procedures
