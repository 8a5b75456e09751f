"""A practice on the rehearsal PMS, with staff, faults and gateways, for the Ascend gateway's tests."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from denticode_desktop.domain.charting import ProcedureStatus
from denticode_desktop.domain.connection import (
    Check,
    ConnectionReport,
    ConnectionSettings,
    Environment,
)
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
from denticode_desktop.domain.marker import with_marker
from denticode_desktop.domain.write_back import (
    Item,
    ItemKind,
    ItemPayload,
    ItemState,
    NotePayload,
    ProcedurePayload,
)
from denticode_desktop.pms.dentrix_ascend.auth import TokenCache
from denticode_desktop.pms.dentrix_ascend.gateway import AscendGateway
from denticode_desktop.ports.pms import ConnectionSecrets
from denticode_desktop.rehearsal.ascend_server import AscendSimulator
from denticode_desktop.rehearsal.switches import Fault

PATIENT = PmsPatientId("9000000000001")
OTHER = PmsPatientId("9000000000002")
PROVIDER = PmsProviderId("9100000000001")
LOCATION = PmsLocationId("9200000000001")
ZONE = "America/New_York"
MARKER = "ABCDEFGHABCDEFGH"
NOTE = 'S: 3 < 4 & "quoted" é\nO: sample\n\nP: none'


class WallClock:
    """The computer's time, or one that is off by `off_s`; the monotonic clock counts calls."""

    off_s = 0.0
    ticks = 0.0

    def utc_now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.off_s)

    def monotonic_s(self) -> float:
        self.ticks += 0.001
        return self.ticks


class AscendPractice:
    """`Practice` over the simulator."""

    patient_id = PATIENT
    other_patient_id = OTHER
    unknown_patient_id = PmsPatientId("8999999999999")

    def __init__(self, simulator: AscendSimulator) -> None:
        self.simulator = simulator
        self.clock = WallClock()
        self.gateways: list[AscendGateway] = []
        self.host = simulator.base_url

    def open(self, *, secret: str | None = None, **changes: Any) -> AscendGateway:
        values: dict[str, Any] = {
            "name": "Invented", "pms_key": PmsKey("dentrix-ascend"), "environment": Environment.REHEARSAL,
            "host": self.host, "organization_id": self.simulator.organization_id,
            "client_id": self.simulator.client_id, "time_zone": ZONE,
        }  # fmt: skip
        secrets = ConnectionSecrets({"client_secret": secret or self.simulator.client_secret})
        gateway = AscendGateway(ConnectionSettings(**(values | changes)), secrets, self.clock, tokens=TokenCache())
        self.gateways.append(gateway)
        return gateway

    def payload(self, kind: ItemKind, marker: str = MARKER) -> ItemPayload:
        day = date(2026, 11, 20)
        if kind is ItemKind.NOTE:
            return NotePayload(with_marker(NOTE, marker), day, PROVIDER, LOCATION, ZONE)
        return ProcedurePayload(
            "T0101", PmsCodeId("9300000000001"), None, None, None, ProcedureStatus.TREATMENT_PLANNED, None, day,
            PROVIDER, LOCATION, ZONE,
        )  # fmt: skip

    def item(self, kind: ItemKind, patient_id: PmsPatientId, *, marker: str = MARKER) -> Item:
        payload = self.payload(kind, marker)
        fingerprint = self.open().fingerprint(payload)
        return Item(
            ItemId(1), WriteBackId(1), ConnectionId(1), patient_id, 0, kind, payload, "0" * 64, marker, fingerprint,
            ItemState.PLANNED,
        )  # fmt: skip

    def stored(self, kind: ItemKind) -> list[str]:
        resource = "clinicalnotes" if kind is ItemKind.NOTE else "patientprocedures"
        return [record["id"] for record in self.simulator.state.records(resource)]

    def type_note(self, patient_id: PmsPatientId, text: str) -> str:
        return self.simulator.state.type_note(patient_id, text)

    def deactivate(self, patient_id: PmsPatientId) -> None:
        self.simulator.state.deactivate_patient(patient_id)

    def fault(self, action: Any, **values: Any) -> None:
        self.simulator.switches.add(Fault(action=action, **values))

    def lose_next_answer(self) -> None:
        self.fault("close", method="POST", resource="clinicalnotes")

    def break_next_list(self) -> None:
        self.fault("status", method="GET", resource="clinicalnotes", status=503)

    def requests_that_change(self) -> list[str]:
        return [request.method for request in self.simulator.state.forbidden_requests]

    def test(self, **changes: Any) -> ConnectionReport:
        heard: list[Check] = []
        report = self.open(**changes).check_connection(heard.append)
        assert tuple(heard) == report.checks
        return report
