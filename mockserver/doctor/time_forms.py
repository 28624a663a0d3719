"""Read a time however a client wrote it: ISO, compact, epoch, or as some language shows it.

A text is read only to say how it should have been written; no call is answered by it.  Where the
order of day and month cannot be seen, the reading nearest to the server's clock is taken.
"""

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from ..protocol.shapes import BEIJING

__all__ = ["read_time"]

_MAX_CHARACTERS = 80  # `Sun Mar 01 2026 15:20:05 GMT+0800 (中国标准时间)` has 45
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAME = re.compile(rf"(?i)(?<![a-z])({'|'.join(_MONTHS)})[a-z]*")
_CLOCKS = tuple(
    re.compile(
        rf"(?<![\d.:])(\d{{1,2}}){mark}(\d{{1,2}}){mark_after}(\d{{1,2}})秒?(?:[.,]\d+)?(?!\d)"
    )
    for mark, mark_after in ((":", ":"), ("[时時点點]", "分"), (r"\.", r"\."), ("-", "-"))
)
_FORENOON = re.compile(r"(?i)(?<![a-z])a\.? ?m\.?(?![a-z])|上午|凌晨|早上|午前|오전")
_AFTERNOON = re.compile(r"(?i)(?<![a-z])p\.? ?m\.?(?![a-z])|下午|中午|晚上|午后|午後|오후")
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})(?!\d)")
_GREENWICH = re.compile(r"(?i)\b(gmt|utc|z)\b")
_BUDDHIST_YEARS = 543
_REPUBLIC_YEARS = 1911
_Date = tuple[int, int, int]  # year, month, day


def read_time(text: str, near: datetime | None = None) -> datetime | None:
    """Return the instant that a text names, in GMT+8 where it names no zone; None for no time.

    `near` decides between readings such as month/day and day/month; without it the first.
    """
    if len(text) > _MAX_CHARACTERS:
        return None
    text = "".join([c for c in unicodedata.normalize("NFKC", text) if c.isprintable()])
    text = text.strip().strip("\"'").strip()
    instant = _read_iso(text)
    if instant is not None:
        return instant
    readings = list(_read_words(text))
    if near is not None:
        readings.sort(key=lambda reading: abs(reading - near))
    return readings[0] if readings else None


def _read_iso(text: str) -> datetime | None:
    """Return an ISO, compact or epoch time, also with `/` or 年月日 in its date."""
    text = text.replace("/", "-").replace("年", "-").replace("月", "-").replace("日", "")
    try:
        if text.isascii() and text.isdigit() and len(text) in (10, 13):
            return datetime.fromtimestamp(int(text[:10]), BEIJING)
        if text.isascii() and text.isdigit() and len(text) == 14:
            text = f"{text[:8]}T{text[8:]}"
        if text.isdigit():
            return None
        instant = datetime.fromisoformat(text)
        return instant.astimezone(BEIJING) if instant.tzinfo else instant.replace(tzinfo=BEIJING)
    except (ValueError, OverflowError):
        return None


def _read_words(text: str) -> Iterator[datetime]:
    """Yield the instants that a date and a clock may mean, whatever their order and words."""
    clock = next(filter(None, (pattern.search(text) for pattern in _CLOCKS)), None)
    if clock is None:
        return
    hour, minute, second = (int(clock[place]) for place in (1, 2, 3))
    before, after = text[: clock.start()], text[clock.end() :].partition("(")[0]
    if _AFTERNOON.search(f"{before} {after}"):
        hour = hour % 12 + 12
    elif _FORENOON.search(f"{before} {after}"):
        hour %= 12
    zone = _read_zone(after)
    for year, month, day in _read_dates(f"{before} {_OFFSET.sub(' ', after)}"):
        try:
            instant = datetime(year, month, day, hour, minute, second, tzinfo=zone)
            yield instant.astimezone(BEIJING)
        except (ValueError, OverflowError):
            continue


def _read_zone(after: str) -> tzinfo:
    """Return the zone that stands behind a clock, GMT+8 if none does."""
    offset = _OFFSET.search(after)
    if offset is not None and int(offset[2]) < 24:
        ahead = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return timezone(ahead if offset[1] == "+" else -ahead)
    return UTC if _GREENWICH.search(after) else BEIJING


def _read_dates(text: str) -> Iterator[_Date]:
    """Yield the dates that three numbers, or two and the name of a month, may mean."""
    name = _MONTH_NAME.search(text)
    numbers = [int(number) for number in re.findall(r"\d+", text) if len(number) <= 4]
    if name is not None and len(numbers) == 2:
        month = _MONTHS.index(name[1].lower()) + 1
        day, year = sorted(numbers)
        yield _full_year(year), month, day
    elif len(numbers) == 3:
        first, middle, last = numbers
        month_first = (_full_year(last), first, middle)
        day_first = (_full_year(last), middle, first)
        year_first = (_full_year(first), middle, last)
        if first > 99:
            yield year_first
        elif "." in text:
            yield from (day_first, month_first, year_first)
        else:
            yield from (month_first, day_first, year_first)


def _full_year(year: int) -> int:
    """Return the year of our calendar for a short, a Buddhist or a Republic of China's year."""
    if year < 100:
        return 2000 + year
    if year < 200:
        return year + _REPUBLIC_YEARS
    return year - _BUDDHIST_YEARS if year > 2400 else year
