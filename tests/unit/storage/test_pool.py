"""The pool of driver connections: what is kept, how many there may be, what is not used again."""

import threading

import pytest

from denticode_desktop.domain.errors import StorageError
from denticode_desktop.storage.pool import OVERFLOW, ConnectionPool


class FakeConnection:
    """Knows whether it is closed and whether it is in a transaction."""

    def __init__(self) -> None:
        self.in_transaction = False
        self.is_closed = False

    def close(self) -> None:
        self.is_closed = True


def pool_of(made: list[FakeConnection], *, size: int = 2, wait_s: float = 0.0) -> ConnectionPool:
    def make() -> FakeConnection:
        made.append(FakeConnection())
        return made[-1]

    return ConnectionPool(make, size=size, wait_s=wait_s)


def test_connection_given_back_is_given_out_again() -> None:
    made: list[FakeConnection] = []
    pool = pool_of(made)
    first, second = pool.take(), pool.take()
    pool.give_back(first)
    pool.give_back(second)
    assert pool.take() is second
    assert len(made) == 2


def test_connections_beyond_the_size_are_closed_when_they_come_back() -> None:
    made: list[FakeConnection] = []
    pool = pool_of(made, size=1)
    for connection in [pool.take() for _ in range(3)]:
        pool.give_back(connection)
    assert [connection.is_closed for connection in made] == [False, True, True]


def test_connection_left_in_a_transaction_is_not_used_again() -> None:
    made: list[FakeConnection] = []
    pool = pool_of(made)
    stuck = pool.take()
    stuck.in_transaction = True
    pool.give_back(stuck)
    assert stuck.is_closed
    assert pool.take() is not stuck


def test_pool_that_is_used_up_says_locked_until_one_comes_back() -> None:
    made: list[FakeConnection] = []
    pool = pool_of(made, size=1)
    taken = [pool.take() for _ in range(1 + OVERFLOW)]
    with pytest.raises(StorageError) as caught:
        pool.take()
    assert caught.value.kind == "locked"
    pool.give_back(taken.pop())
    pool.take()


def test_waiting_thread_gets_the_connection_that_comes_back() -> None:
    made: list[FakeConnection] = []
    pool = pool_of(made, size=1, wait_s=30.0)
    taken = [pool.take() for _ in range(1 + OVERFLOW)]
    got: list[object] = []
    waiter = threading.Thread(target=lambda: got.append(pool.take()))
    waiter.start()
    pool.give_back(taken[0])
    waiter.join()
    assert got == [taken[0]]


def test_place_of_a_connection_that_could_not_be_made_is_free_again() -> None:
    def make() -> FakeConnection:
        raise StorageError("failed")

    pool = ConnectionPool(make, size=1, wait_s=0.0)
    for _ in range(2 + OVERFLOW):
        with pytest.raises(StorageError) as caught:
            pool.take()
        assert caught.value.kind == "failed"


def test_closed_pool_closes_what_is_kept_and_what_comes_back_later() -> None:
    made: list[FakeConnection] = []
    pool = pool_of(made)
    kept, used = pool.take(), pool.take()
    pool.give_back(kept)
    pool.close()
    assert (kept.is_closed, used.is_closed) == (True, False)
    pool.give_back(used)
    assert used.is_closed
