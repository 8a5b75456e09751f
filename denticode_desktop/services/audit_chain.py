"""The audit chain walked from its first event: where it breaks, and why in words. Pure, streaming."""

from collections.abc import Iterable
from dataclasses import dataclass

from denticode_desktop.domain.audit_event import GENESIS_HASH, Anchor, AuditEvent, AuditHead, is_intact


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """What verifying found. `events` hold, `head` is the last one's hash; `bad_seq` and `why` where not `ok`."""

    ok: bool
    events: int
    head: str
    bad_seq: int | None = None
    why: str = ""


class ChainWalk:
    """Takes events in the order of their storage. Keeps one hash, so that a million events need no memory."""

    def __init__(self) -> None:
        self.head = AuditHead(0, GENESIS_HASH)

    def take(self, event: AuditEvent) -> VerifyResult | None:
        """None while the chain holds, else the result that names the event."""
        expected = self.head.seq + 1
        if is_intact(event, self.head.hash, expected):
            self.head = AuditHead(event.seq, event.hash)
            return None
        return self.broken(expected, why_broken(event.seq, expected, is_next=event.previous_hash == self.head.hash))

    def broken(self, bad_seq: int, why: str) -> VerifyResult:
        """The result of a chain that holds up to the head and no further."""
        return VerifyResult(ok=False, events=self.head.seq, head=self.head.hash, bad_seq=bad_seq, why=why)

    def whole(self) -> VerifyResult:
        """The result of a chain that holds."""
        return VerifyResult(ok=True, events=self.head.seq, head=self.head.hash)


def why_broken(seq: int, expected: int, *, is_next: bool) -> str:
    """Why an event does not follow, in words; `is_next` = it names the hash before it."""
    if seq > expected:
        return f"Event {expected} is missing: event {seq} follows event {expected - 1}."
    if seq < expected:
        return f"Event {seq} stands where event {expected} belongs."
    if is_next:
        return f"Event {seq} was changed after it was written."
    return f"Event {seq} does not follow event {expected - 1}: one of them was replaced."


def walk(events: Iterable[AuditEvent], anchor: Anchor | None, chain: ChainWalk) -> VerifyResult:
    """Verifies all events from the first, and that the one the anchor remembers is among them unchanged.

    chain: a fresh walk; its head tells how far it came if `events` itself breaks off with an error.
    """
    for event in events:
        result = chain.take(event)
        if result is not None:
            return result
        if anchor is not None and event.seq == anchor.audit_seq and event.hash != anchor.audit_hash:
            return chain.broken(
                event.seq,
                f"Event {event.seq} is not the one that the credential store remembers: the log was written anew.",
            )
    if anchor is not None and chain.head.seq < anchor.audit_seq:
        return chain.broken(
            chain.head.seq + 1,
            f"The log was cut: it ends at event {chain.head.seq}, "
            f"and the credential store remembers event {anchor.audit_seq}.",
        )
    return chain.whole()
