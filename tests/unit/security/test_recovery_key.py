"""The recovery key: slips are found in their group, a wrong key changes nothing."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from denticode_desktop.domain.errors import StoreKeyError, UserError
from denticode_desktop.security.recovery_key import (
    ALPHABET,
    RecoveryKey,
    parse_recovery_key,
    unwrap_database_key,
    wrap_database_key,
)

DATABASE_KEY = bytes(range(32))


class SeededRandomness:
    """Chance that a test can repeat."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)

    def unit(self) -> float:
        return self._random.random()

    def token_bytes(self, n: int) -> bytes:
        return self._random.randbytes(n)


KEY = RecoveryKey.make(SeededRandomness())
keys = st.binary(min_size=20, max_size=20).map(RecoveryKey)


@given(keys)
def test_shown_key_reads_back(key: RecoveryKey) -> None:
    shown = key.shown()
    assert [len(group) for group in shown.split("-")] == [5] * 8
    assert parse_recovery_key(shown) == key
    assert parse_recovery_key(shown.lower().replace("-", " ").replace("0", "o").replace("1", "l")) == key


@given(keys, st.integers(0, 39), st.sampled_from(ALPHABET))
def test_any_one_wrong_character_is_found_in_its_group(key: RecoveryKey, place: int, letter: str) -> None:
    letters = key.shown().replace("-", "")
    typed = letters[:place] + letter + letters[place + 1 :]
    if typed == letters:
        return
    with pytest.raises(UserError) as caught:
        parse_recovery_key(typed)
    assert f"Group {place // 5 + 1} " in caught.value.sentence
    assert caught.value.field == "recovery_key"


@given(keys, st.integers(0, 7), st.integers(0, 2))
def test_two_swapped_characters_are_found(key: RecoveryKey, group: int, place: int) -> None:
    letters = list(key.shown().replace("-", ""))
    at = group * 5 + place
    letters[at], letters[at + 1] = letters[at + 1], letters[at]
    if "".join(letters) == key.shown().replace("-", ""):
        return
    with pytest.raises(UserError):
        parse_recovery_key("".join(letters))


def test_two_swapped_groups_are_found() -> None:
    groups = KEY.shown().split("-")
    groups[2], groups[5] = groups[5], groups[2]
    with pytest.raises(UserError, match="Group 3"):
        parse_recovery_key("-".join(groups))


@pytest.mark.parametrize("typed", ["", "ABC", "U" * 40, "é" * 40, KEY.shown() + "0"])
def test_what_is_no_key_is_refused_in_a_sentence(typed: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_recovery_key(typed)
    assert caught.value.sentence.endswith(".")


def test_wrapped_key_opens_with_the_recovery_key_only() -> None:
    content = wrap_database_key(DATABASE_KEY, KEY, "folder", SeededRandomness(2))
    assert DATABASE_KEY.hex() not in content.decode()
    assert unwrap_database_key(content, KEY, "folder") == DATABASE_KEY
    with pytest.raises(UserError, match="another data folder"):
        unwrap_database_key(content, RecoveryKey(bytes(20)), "folder")


def test_wrapped_key_is_bound_to_its_database() -> None:
    content = wrap_database_key(DATABASE_KEY, KEY, "folder", SeededRandomness(2))
    moved = json.dumps({**json.loads(content), "database_id": "other"}).encode()
    with pytest.raises(UserError):
        unwrap_database_key(moved, KEY, "other")
    with pytest.raises(StoreKeyError):
        unwrap_database_key(content, KEY, "other")


@pytest.mark.parametrize(
    "change",
    [{"salt": "!"}, {"nonce": "AAAA"}, {"version": 2}, {"sealed_key": 5}, {"sealed_key": None}],
)
def test_damaged_recovery_file_says_so(change: dict[str, object]) -> None:
    value = json.loads(wrap_database_key(DATABASE_KEY, KEY, "folder", SeededRandomness(2)))
    with pytest.raises(StoreKeyError):
        unwrap_database_key(json.dumps({**value, **change}).encode(), KEY, "folder")


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"[" * 100_000, b"\xff"])
def test_file_that_is_not_ours_says_so(content: bytes) -> None:
    with pytest.raises(StoreKeyError):
        unwrap_database_key(content, KEY, "folder")


def test_key_is_not_shown_by_accident() -> None:
    assert KEY.data.hex() not in repr(KEY)
    assert KEY.shown() not in f"{KEY}"
