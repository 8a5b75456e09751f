"""A chart that cannot be read though the PMS answers: its patient waits alone, the others go on (invariant 16)."""

from denticode_desktop.domain.connection import Light
from denticode_desktop.domain.errors import (
    ExternalError,
    PmsForbiddenError,
    PmsProtocolError,
    PmsRefusedError,
    PmsUnavailableError,
)
from denticode_desktop.domain.ids import ItemId, PmsPatientId
from denticode_desktop.domain.sync_cursor import SyncKind
from denticode_desktop.domain.write_back import WaitingWhy

from .sender_lane import Lane
from .sender_policy import Policy

PATIENT_ERRORS = (PmsProtocolError, PmsRefusedError, PmsForbiddenError, PmsUnavailableError)
"""What a read may raise because of one patient's chart; the rest is the connection's."""
_ANSWERED = ("list_errors", "list_keeps_changing", "deadline", "read_timeout")
_BETWEEN_US = ("web_page", "not_json")
"""What comes from a network's sign-in page or a proxy as well as from one chart: another read tells."""


class ChartTrouble:
    """Tells a patient's trouble from the connection's."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def hear(self, lane: Lane, patient: PmsPatientId, error: ExternalError, item_id: ItemId | None = None) -> bool:
        """Lets this patient wait, longer each time; False = leave the connection for this turn, too many failed.

        A look that is not complete changes no state: an item in flight stays so until its chart can be read. Raises
        the error itself, or what another read raises, where the trouble is the connection's.
        """
        if not self._is_only_here(lane, patient, error):
            raise error
        wait_ticks = lane.troubles.note(patient, is_forbidden=isinstance(error, PmsForbiddenError))
        if item_id is not None:
            self._policy.say_item_waits(item_id, WaitingWhy.ANSWER_INCOMPLETE, wait_ticks)
        if not lane.troubles.take_many():
            return True
        lane.pace.back_off(WaitingWhy.ANSWER_INCOMPLETE)
        self._policy.say_waiting(lane.connection, lane.pace)
        return False

    def _is_only_here(self, lane: Lane, patient: PmsPatientId, error: ExternalError) -> bool:
        if isinstance(error, PmsForbiddenError):
            return lane.troubles.is_known_forbidden(patient) or self._may_read(lane, error.permission)
        if isinstance(error, PmsUnavailableError):
            return self._does_answer(lane, error)
        if isinstance(error, PmsProtocolError) and error.kind in _BETWEEN_US:
            lane.gateway.read_page(SyncKind.LOCATIONS, since=None, after_id=None)
        return True

    def _may_read(self, lane: Lane, permission: str) -> bool:
        """Whether the connection's own test may read what was forbidden for one patient."""
        report = lane.gateway.check_connection(lambda _: None)
        missing = {p.value for p in report.missing_permissions}
        known = {c.permission.value for c in report.checks if c.permission is not None}
        return report.light is not Light.FAILED and permission in known - missing

    def _does_answer(self, lane: Lane, error: PmsUnavailableError) -> bool:
        """Whether a PMS that broke off over one chart answers another read; raises what that read raises."""
        if error.retry_after_s or not (error.kind.startswith("http_") or error.kind in _ANSWERED):
            return False
        lane.gateway.read_page(SyncKind.LOCATIONS, since=None, after_id=None)
        return True
