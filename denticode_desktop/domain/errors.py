"""The whole error tree.

DenticodeError
├── ExternalError                  the world: try again may help where `can_retry` is true
│   ├── PmsUnavailableError        no answer, 5xx, time-out
│   ├── PmsThrottledError          429
│   ├── PmsAuthError               credentials refused (401 after one fresh token)
│   ├── PmsForbiddenError          a permission is missing (403)
│   ├── PmsRefusedError            the PMS understood and said no (4xx)
│   ├── PmsProtocolError           an answer that breaks the contract: no data, too large, endless pages
│   ├── SecretStoreError           the OS credential store is missing, locked or says no
│   └── StorageError               database: disk full, locked, damaged
│       ├── StoreKeyError          wrong or missing key
│       ├── StoreVersionError      written by a newer version
│       └── StorePlaceError        plaintext file, network share, no data folder
├── UserError                      what a person gave: one sentence with the field and the next step
│   ├── NotFoundError
│   ├── UnfinishedFileError        a file that may still be being written
│   ├── NotAllowedError            role or sign-in
│   ├── PersonNeededError          a decision that only a person may take
│   ├── BusyError                  another instance holds the engine
│   └── StoppedError               a person stopped long work; nothing is half done
└── BugError                       our own mistake
"""


class DenticodeError(Exception):
    """Root of every error raised on purpose."""


class ExternalError(DenticodeError):
    """Something outside the program failed."""

    can_retry = True


class PmsUnavailableError(ExternalError):
    """The PMS gave no usable answer. `kind` is a short code for logs: `connect_refused`, `http_503`, `deadline` …"""

    def __init__(self, kind: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.retry_after_s = retry_after_s


class PmsThrottledError(ExternalError):
    """429. `retry_after_s` is what the PMS asked for, or None."""

    def __init__(self, retry_after_s: float | None) -> None:
        super().__init__("throttled")
        self.retry_after_s = retry_after_s


class PmsAuthError(ExternalError):
    """The credentials were refused, also after a fresh token."""

    can_retry = False

    def __init__(self, kind: str = "unauthorized") -> None:
        super().__init__(kind)
        self.kind = kind


class PmsForbiddenError(ExternalError):
    """A permission is missing. `permission` is one of `domain.connection.Permission`'s values, or a resource name."""

    can_retry = False

    def __init__(self, permission: str) -> None:
        super().__init__(permission)
        self.permission = permission


class PmsRefusedError(ExternalError):
    """The PMS said no for good. `words` are the PMS's own, plain and shortened to 200 characters; never logged."""

    can_retry = False

    def __init__(self, status: int, words: str = "") -> None:
        super().__init__(f"refused_{status}")
        self.status = status
        self.words = words


class PmsProtocolError(ExternalError):
    """An answer that breaks the contract. `kind`: `web_page`, `not_json`, `too_large`, `endless_pages` …"""

    can_retry = False

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class SecretStoreError(ExternalError):
    """The credential store is missing, locked or refused.

    `kind`: `no_store`, `locked`, `too_long`, `disk_full`, `failed`.
    """

    can_retry = False

    def __init__(self, kind: str, hint: str = "") -> None:
        super().__init__(kind)
        self.kind = kind
        self.hint = hint


class StorageError(ExternalError):
    """The database could not do it. `kind`: `disk_full`, `locked`, `damaged`, `failed`."""

    def __init__(self, kind: str = "failed") -> None:
        super().__init__(kind)
        self.kind = kind


class StoreKeyError(StorageError):
    """The key does not open this database, or is not in the credential store. Nothing was changed."""

    can_retry = False


class StoreVersionError(StorageError):
    """The database was written by a newer program. Nothing was changed."""

    can_retry = False


class StorePlaceError(StorageError):
    """The data folder cannot be used. `kind`: `plaintext`, `network_share`, `synced_folder`, `missing` …"""

    can_retry = False


class UserError(DenticodeError):
    """Bad input. `sentence` is whole, names the field and the next step; it holds no patient data.

    `field` is the path of the field (`procedures[2].code`) or the option's name.
    """

    def __init__(self, sentence: str, *, field: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field


class NotFoundError(UserError):
    """What was named does not exist."""


class UnfinishedFileError(UserError):
    """A file that is not whole: broken, or still being written."""


class NotAllowedError(UserError):
    """The person's role does not allow it, or nobody is signed in."""


class PersonNeededError(UserError):
    """A person must decide before this can go on (choose the patient, the code, the provider)."""


class BusyError(UserError):
    """Another running instance holds what is needed."""


class StoppedError(UserError):
    """A person stopped long work; nothing is half done."""

    def __init__(self) -> None:
        super().__init__("Stopped. Nothing was changed.")


class BugError(DenticodeError):
    """Our own mistake: an illegal move, a broken invariant."""
