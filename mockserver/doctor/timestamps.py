"""What is wrong with a timestamp or a date, and how it should have been written.

Source: docs/spec/top-protocol.md#top-1.2 (form and zone of `timestamp`).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import unquote_plus

from ..domain.durations import format_duration
from ..protocol.shapes import BEIJING, format_time, is_epoch_seconds, parse_epoch, parse_time
from .finding_texts import Finding, make_finding
from .refused_call import RefusedCall

__all__ = ["examine_timestamp", "rewrite_time"]

_MAX_TIME_CHARACTERS = 40
_EIGHT_HOURS = timedelta(hours=8)
_HALF_HOUR = timedelta(minutes=30)
_MAX_ZONE_HALF_HOURS = 28  # zones reach from -12 to +14 hours
_ZONE_SLACK = timedelta(minutes=1)


def examine_timestamp(call: RefusedCall) -> Iterator[Finding]:
    """Find the form, the zone or the clock that a refused timestamp was made with."""
    assert call.world is not None
    text = call.text("timestamp")
    rules = call.world.view.rules
    instant = parse_epoch(text) or parse_time(text)
    if instant is None or (is_epoch_seconds(text) and not rules["timestamp_seconds"]):
        yield from _examine_form(text)
        return
    real = call.directory.real()
    inner = call.world.now
    tolerance = rules.duration("timestamp_tolerance")
    yield _explain_offset(instant, (real, inner), tolerance)
    if abs(real - inner) > tolerance:
        yield make_finding(
            "two_clocks",
            sandbox=format_time(inner),
            real=format_time(real),
            tolerance=format_duration(tolerance),
        )


def _examine_form(text: str) -> Iterator[Finding]:
    correct = rewrite_time(text)
    if correct and is_epoch_seconds(text):
        yield make_finding("time_seconds", meant=correct)
    elif correct:
        yield make_finding("time_form", name="timestamp", meant=correct)


def _explain_offset(
    instant: datetime, clocks: tuple[datetime, datetime], tolerance: timedelta
) -> Finding:
    """Return why an instant is too far from both clocks: another zone, else so many seconds."""
    nearer = min(clocks, key=lambda clock: abs(instant - clock))
    offset = instant - nearer
    half_hours = round(offset / _HALF_HOUR)
    rest = abs(offset - half_hours * _HALF_HOUR)
    if any(abs(instant + _EIGHT_HOURS - clock) <= tolerance for clock in clocks):
        return make_finding("zone_utc")
    if any(abs(instant - _EIGHT_HOURS - clock) <= tolerance for clock in clocks):
        return make_finding("zone_added")
    if 0 < abs(half_hours) <= _MAX_ZONE_HALF_HOURS and rest <= min(tolerance, _ZONE_SLACK):
        return make_finding("zone_other", hours=f"{half_hours / 2:+g}")
    return make_finding(
        "time_off",
        now=format_time(nearer),
        seconds=int(offset.total_seconds()),
        tolerance=format_duration(tolerance),
    )


def rewrite_time(text: str) -> str:
    """Return a time as TOP writes it, from another form that clients send; "" if it is no time."""
    for candidate in (text, unquote_plus(text)):
        bare = candidate.strip().strip("\"'").replace("/", "-")
        bare = bare.replace("年", "-").replace("月", "-").replace("日", "")
        instant = _parse_time(bare) if len(bare) <= _MAX_TIME_CHARACTERS else None
        if instant is not None:
            return format_time(instant)
    return ""


def _parse_time(text: str) -> datetime | None:
    """Parse an ISO, compact or epoch time, in GMT+8 where it names no zone; None for no time."""
    try:
        if text.isascii() and text.isdigit() and len(text) in (10, 13):
            return datetime.fromtimestamp(int(text[:10]), BEIJING)
        if text.isascii() and text.isdigit() and len(text) == 14:
            text = f"{text[:8]}T{text[8:]}"
        instant = datetime.fromisoformat(text)
        return instant.astimezone(BEIJING) if instant.tzinfo else instant.replace(tzinfo=BEIJING)
    except (ValueError, OverflowError):
        return None
