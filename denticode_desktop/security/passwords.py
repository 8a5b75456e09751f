"""Passwords of named users: Argon2id, stored in the PHC form with its parameters."""

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from denticode_desktop.domain.errors import UserError
from denticode_desktop.ports.clock import Randomness

MEMORY_KIB = 64 * 1024
ITERATIONS = 3
LANES = 4
"""RFC 9106's second recommended choice; about 0.2 s on a front-office PC."""
SALT_BYTES = 16
HASH_BYTES = 32
MIN_CHARS = 10
MAX_CHARS = 256
_PARAMETERS = f"$m={MEMORY_KIB},t={ITERATIONS},p={LANES}$"


def hash_password(password: str, randomness: Randomness) -> str:
    """`$argon2id$v=19$m=…,t=…,p=…$salt$hash`. Raises UserError (field `password`) for one too short or too long."""
    if len(password) < MIN_CHARS:
        raise UserError(f"The password is too short. Choose one of at least {MIN_CHARS} characters.", field="password")
    if len(password) > MAX_CHARS:
        raise UserError(f"The password is too long. Choose one of at most {MAX_CHARS} characters.", field="password")
    salt = randomness.token_bytes(SALT_BYTES)
    kdf = Argon2id(salt=salt, length=HASH_BYTES, iterations=ITERATIONS, lanes=LANES, memory_cost=MEMORY_KIB)
    return kdf.derive_phc_encoded(password.encode())


def is_right_password(password: str, encoded: str) -> bool:
    """Whether it is the password of that hash; False also for a hash that is empty or damaged."""
    if not encoded or len(password) > MAX_CHARS:
        return False
    try:
        Argon2id.verify_phc_encoded(password.encode(), encoded)
    except (InvalidKey, ValueError):
        return False
    return True


def needs_new_hash(encoded: str) -> bool:
    """Whether it was made with other parameters than today's: hash again at the next right password."""
    return _PARAMETERS not in encoded
