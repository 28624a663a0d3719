"""How times are read that languages write by habit; the instant is always 2026-03-01 15:20:05."""

from datetime import datetime, timedelta, timezone

import pytest

from mockserver.doctor.time_forms import read_time

BEIJING = timezone(timedelta(hours=8))
INSTANT = datetime(2026, 3, 1, 15, 20, 5, tzinfo=BEIJING)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01 03:20:05 PM",
        "2026-03-01 3:20:05 pm",
        "2026-03-01 03:20:05 p.m.",
        "2026-03-01 下午 03:20:05",
        "2026年3月1日 下午3:20:05",
        "2026年3月1日 下午3时20分05秒",
        "2026/3/1 15:20:05",
        "2026-3-1 15:20:05",
        "3/1/2026, 3:20:05 PM",
        "3/1/2026, 3:20:05\u202fPM",
        "\u200e3\u200e/\u200e1\u200e/\u200e2026\u200e \u200e15\u200e:\u200e20\u200e:\u200e05",
        "01.03.2026 15:20:05",
        "1.3.2026, 15:20:05",
        "2026-03-01 15.20.05",
        "2026-03-01 15-20-05",
        "26-03-01 15:20:05",
        "Sun Mar  1 15:20:05 2026",
        "Sun Mar 01 15:20:05 CST 2026",
        "Sun, 01 Mar 2026 07:20:05 GMT",
        "Sun Mar 01 2026 15:20:05 GMT+0800 (中国标准时间)",
        "Mar 1, 2026 3:20:05 PM",
        "Mar 1, 2026, 3:20:05 PM",
        "2026-03-01 07:20:05 UTC",
        "2026-03-01 07:20:05.123 +0000",
        "2026-03-01 02:20:05 -05:00",
        "２０２６-０３-０１ １５：２０：０５",
        "2569-03-01 15:20:05 น.",
        "115/3/1 下午 3:20:05",
        "٢٠٢٦-٠٣-٠١ ١٥:٢٠:٠٥",
    ],
)
def test_a_habit_of_writing_is_read(text):
    """AM and PM, unpadded numbers, other orders, names of months, zones and calendars are read."""
    assert read_time(text, INSTANT) == INSTANT


@pytest.mark.parametrize(("text", "hour"), [("12:20:05 AM", 0), ("12:20:05 PM", 12)])
def test_twelve_o_clock_is_read(text, hour):
    """12 AM is midnight, 12 PM noon."""
    assert read_time(f"2026-03-01 {text}") == INSTANT.replace(hour=hour)


def test_the_nearer_reading_is_taken():
    """Of day/month and month/day the one near the clock counts."""
    assert read_time("02/03/2026 15:20:05", INSTANT) == INSTANT.replace(day=2)
    february = INSTANT.replace(month=2, day=3)
    assert read_time("02/03/2026 15:20:05", february) == february


@pytest.mark.parametrize(
    "text", ["", "15:20:05", "1" * 41, "31/31/2026 10:00:00", "Mar 15:20:05", "1" * 100, ":" * 80]
)
def test_what_names_no_instant_is_no_time(text):
    """Half a time, an impossible date or a huge text is no time."""
    assert read_time(text, INSTANT) is None
