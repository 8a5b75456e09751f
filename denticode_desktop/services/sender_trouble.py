"""A chart that cannot be read though the PMS answers: its patient waits alone, the others go on (invariant 16)."""

from denticode_desktop.domain.connection import Light
from denticode_desktop.domain.errors import ExternalError, PmsForbiddenError, PmsProtocolError, PmsRefusedError
from denticode_desktop.domain.ids import ItemId, PmsPatientId
from denticode_desktop.domain.write_back import WaitingWhy

from .sender_lane import Lane
from .sender_policy import Policy

PATIENT_ERRORS = (PmsProtocolError, PmsRefusedError, PmsForbiddenError)
"""What a read may raise because of one patient's chart; the rest is the connection's."""


class ChartTrouble:
    """Tells a patient's trouble from the connection's."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def hear(self, lane: Lane, patient: PmsPatientId, error: ExternalError, item_id: ItemId | None = None) -> bool:
        """Lets this patient wait, longer each time; False = leave the connection for this turn, too many failed.

        A look that is not complete changes no state: an item in flight stays so until its chart can be read. Raises
        the error itself where it is the connection's: the permission is missing for other reads too.
        """
        is_forbidden = isinstance(error, PmsForbiddenError)
        if isinstance(error, PmsForbiddenError) and not self._is_only_here(lane, patient, error.permission):
            raise error
        wait_ticks = lane.troubles.note(patient, is_forbidden=is_forbidden)
        if item_id is not None:
            self._policy.say_item_waits(item_id, WaitingWhy.ANSWER_INCOMPLETE, wait_ticks)
        if not lane.troubles.take_many():
            return True
        lane.pace.back_off(WaitingWhy.ANSWER_INCOMPLETE)
        self._policy.say_waiting(lane.connection, lane.pace)
        return False

    def _is_only_here(self, lane: Lane, patient: PmsPatientId, permission: str) -> bool:
        """Whether the connection's own test may read what was forbidden for this patient; asked once a patient."""
        if lane.troubles.is_known_forbidden(patient):
            return True
        report = lane.gateway.check_connection(lambda _: None)
        missing = {p.value for p in report.missing_permissions}
        known = {c.permission.value for c in report.checks if c.permission is not None}
        return report.light is not Light.FAILED and permission in known - missing
