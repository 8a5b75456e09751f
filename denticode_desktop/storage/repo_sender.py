"""The one row about the sender (ports.outbox_repository.SenderRepository)."""

from .session import Session


class SqlSender:
    """Epoch and generation, which only go up."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def _value(self, column: str) -> int:
        return int(self._session.value(f"SELECT {column} FROM sender WHERE id = 1") or 0)

    def epoch(self) -> int:
        """As the port."""
        return self._value("epoch")

    def generation(self) -> int:
        """As the port."""
        return self._value("generation")

    def begin_epoch(self) -> int:
        """As the port."""
        self._session.change("UPDATE sender SET epoch = epoch + 1 WHERE id = 1")
        return self.epoch()

    def bump_generation(self) -> int:
        """As the port."""
        self._session.change("UPDATE sender SET generation = generation + 1 WHERE id = 1")
        return self.generation()

    def raise_generation(self, at_least: int) -> None:
        """As the port."""
        self._session.change("UPDATE sender SET generation = max(generation, ?) WHERE id = 1", (at_least,))
