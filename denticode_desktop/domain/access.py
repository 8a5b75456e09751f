"""Who may do what: one table, deny by default (write-back-protocol.md section 10, product.md section 8)."""

from dataclasses import dataclass
from enum import StrEnum

from .errors import NotAllowedError
from .ids import UserId


class Role(StrEnum):
    """Built-in roles."""

    OWNER = "Owner"
    ADMIN = "Admin"
    PROVIDER = "Provider"
    HYGIENIST = "Hygienist"
    FRONT_OFFICE = "Front Office"


class Action(StrEnum):
    """What a service can be asked to do."""

    MANAGE_USERS = "manage users"
    MANAGE_CONNECTIONS = "manage connections"
    SYNC = "sync"
    SEARCH_PATIENTS = "search patients"
    WRITE_LABS = "write Labs"
    READ_NOTES = "read notes"
    FINALIZE_LABS = "finalize Labs"
    SEND_LABS = "send Labs"
    RECHECK = "recheck items"
    DECIDE = "decide items"
    LINK_PEOPLE = "link patients and providers"
    READ_AUDIT = "read the audit log"
    EXPORT_AUDIT = "export the audit log"
    PAUSE_SENDING = "pause sending"


_CLINICAL = frozenset({
    Action.SYNC, Action.SEARCH_PATIENTS, Action.WRITE_LABS, Action.READ_NOTES, Action.FINALIZE_LABS, Action.SEND_LABS,
    Action.RECHECK, Action.DECIDE, Action.LINK_PEOPLE, Action.PAUSE_SENDING,
})  # fmt: skip

ALLOWED: dict[Role, frozenset[Action]] = {
    Role.OWNER: frozenset(Action),
    Role.ADMIN: frozenset(Action),
    Role.PROVIDER: _CLINICAL,
    Role.HYGIENIST: _CLINICAL,
    Role.FRONT_OFFICE: frozenset({Action.SYNC, Action.SEARCH_PATIENTS, Action.SEND_LABS, Action.RECHECK}),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """The person (or `system`) on whose behalf a service acts."""

    name: str
    role: Role
    user_id: UserId | None = None


SYSTEM = Actor("system", Role.OWNER)


def require(actor: Actor, action: Action) -> None:
    """Raises NotAllowedError unless the actor's role may do it."""
    if action not in ALLOWED[actor.role]:
        raise NotAllowedError(f"The role {actor.role.value} may not {action.value}. Ask an Owner or Admin.")
