"""Switches of a rehearsal PMS: what the real one may do differently, and the faults it may show.

Source of fact: the contract's section 7 (tolerant design) and the write-back protocol's fault list (section 13). Every
switch may be set at the start, at run time from Python (plain assignment) or through the control endpoint (`update`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_type_hints

import msgspec

Commit = Literal["no", "yes", "late"]
Action = Literal[
    "normal",  # answers as always; useful with commit="late" or delay_ms
    "accept_close",  # connection level: accepted and closed at once; method and resource do not matter
    "close_mid_request",  # the head is read, the body is not
    "close",
    "reset",
    "hang",
    "status",
    "no_id",
    "wrong_id",
    "used_id",
    "other_patient",
    "misfiled",
    "never_stored",
    "cut_body",
    "html",
    "empty",
    "huge",
    "drip",
    "gzip_bomb",
]

ANSWER_LOST: frozenset[str] = frozenset({"close", "reset", "hang", "status", "html", "empty"})
"""Actions that answer nothing useful; whether a create took effect is `Fault.commit`."""


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault for requests that match; counts from the moment it was set.

    `nth` is the first matching request it hits (1 = the next one), `times` how many in a row (0 = until removed).
    `resource` is a resource name of the API, `token`, `linkedorgs`, or `*`; `scope` tells lists from single records.
    `commit` says what becomes of a create; `late` commits after `late_requests` further requests (1 if nothing is said)
    or `late_s` seconds of the simulator's clock; None is what the action suggests: a refusal (4xx except 408) and
    `never_stored` store nothing, all else stores. `retry_after` is sent as it is (seconds or date).
    `then_network_down` cuts the network right after the first strike, as a cable that is pulled.
    """

    action: Action
    method: str = "POST"
    resource: str = "*"
    scope: Literal["any", "list", "one"] = "any"
    nth: int = 1
    times: int = 1
    commit: Commit | None = None
    late_requests: int = 0
    late_s: float = 0.0
    status: int = 500
    retry_after: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    delay_ms: float = 0.0
    size_bytes: int = 200_000_000
    drip_bytes: int = 1
    drip_ms: float = 20.0
    then_network_down: bool = False
    seen: int = 0

    def matches(self, method: str, resource: str, *, is_one: bool) -> bool:
        """Tell whether a request is one this fault counts."""
        if self.action == "accept_close":
            return False
        if self.method not in ("*", method) or self.resource not in ("*", resource):
            return False
        return self.scope == "any" or (self.scope == "one") == is_one

    def hits(self) -> bool:
        """Count one matching request and tell whether the fault strikes it."""
        self.seen += 1
        return self.seen >= self.nth and (self.times == 0 or self.seen < self.nth + self.times)

    @property
    def commits(self) -> Commit:
        """Tell what becomes of a create that this fault strikes."""
        if self.commit is not None:
            return self.commit
        is_refusal = self.action == "status" and self.status < 500 and self.status != 408
        return "no" if is_refusal or self.action == "never_stored" else "yes"

    @property
    def is_spent(self) -> bool:
        """Tell whether the fault can never strike again."""
        return self.times > 0 and self.seen >= self.nth + self.times - 1


