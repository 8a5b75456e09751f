"""The practice, its users and settings (ports.unit_of_work.PracticeRepository)."""

from collections.abc import Sequence

from denticode_desktop.domain.access import Role
from denticode_desktop.domain.errors import UserError
from denticode_desktop.domain.ids import UserId
from denticode_desktop.ports.clock import Clock
from denticode_desktop.ports.views import User

from .session import ConstraintError, Row, Session
from .values import folded, to_time


class SqlPractice:
    """The practice on one session."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    def create_practice(self, name: str, *, is_rehearsal_only: bool) -> None:
        """As the port."""
        self._session.insert(
            "INSERT INTO practice (id, name, is_rehearsal_only, created_at) VALUES (1, ?, ?, ?)",
            (name, int(is_rehearsal_only), to_time(self._clock.utc_now())),
        )

    def practice_name(self) -> str:
        """Empty before `create_practice`."""
        return str(self._session.value("SELECT name FROM practice") or "")

    def is_rehearsal_only(self) -> bool:
        """As the port."""
        return bool(self._session.value("SELECT is_rehearsal_only FROM practice"))

    def add_user(self, name: str, role: Role, password_hash: str) -> UserId:
        """As the port."""
        try:
            user_id = self._session.insert(
                "INSERT INTO app_user (name, name_key, role, password_hash) VALUES (?, ?, ?, ?)",
                (name, folded(name), role.value, password_hash),
            )
        except ConstraintError as error:
            raise UserError("There is a user of that name already. Choose another name.", field="user") from error
        return UserId(user_id)

    def user_by_name(self, name: str) -> User | None:
        """As the port, without case."""
        row = self._session.one("SELECT * FROM app_user WHERE name_key = ?", (folded(name),))
        return None if row is None else _user_of(row)

    def users(self) -> Sequence[User]:
        """In the order in which they were added."""
        return [_user_of(row) for row in self._session.all("SELECT * FROM app_user ORDER BY id")]

    def setting(self, key: str) -> str | None:
        """As the port."""
        value = self._session.value("SELECT value FROM setting WHERE name = ?", (key,))
        return None if value is None else str(value)

    def set_setting(self, key: str, value: str) -> None:
        """Sets or replaces."""
        self._session.change(
            "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (key, value),
        )


def _user_of(row: Row) -> User:
    return User(UserId(row["id"]), row["name"], Role(row["role"]), bool(row["is_enabled"]), row["password_hash"])
