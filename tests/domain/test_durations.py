"""Durations as users type them."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.domain.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3d12h", 302400),
        ("6d23h59m59s", 604799),
        ("7d", 604800),
        ("72h", 259200),
        ("90s", 90),
        ("5m", 300),
        ("0s", 0),
        ("1d1s", 86401),
        (" 2d ", 172800),
    ],
)
def test_a_duration_reads_days_hours_minutes_seconds(text, seconds):
    """Every spelling of the interface sheet means what it says."""
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "d",
        "7",
        "12h3d",
        "1d1d",
        "-1d",
        "+1d",
        "1.5d",
        "1 d",
        "３d",
        "1w",
        "3D",
        "P3D",
        "1d\n2h",
        "soon",
        "9" * 30 + "s",
    ],
)
def test_anything_else_is_refused_with_an_example(text):
    """What is no duration is a ValueError that shows one."""
    with pytest.raises(ValueError, match="3d12h"):
        parse_duration(text)


@settings(deadline=None)
@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=36_500)))
def test_what_is_shown_reads_back(span):
    """Showing and reading gives the same whole seconds."""
    whole = timedelta(seconds=int(span.total_seconds()))

    assert parse_duration(format_duration(span)) == whole


@settings(deadline=None)
@given(
    st.builds(
        lambda days, hours, minutes, seconds: f"{days}d{hours}h{minutes}m{seconds}s",
        st.integers(0, 24_000),
        st.integers(0, 99_999),
        st.integers(0, 999_999),
        st.integers(0, 9_999_999),
    )
)
def test_what_is_accepted_can_be_shown_and_read_again(text):
    """Every duration that is accepted survives being shown, as in a dump of the rules."""
    assert parse_duration(format_duration(parse_duration(text))) == parse_duration(text)


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(0), "0s"),
        (timedelta(days=7), "7d"),
        (timedelta(hours=72), "3d"),
        (timedelta(seconds=90), "1m30s"),
        (timedelta(days=6, hours=23, minutes=59, seconds=59), "6d23h59m59s"),
        (timedelta(days=3, hours=12), "3d12h"),
    ],
)
def test_the_shortest_spelling_is_shown(span, text):
    """Parts that are nothing are left out."""
    assert format_duration(span) == text


@pytest.mark.parametrize("text", ["36501d", "36500d1s", "99999999h", "999999999m", "9999999999s"])
def test_more_than_a_hundred_years_is_refused(text):
    """A length that would lead beyond all dates is refused when it is read."""
    with pytest.raises(ValueError, match="一百年"):
        parse_duration(text)
