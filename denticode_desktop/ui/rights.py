"""What a button asks before it is shown."""

from denticode_desktop.domain.access import ALLOWED, Action, Actor


def may(actor: Actor, action: Action) -> bool:
    """Whether the service will say yes: a button that cannot work is not shown."""
    return action in ALLOWED[actor.role]
