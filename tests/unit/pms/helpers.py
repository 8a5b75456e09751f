"""Shared by the tests of the adapters: a clock in hand, a connection, items, and a server made of one raw socket."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

from denticode_desktop.domain.charting import ProcedureStatus
from denticode_desktop.domain.connection import ConnectionSettings, Environment
from denticode_desktop.domain.ids import (
    ConnectionId,
    ItemId,
    PmsCodeId,
    PmsKey,
    PmsLocationId,
    PmsPatientId,
    PmsProviderId,
    WriteBackId,
)
from denticode_desktop.domain.write_back import Item, ItemKind, ItemPayload, ItemState, NotePayload, ProcedurePayload

PATIENT = PmsPatientId("9000000000001")
PROVIDER = PmsProviderId("9100000000001")
LOCATION = PmsLocationId("9200000000001")
CODE = PmsCodeId("9300000000001")
ZONE = "America/New_York"
MARKER = "ABCDEFGHABCDEFGH"
WAIT_S = 20.0


class HandClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
        self.seconds = 1000.0

    def utc_now(self) -> datetime:
        return self.now

    def monotonic_s(self) -> float:
        return self.seconds


def settings_for(host: str, **changes: object) -> ConnectionSettings:
    values: dict[str, object] = {
        "name": "Invented practice",
        "pms_key": PmsKey("dentrix-ascend"),
        "environment": Environment.REHEARSAL,
        "host": host,
        "organization_id": "0123456789abcdef01234567",
        "client_id": "rehearsal-client",
        "location_id": LOCATION,
        "time_zone": ZONE,
    }
    return ConnectionSettings(**(values | changes))  # type: ignore[arg-type]


def note_payload(text: str = f"S: sample\n\n[Denticode ref {MARKER}]") -> NotePayload:
    return NotePayload(text, date(2026, 11, 20), PROVIDER, LOCATION, ZONE)


def procedure_payload(**changes: object) -> ProcedurePayload:
    values: dict[str, object] = {
        "code": "T0101",
        "code_id": CODE,
        "tooth": None,
        "surfaces": None,
        "quadrant": None,
        "status": ProcedureStatus.TREATMENT_PLANNED,
        "fee_cents": None,
        "service_on": date(2026, 11, 20),
        "pms_provider_id": PROVIDER,
        "pms_location_id": LOCATION,
        "time_zone": ZONE,
    }
    return ProcedurePayload(**(values | changes))  # type: ignore[arg-type]


def item_of(payload: ItemPayload, *, patient_id: PmsPatientId = PATIENT, fingerprint: str = "") -> Item:
    kind = ItemKind.NOTE if isinstance(payload, NotePayload) else ItemKind.PROCEDURE
    if not isinstance(payload, NotePayload | ProcedurePayload):
        kind = ItemKind.DOCUMENT
    return Item(
        ItemId(1), WriteBackId(1), ConnectionId(1), patient_id, 0, kind, payload, "0" * 64, MARKER, fingerprint,
        ItemState.PLANNED,
    )  # fmt: skip


def json_answer(
    body: bytes, *, status: str = "200 OK", more: str = "", content_type: str = "application/json"
) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


Behaviour = Callable[[socket.socket], None]


def read_request(connection: socket.socket) -> bytes:
    """A whole request with its Content-Length body; what has come when the client stops."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return data
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    wanted = int(lengths[0]) if lengths else 0
    while len(body) < wanted:
        part = connection.recv(65536)
        if not part:
            break
        body += part
    return head + b"\r\n\r\n" + body


class RawServer:
    """Each connection is given to the behaviour on a thread of its own. `seen` holds what `answering` read."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.base = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads: list[threading.Thread] = []
        self._main = threading.Thread(target=self._accept, daemon=True)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(WAIT_S)
        with connection, contextlib.suppress(OSError):
            self._behaviour(connection)

    @contextlib.contextmanager
    def running(self) -> "Iterator[RawServer]":
        self._main.start()
        try:
            yield self
        finally:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._main.join(WAIT_S)
            for thread in self._threads:
                thread.join(WAIT_S)


def serving(behaviour: Behaviour) -> "contextlib.AbstractContextManager[RawServer]":
    return RawServer(behaviour).running()
