"""Passwords: Argon2id with its parameters, right or wrong, nothing else."""

import pytest

from denticode_desktop.domain.errors import UserError
from denticode_desktop.security.passwords import hash_password, is_right_password, needs_new_hash
from tests.unit.security.test_recovery_key import SeededRandomness

ENCODED = hash_password("correct horse", SeededRandomness())


def test_hash_names_its_parameters_and_verifies() -> None:
    assert ENCODED.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert is_right_password("correct horse", ENCODED)
    assert not is_right_password("correct horsf", ENCODED)
    assert not needs_new_hash(ENCODED)
    assert needs_new_hash(ENCODED.replace("t=3", "t=2"))


@pytest.mark.parametrize("encoded", ["", "plain", "$argon2id$", ENCODED[:-4], "$2b$12$abcdefghijklmnopqrstuv"])
def test_empty_or_damaged_hash_lets_nobody_in(encoded: str) -> None:
    assert not is_right_password("correct horse", encoded)
    assert not is_right_password("", encoded)


@pytest.mark.parametrize("password", ["", "short", "x" * 257])
def test_too_short_or_long_is_refused(password: str) -> None:
    with pytest.raises(UserError) as caught:
        hash_password(password, SeededRandomness())
    assert caught.value.field == "password"
