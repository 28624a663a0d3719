"""What is wrong with a timestamp or a date, and how it should have been written."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import unquote_plus

from ..domain.durations import show_duration
from ..gateway.call import Call
from ..gateway.checks import SandboxLookup
from ..protocol.errors import TopError
from ..protocol.shapes import BEIJING, read_epoch, read_time, show_time
from .finding_texts import Finding, make_finding

__all__ = ["rewritten", "wrong_time"]

_LONGEST = 40
_EIGHT, _HALF = timedelta(hours=8), timedelta(minutes=30)


def wrong_time(call: Call, lookup: SandboxLookup, error: TopError) -> Iterator[Finding]:
    """Another form, another zone, another clock."""
    assert call.world is not None
    text = call.texts.get("timestamp", "")
    instant = read_epoch(text) or read_time(text)
    if instant is None:
        other = rewritten(text)
        if other and len(text) == 10:
            yield make_finding("time_seconds", meant=other)
        elif other:
            yield make_finding("time_form", name="timestamp", meant=other)
        return
    real, inner, tolerance = (
        lookup.directory.real(),
        call.world.now,
        call.world.state.rules.span("timestamp_tolerance"),
    )
    nearer = min((real, inner), key=lambda clock: abs(instant - clock))
    off = instant - nearer
    halves = round(off / _HALF)
    if any(abs(instant + _EIGHT - clock) <= tolerance for clock in (real, inner)):
        yield make_finding("zone_utc")
    elif any(abs(instant - _EIGHT - clock) <= tolerance for clock in (real, inner)):
        yield make_finding("zone_added")
    elif (
        halves
        and abs(halves) <= 28
        and abs(off - halves * _HALF) <= min(tolerance, timedelta(minutes=1))
    ):
        yield make_finding("zone_other", hours=f"{halves / 2:+g}")
    else:
        yield make_finding(
            "time_off",
            now=show_time(nearer),
            seconds=int(off.total_seconds()),
            tolerance=show_duration(tolerance),
        )
    if abs(real - inner) > tolerance:
        yield make_finding(
            "two_clocks",
            sandbox=show_time(inner),
            real=show_time(real),
            tolerance=show_duration(tolerance),
        )


def rewritten(text: str) -> str:
    """A time as TOP writes it, from the other forms that clients send; empty for none."""
    for each in (text, unquote_plus(text)):
        bare = (
            each.strip()
            .strip("\"'")
            .replace("/", "-")
            .replace("年", "-")
            .replace("月", "-")
            .replace("日", "")
        )
        found = _read(bare) if len(bare) <= _LONGEST else None
        if found is not None:
            return show_time(found)
    return ""


def _read(bare: str) -> datetime | None:
    """The instant of an ISO, compact or epoch time; in GMT+8 where it does not say."""
    try:
        if bare.isascii() and bare.isdigit() and len(bare) in (10, 13):
            return datetime.fromtimestamp(int(bare[:10]), BEIJING)
        if bare.isascii() and bare.isdigit() and len(bare) == 14:
            bare = f"{bare[:8]}T{bare[8:]}"
        found = datetime.fromisoformat(bare)
        return found.astimezone(BEIJING) if found.tzinfo else found.replace(tzinfo=BEIJING)
    except (ValueError, OverflowError):
        return None
