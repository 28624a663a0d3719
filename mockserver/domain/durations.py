"""Durations as users type them: `3d12h`, `6d23h59m59s`, `90s`."""

import re
from datetime import timedelta

__all__ = ["DURATION", "MAX_DURATION", "format_duration", "parse_duration"]

MAX_DURATION = timedelta(days=36_500)  # a hundred years: every deadline stays a date
# The spelling; without flags, so that a JSON schema can have it as a pattern.
DURATION = r"(?=[0-9])(?:([0-9]{1,5})d)?(?:([0-9]{1,8})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,10})s)?"
_SHAPE = re.compile(DURATION)


def parse_duration(text: str) -> timedelta:
    """Return the duration that `text` spells: days, hours, minutes, seconds, in this order.

    Raises:
        ValueError: no such spelling, or longer than `MAX_DURATION`; the message has an example.
    """
    match = _SHAPE.fullmatch(text.strip())
    if not match:
        raise ValueError(
            f"不是时长 (not a duration): {text[:50]!r}; 例 (for example): 3d12h, 6d23h59m59s, 90s"
        )
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    duration = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if duration > MAX_DURATION:
        raise ValueError(f"时长超过一百年 (longer than a hundred years): {text}")
    return duration


def format_duration(duration: timedelta) -> str:
    """Return the shortest spelling that `parse_duration` reads back.

    Whole seconds; `0s` for none.
    """
    total_minutes, seconds = divmod(int(duration.total_seconds()), 60)
    total_hours, minutes = divmod(total_minutes, 60)
    days, hours = divmod(total_hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"
