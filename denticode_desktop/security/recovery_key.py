"""The recovery key: 160 random bits that a person keeps on paper, and the copy of the database key that it opens.

As shown: 8 groups of 5 characters, `7QK2M-…`. Each group is 20 bits in 4 characters and one check character, so that a
slip is found in its group. The alphabet leaves out I, L, O and U; typed I or L is read as 1, O as 0.

`recovery.json` in the data folder holds the database key under AES-256-GCM, with a key that HKDF-SHA256 makes of the
recovery key (it is random: nothing to stretch). Opening it with a wrong key changes nothing.
"""

import base64
import json
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from denticode_desktop.domain.errors import StoreKeyError, UserError
from denticode_desktop.ports.clock import Randomness

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
KEY_BYTES = 20
GROUPS = 8
GROUP_DATA_CHARS = 4
GROUP_CHARS = GROUP_DATA_CHARS + 1
DATABASE_KEY_BYTES = 32
VERSION = 1
SALT_BYTES = 16
NONCE_BYTES = 12
_READ_AS = str.maketrans("ILO", "110")
_WEIGHTS = (1, 2, 4, 8)
"""In GF(32), all different and not zero: any one wrong character and any two swapped ones change the check."""


@dataclass(frozen=True, slots=True)
class RecoveryKey:
    """The key itself; masked in repr."""

    data: bytes

    @classmethod
    def make(cls, randomness: Randomness) -> "RecoveryKey":
        """A new one."""
        return cls(randomness.token_bytes(KEY_BYTES))

    def shown(self) -> str:
        """As a person writes it down: 8 groups of 5 characters with hyphens."""
        number = int.from_bytes(self.data, "big")
        values = [(number >> (5 * place)) & 31 for place in reversed(range(GROUPS * GROUP_DATA_CHARS))]
        groups = []
        for index in range(GROUPS):
            group = values[index * GROUP_DATA_CHARS : (index + 1) * GROUP_DATA_CHARS]
            groups.append("".join(ALPHABET[v] for v in [*group, _check_value(group, index)]))
        return "-".join(groups)

    def __repr__(self) -> str:
        return "RecoveryKey(…)"


def parse_recovery_key(text: str) -> RecoveryKey:
    """The key a person typed, in any case, with or without hyphens and spaces.

    Raises UserError (field `recovery_key`) that names the group with a slip.
    """
    letters = "".join(c for c in text.upper() if not c.isspace() and c not in "-\u2010\u2011\u2013\u2014")
    letters = letters.translate(_READ_AS)
    expected = GROUPS * GROUP_CHARS
    if len(letters) != expected:
        raise _typo(f"The recovery key has {expected} characters in {GROUPS} groups; this one has {len(letters)}.")
    number = 0
    for index in range(GROUPS):
        group = letters[index * GROUP_CHARS : (index + 1) * GROUP_CHARS]
        values = [ALPHABET.find(c) for c in group]
        if -1 in values:
            raise _typo(f"Group {index + 1} of the recovery key has a character that no recovery key has.")
        if _check_value(values[:-1], index) != values[-1]:
            raise _typo(f"Group {index + 1} of the recovery key has a typing mistake.")
        for value in values[:-1]:
            number = number << 5 | value
    return RecoveryKey(number.to_bytes(KEY_BYTES, "big"))


def _typo(sentence: str) -> UserError:
    return UserError(f"{sentence} Compare it with your print and type it again.", field="recovery_key")


def _check_value(values: list[int], index: int) -> int:
    check = index  # so that two groups in each other's place are found
    for weight, value in zip(_WEIGHTS, values, strict=True):
        check ^= _times(weight, value)
    return check


def _times(a: int, b: int) -> int:
    """Product in GF(32) with x^5 + x^2 + 1."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a & 32:
            a ^= 0b100101
        b >>= 1
    return product


def wrap_database_key(key: bytes, recovery: RecoveryKey, database_id: str, randomness: Randomness) -> bytes:
    """The content of `recovery.json` for a 32-byte database key."""
    salt, nonce = randomness.token_bytes(SALT_BYTES), randomness.token_bytes(NONCE_BYTES)
    sealed = AESGCM(_wrapping_key(recovery, salt)).encrypt(nonce, key, _bound_to(database_id))
    content = {
        "version": VERSION,
        "database_id": database_id,
        "cipher": "HKDF-SHA256 AES-256-GCM",
        "salt": base64.b64encode(salt).decode(),
        "nonce": base64.b64encode(nonce).decode(),
        "sealed_key": base64.b64encode(sealed).decode(),
    }
    return (json.dumps(content, indent=1) + "\n").encode()


def unwrap_database_key(content: bytes, recovery: RecoveryKey, database_id: str) -> bytes:
    """The 32-byte database key out of `recovery.json`.

    Raises StoreKeyError (`recovery_damaged`) where the file is not one of ours, UserError (field `recovery_key`) where
    the key is another folder's. Nothing is changed by either.
    """
    try:
        value = json.loads(content)
        salt, nonce, sealed = (base64.b64decode(value[name], validate=True) for name in ("salt", "nonce", "sealed_key"))
        is_ours = value["version"] == VERSION and value["database_id"] == database_id
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StoreKeyError("recovery_damaged") from error
    if not is_ours or len(salt) != SALT_BYTES or len(nonce) != NONCE_BYTES:
        raise StoreKeyError("recovery_damaged")
    try:
        key = AESGCM(_wrapping_key(recovery, salt)).decrypt(nonce, sealed, _bound_to(database_id))
    except InvalidTag as error:
        raise UserError(
            "This recovery key is typed without a mistake, but it belongs to another data folder. "
            "Look for the print made when this practice was set up. Nothing was changed.",
            field="recovery_key",
        ) from error
    if len(key) != DATABASE_KEY_BYTES:
        raise StoreKeyError("recovery_damaged")
    return key


def _wrapping_key(recovery: RecoveryKey, salt: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"denticode recovery 1").derive(recovery.data)


def _bound_to(database_id: str) -> bytes:
    return f"{database_id}\x00{VERSION}".encode()
