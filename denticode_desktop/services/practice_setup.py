"""A new practice, its named users, and who acts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from denticode_desktop.domain.access import ALLOWED, SYSTEM, Action, Actor, Role, require
from denticode_desktop.domain.errors import NotAllowedError, UserError
from denticode_desktop.domain.ids import UserId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from denticode_desktop.ports.clock import Clock
    from denticode_desktop.ports.unit_of_work import Store, UnitOfWork
    from denticode_desktop.ports.views import User

MAX_NAME_CHARS = 80


class PracticeSetup:
    """Creates the practice once; adds users; turns a name into the one who acts."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def create(self, practice_name: str, owner_name: str, *, password_hash: str, is_rehearsal_only: bool) -> Actor:
        """The practice and its Owner, in one write unit; gives the Owner.

        password_hash: PHC text, empty where none is set. Raises UserError (fields `practice`, `owner`) for a name that
        is empty or too long, and where this folder has a practice already.
        """
        practice = checked_name(practice_name, field="practice", what="practice")
        owner = checked_name(owner_name, field="owner", what="owner")
        with self._store.write() as uow:
            if uow.practice.users():
                raise UserError("This data folder belongs to a practice already. Choose another one.", field="data_dir")
            uow.practice.create_practice(practice, is_rehearsal_only=is_rehearsal_only)
            user_id = uow.practice.add_user(owner, Role.OWNER, password_hash)
            actor = Actor(owner, Role.OWNER, user_id)
            _note(uow, "practice.created", actor, {"is_rehearsal_only": is_rehearsal_only})
            _note(uow, "user.added", actor, {"user_id": user_id, "role": Role.OWNER.value})
        return actor

    def actor(self, user_name: str | None) -> Actor:
        """Who acts: the named user, or the first enabled Owner where None is named.

        Raises NotAllowedError for a name that is unknown or disabled, the same words for both.
        """
        user = self._user(user_name)
        return Actor(user.name, user.role, user.user_id)

    def password_hash(self, user_name: str | None) -> str:
        """The hash to check a password against, empty where none is set. Raises as `actor`."""
        return self._user(user_name).password_hash

    def add_user(self, actor: Actor, name: str, role_name: str, *, password_hash: str) -> UserId:
        """A new named user.

        Raises NotAllowedError (also where one who is no Owner makes an Owner), UserError (fields `user`, `role`).
        """
        require(actor, Action.MANAGE_USERS)
        role = parse_role(role_name)
        if role is Role.OWNER and actor.role is not Role.OWNER:
            raise NotAllowedError("Only an Owner may add another Owner. Ask an Owner.")
        clean = checked_name(name, field="user", what="user")
        with self._store.write() as uow:
            user_id = uow.practice.add_user(clean, role, password_hash)
            _note(uow, "user.added", actor, {"user_id": user_id, "role": role.value})
        return user_id

    def users(self, actor: Actor) -> Sequence[User]:
        """All users, disabled ones too. Raises NotAllowedError."""
        require(actor, Action.MANAGE_USERS)
        with self._store.read() as uow:
            return uow.practice.users()

    def practice_name(self) -> str:
        """As it was set up."""
        with self._store.read() as uow:
            return uow.practice.practice_name()

    def is_rehearsal_only(self) -> bool:
        """Whether this folder can hold Rehearsal connections only."""
        with self._store.read() as uow:
            return uow.practice.is_rehearsal_only()

    def note_key_recovered(self, actor: Actor) -> None:
        """The recovery key put the database key back into the credential store."""
        with self._store.write() as uow:
            _note(uow, "key.recovered", actor, {})

    def _user(self, user_name: str | None) -> User:
        with self._store.read() as uow:
            if user_name is not None:
                user = uow.practice.user_by_name(user_name.strip())
            else:
                user = next((u for u in uow.practice.users() if u.role is Role.OWNER and u.is_enabled), None)
        if user is None or not user.is_enabled:
            raise NotAllowedError("No enabled user has that name. Ask an Owner or Admin to add you.", field="as")
        return user


def roles_table() -> dict[str, list[str]]:
    """Role -> what it may do, in the order of the actions' declaration."""
    return {role.value: [a.value for a in Action if a in ALLOWED[role]] for role in Role}


def parse_role(text: str) -> Role:
    """`Front Office`, in any case, also `front-office`. Raises UserError (field `role`)."""
    wanted = text.replace("-", " ").replace("_", " ").casefold().strip()
    for role in Role:
        if role.value.casefold() == wanted:
            return role
    raise UserError(f"There is no role of that name. Choose one of: {', '.join(Role)}.", field="role")


def checked_name(text: str, *, field: str, what: str) -> str:
    """Trimmed, printable, 1 to 80 characters, not the program's own. Raises UserError."""
    name = " ".join(text.split())
    if not name:
        raise UserError(f"The {what} needs a name. Type one.", field=field)
    if len(name) > MAX_NAME_CHARS or not name.isprintable():
        raise UserError(f"The name of the {what} has at most {MAX_NAME_CHARS} printable characters.", field=field)
    if name.casefold() == SYSTEM.name:
        raise UserError('The name "system" is the program\'s own. Choose another one.', field=field)
    return name


def _note(uow: UnitOfWork, kind: str, actor: Actor, detail: dict[str, str | int | bool | None]) -> None:
    """kind: an AuditKind's value; the audit log is loaded when something is written and not by every start."""
    from denticode_desktop.domain.audit_event import AuditDraft, AuditKind  # noqa: PLC0415

    uow.audit.append(AuditDraft(AuditKind(kind), actor.name, actor.role.value, detail=detail))