@dataclass(kw_only=True)
class Switches:
    """All switches; the defaults are the PMS as the contract knows it, in good health.

    Names ending in `_s` are seconds, in `_ms` milliseconds, both of the simulator's clock except `page_delay_ms`,
    which is real time. `forbid` maps a resource to `read`, `write` or `all`.
    """

    # shape of answers
    id_type: Literal["string", "number"] = "string"
    status_code_type: Literal["number", "string"] = "number"
    single_data: Literal["object", "array"] = "object"
    create_status: int = 201
    error_body: Literal["envelope", "array", "fault", "html", "empty"] = "envelope"
    unknown_enums: bool = False
    missing_fields: list[str] = field(default_factory=list)
    duplicate_codes: bool = False
    test_data_roster: bool = False
    # access
    expires_in_type: Literal["string", "number", "missing", "text"] = "string"
    token_lifetime_s: int = 3600
    expire_token_after_calls: int | None = None
    wrong_environment: bool = False
    wrong_environment_told: bool = True
    """Whether the gateway says that the key is of another environment, or gives nothing away."""
    organization_linked: bool = True
    missing_organization_status: int = 400
    forbid: dict[str, str] = field(default_factory=dict)
    clinicalnotes_versions: Literal["v0", "v1", "both"] = "v0"
    documents_upload: Literal["none", "json"] = "none"
    # creates
    visibility_lag_s: float = 0.0
    visibility_lag_looks: int = 0
    late_commit_requests: int = 0
    late_commit_s: float = 0.0
    alter_text: Literal["none", "html", "cut", "crlf", "trim"] = "none"
    cut_text_at: int = 200
    text_limit_chars: int = 0
    require_teeth: bool = False
    # lists
    list_order: Literal["ascending", "descending", "shuffled"] = "ascending"
    page_drift: Literal["none", "repeat", "skip"] = "none"
    stale_lists: list[str] = field(default_factory=list)
    endless_pages: bool = False
    oversize_page: Literal["refuse", "clamp"] = "refuse"
    page_delay_ms: float = 0.0
    # network and clock
    network_down: bool = False
    refuse_connections: bool = False
    refuse_connections_for_s: float = 0.0
    server_skew_s: float = 0.0
    faults: list[Fault] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Add the lock and the list of watchers, which are no switches."""
        object.__setattr__(self, "_lock", threading.RLock())
        object.__setattr__(self, "_watchers", [])

    def __setattr__(self, name: str, value: object) -> None:
        """Set a switch and tell the watchers, so that a closed listener or a frozen list takes effect at once."""
        object.__setattr__(self, name, value)
        for watcher in tuple(getattr(self, "_watchers", ())):
            watcher(name)

    def watch(self, watcher: Callable[[str], None]) -> None:
        """Call `watcher` with a switch's name each time one is set."""
        watchers: list[Callable[[str], None]] = object.__getattribute__(self, "_watchers")
        watchers.append(watcher)

    def add(self, fault: Fault) -> Fault:
        """Add one fault to those in force and return it."""
        with object.__getattribute__(self, "_lock"):
            self.faults.append(fault)
        return fault

    def take_fault(self, method: str, resource: str, *, is_one: bool) -> Fault | None:
        """Count a request at every matching fault and return the first that strikes it; spent faults are dropped.

        Of several that would strike the same request the later ones wait for the next, so equal faults form a queue.
        """
        with object.__getattribute__(self, "_lock"):
            struck = [f for f in self.faults if f.matches(method, resource, is_one=is_one) and f.hits()]
            for waiting in struck[1:]:
                waiting.seen -= 1
            self.faults[:] = [f for f in self.faults if not f.is_spent]
        if struck and struck[0].then_network_down:
            self.network_down = True
        return struck[0] if struck else None

    def take_connection_fault(self) -> bool:
        """Count a new connection at the `accept_close` faults; True when it is to be closed at once."""
        with object.__getattribute__(self, "_lock"):
            struck = [f for f in self.faults if f.action == "accept_close" and f.hits()]
            self.faults[:] = [f for f in self.faults if not f.is_spent]
        return bool(struck)

    def forbids(self, resource: str, *, write: bool) -> bool:
        """Tell whether the practice has withheld this permission."""
        return self.forbid.get(resource) in ("all", "write" if write else "read")

    def update(self, values: Mapping[str, Any]) -> None:
        """Set several switches from JSON values, all or none.

        Raises: ValueError when a name is no switch or a value has the wrong type (the message names the switch).
        """
        hints = get_type_hints(Switches)
        converted: dict[str, object] = {}
        for name, value in values.items():
            if name not in hints:
                raise ValueError(f"no such switch: {name}")
            try:
                converted[name] = msgspec.convert(value, hints[name])
                if name == "faults":
                    converted[name] = [to_fault(item) for item in value]
            except msgspec.ValidationError as error:
                raise ValueError(f"{name}: {error}") from error
        for name, new_value in converted.items():
            setattr(self, name, new_value)

    def as_json(self) -> dict[str, Any]:
        """Return all switches as plain JSON values."""
        plain = {switch.name: getattr(self, switch.name) for switch in fields(self)}
        built: dict[str, Any] = msgspec.to_builtins(plain)
        return built


def to_fault(values: object) -> Fault:
    """Make a fault of JSON values.

    Raises: ValueError for an unknown member (msgspec would pass over it, and a misspelt fault would do nothing) or a
    wrong type.
    """
    known = {member.name for member in fields(Fault)}
    if not isinstance(values, dict) or not set(values) <= known:
        raise ValueError("a fault has only these members: " + ", ".join(sorted(known)))
    try:
        return msgspec.convert(values, Fault)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error
