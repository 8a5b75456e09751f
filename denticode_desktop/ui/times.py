"""Times in words, in the viewer's own zone."""

from datetime import datetime

from denticode_desktop.ui.words import tr


def ago(then: datetime, now: datetime) -> str:
    """`just now`, `4 min ago`, `3 h ago`, `2 days ago`."""
    seconds = (now - then).total_seconds()
    if seconds < 60:
        return tr("just now")
    if seconds < 3600:
        return tr("{n} min ago").format(n=int(seconds // 60))
    if seconds < 86_400:
        return tr("{n} h ago").format(n=int(seconds // 3600))
    days = int(seconds // 86_400)
    return tr("1 day ago") if days == 1 else tr("{n} days ago").format(n=days)


def until(then: datetime, now: datetime) -> str:
    """`now`, `in 40 s`, `in 5 min`, `in 2 h`."""
    seconds = (then - now).total_seconds()
    if seconds <= 1:
        return tr("now")
    if seconds < 60:
        return tr("in {n} s").format(n=int(seconds))
    if seconds < 3600:
        return tr("in {n} min").format(n=int(seconds // 60))
    return tr("in {n} h").format(n=int(seconds // 3600))


def clock_time(at: datetime) -> str:
    """`09:41`, local."""
    return f"{at.astimezone():%H:%M}"


def exact(at: datetime) -> str:
    """`2026-11-20 09:41:07`, local."""
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"


def local_midnight(now: datetime) -> datetime:
    """When the viewer's day began."""
    return now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
