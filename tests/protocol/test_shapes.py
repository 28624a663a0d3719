"""Times as TOP writes them, and epoch milliseconds as the official Python SDK sends them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.protocol.shapes import (
    BEIJING,
    format_price,
    format_time,
    is_epoch_seconds,
    parse_epoch,
    parse_time,
)

SECONDS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(  # noqa: DTZ001  # the zone follows
    lambda at: at.replace(microsecond=0, tzinfo=BEIJING)
)


def test_times_are_beijing_times():
    """`yyyy-MM-dd HH:mm:ss` is eight hours ahead of UTC."""
    assert parse_time("2026-03-01 10:00:00") == datetime(2026, 3, 1, 2, 0, 0, tzinfo=UTC)
    assert BEIJING.utcoffset(None) == timedelta(hours=8)


@pytest.mark.parametrize(
    "zone", [UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=8)), BEIJING]
)
def test_any_zone_is_shown_in_beijing_time(zone):
    """An instant is shown the same whatever zone it is kept in; parts of a second are dropped."""
    instant = datetime(2026, 3, 1, 2, 0, 59, 999_999, tzinfo=UTC).astimezone(zone)

    assert format_time(instant) == "2026-03-01 10:00:59"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-03-01",
        "2026-03-01T10:00:00",
        "2026-3-1 10:00:00",
        "2026-03-01 10:00",
        "2026-03-01 10:00:00.000",
        "2026-03-01 10:00:00 ",
        " 2026-03-01 10:00:00",
        "2026-03-01 10:00:00\n",
        "2026-02-30 10:00:00",
        "2026-13-01 10:00:00",
        "2026-03-01 25:00:00",
        "2026-03-01 24:00:00",
        "2026-03-01 10:60:00",
        "2026-03-01 10:00:60",
        "0000-01-01 00:00:00",
        "２０２６-03-01 10:00:00",
        "2026/03/01 10:00:00",
        "2026-03-01 10: 00:00",
        "2026-03-01 10:00:00+08:00",
        "1772330400000",
    ],
)
def test_another_spelling_is_no_time(text):
    """Only the documented spelling of a real instant is read."""
    assert parse_time(text) is None


@settings(deadline=None)
@given(SECONDS)
def test_times_round_trip(instant):
    """What is shown reads back."""
    assert parse_time(format_time(instant)) == instant


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1768444200000", "2026-01-15 10:30:00"),
        ("1795429288612", "2026-11-23 18:21:28"),
        ("0000000000000", "1970-01-01 08:00:00"),
        ("1768444200", "2026-01-15 10:30:00"),
    ],
)
def test_epoch_times(text, expected):
    """Thirteen digits are milliseconds since 1970, UTC, ten digits seconds."""
    assert format_time(parse_epoch(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "176844420",
        "17684442000",
        "17684442000000",
        "-176844420000",
        "1768444200.00",
        "１768444200000",
        "１768444200",
        "2026-01-15 10:30:00",
        "1768444200_00",
        " 768444200000",
    ],
)
def test_anything_else_is_no_epoch(text):
    """Other lengths, signs and other digits are not read."""
    assert parse_epoch(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1768444200", True),
        ("1768444200000", False),
        ("2026-01-15", False),
        ("１７６８４４４２００", False),
        ("", False),
    ],
)
def test_epoch_seconds_are_ten_digits(text, expected):
    """Ten plain digits are seconds; milliseconds, dates and other digits are not."""
    assert is_epoch_seconds(text) is expected


@pytest.mark.parametrize(
    ("fen", "expected"),
    [(0, "0.00"), (5, "0.05"), (99, "0.99"), (100, "1.00"), (123450, "1234.50")],
)
def test_prices_are_shown_in_yuan(fen, expected):
    """Two decimals always, without separators."""
    assert format_price(fen) == expected
