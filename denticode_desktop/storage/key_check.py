"""Does this key open this file? Asked without SQLite, so that a wrong key cannot change a byte.

SQLite itself would fold a left-over WAL into the file when it closes, whatever the key. So the HMAC of page 1 is
recomputed here the way SQLCipher 4 makes it (page of 4,096 bytes, 80 reserved: IV, HMAC-SHA512; its key by two rounds
of PBKDF2 over the raw key). A torn page 1 is healed by the WAL: then the newest copy in the WAL is asked instead.
"""

import hashlib
import hmac
from collections.abc import Iterator
from pathlib import Path

PAGE_BYTES = 4096
RESERVE_BYTES = 80
HMAC_BYTES = 64
SALT_BYTES = 16
SALT_MASK = 0x3A
PLAIN_HEADER = b"SQLite format 3\x00"
WAL_HEADER_BYTES = 32
FRAME_HEADER_BYTES = 24


def is_plaintext(path: Path) -> bool:
    """Whether the file is an unencrypted SQLite database."""
    with path.open("rb") as file:
        return file.read(len(PLAIN_HEADER)) == PLAIN_HEADER


def opens_page_one(page: bytes, key: bytes) -> bool:
    """Whether the HMAC of an encrypted page 1 was made with this 32-byte key."""
    if len(page) != PAGE_BYTES:
        return False
    salt = bytes(b ^ SALT_MASK for b in page[:SALT_BYTES])
    hmac_key = hashlib.pbkdf2_hmac("sha512", key, salt, 2, 32)
    hmac_at = PAGE_BYTES - RESERVE_BYTES + 16
    signed = page[SALT_BYTES:hmac_at] + (1).to_bytes(4, "little")
    made = hmac.new(hmac_key, signed, hashlib.sha512).digest()
    return hmac.compare_digest(made, page[hmac_at : hmac_at + HMAC_BYTES])


def _page_one_copies(wal: Path) -> Iterator[bytes]:
    if not wal.is_file():
        return
    with wal.open("rb") as file:
        file.seek(WAL_HEADER_BYTES)
        while len(header := file.read(FRAME_HEADER_BYTES)) == FRAME_HEADER_BYTES:
            page = file.read(PAGE_BYTES)
            if int.from_bytes(header[:4], "big") == 1:
                yield page


def is_key_of(path: Path, key: bytes) -> bool:
    """Whether the key opens the database: by page 1 of the file or, if that is torn, by one in its WAL."""
    with path.open("rb") as file:
        if opens_page_one(file.read(PAGE_BYTES), key):
            return True
    return any(opens_page_one(page, key) for page in _page_one_copies(path.with_name(path.name + "-wal")))
