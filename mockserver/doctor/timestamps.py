"""What is wrong with a timestamp or a date, and how it should have been written.

Source: docs/spec/top-protocol.md#top-1.2 (form and zone of `timestamp`).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import unquote_plus

from ..domain.durations import format_duration
from ..protocol.shapes import format_time, is_epoch_seconds, parse_epoch, parse_time
from .finding_texts import Finding, make_finding
from .refused_call import RefusedCall
from .time_forms import read_time

__all__ = ["examine_timestamp", "rewrite_time"]

_EIGHT_HOURS = timedelta(hours=8)
_TWELVE_HOURS = timedelta(hours=12)
_HALF_HOUR = timedelta(minutes=30)
_MAX_ZONE_HALF_HOURS = 28  # zones reach from -12 to +14 hours
_ZONE_SLACK = timedelta(minutes=1)


def examine_timestamp(call: RefusedCall) -> Iterator[Finding]:
    """Find the form, the zone or the clock that a refused timestamp was made with."""
    assert call.world is not None
    text = call.text("timestamp")
    rules = call.world.view.rules
    instant = parse_epoch(text) or parse_time(text)
    real = call.directory.real()
    inner = call.world.now
    tolerance = rules.duration("timestamp_tolerance")
    if instant is None or (is_epoch_seconds(text) and not rules["seconds_timestamp"]):
        yield from _examine_form(text, inner)
        instant = read_time(text, inner)
        if instant is not None and _is_twelve_off(instant, (real, inner), tolerance):
            yield make_finding("clock_12")
        return
    yield _explain_offset(instant, (real, inner), tolerance)
    if abs(real - inner) > tolerance:
        yield make_finding(
            "two_clocks",
            sandbox=format_time(inner),
            real=format_time(real),
            tolerance=format_duration(tolerance),
        )


def _examine_form(text: str, near: datetime) -> Iterator[Finding]:
    correct = rewrite_time(text, near)
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
    if _is_twelve_off(instant, clocks, tolerance):
        return make_finding("clock_12")
    if 0 < abs(half_hours) <= _MAX_ZONE_HALF_HOURS and rest <= min(tolerance, _ZONE_SLACK):
        return make_finding("zone_other", hours=f"{half_hours / 2:+g}")
    return make_finding(
        "time_off",
        now=format_time(nearer),
        seconds=int(offset.total_seconds()),
        tolerance=format_duration(tolerance),
    )


def _is_twelve_off(
    instant: datetime, clocks: tuple[datetime, datetime], tolerance: timedelta
) -> bool:
    """Return whether an hour of 1 to 12 is twelve hours off, as a clock without AM and PM shows.

    The hours after midnight are 12 on it, those after noon 1 to 11.
    """
    offset = _TWELVE_HOURS
    if instant.hour == 12:
        offset = -_TWELVE_HOURS
    return 1 <= instant.hour <= 12 and any(
        abs(instant + offset - clock) <= tolerance for clock in clocks
    )


def rewrite_time(text: str, near: datetime | None = None) -> str:
    """Return a time as TOP writes it, from another form that clients send; "" if it is no time.

    See `read_time`, also for `near`.
    """
    instant = read_time(text, near) or read_time(unquote_plus(text), near)
    return format_time(instant) if instant is not None else ""
