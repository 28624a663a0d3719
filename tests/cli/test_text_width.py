"""Widths on a terminal, counted by hand: a Chinese character takes two columns."""

import pytest

from mockserver.cli.text_width import pad, text_width, wrap


@pytest.mark.parametrize(
    ("text", "width"), [("", 0), ("abc", 3), ("换货", 4), ("a换", 3), ("，", 2), ("e\u0301", 1)]
)
def test_width(text: str, width: int) -> None:
    """Wide and full-width characters count two, combining marks none."""
    assert text_width(text) == width


def test_pad_fills_columns_not_characters() -> None:
    """Six columns are filled: two characters of two columns and two spaces."""
    assert pad("换货", 6) == "换货  "


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("one two three", ["one two", "three"]),
        ("买家申请换货", ["买家申请", "换货"]),
        ("买家申请，换货", ["买家申", "请，换货"]),
        ("a-word-that-is-longer", ["a-word-that-is-longer"]),
        ("用 reply_lost", ["用", "reply_lost"]),
    ],
)
def test_lines_break_at_spaces_and_between_wide_characters(text: str, lines: list[str]) -> None:
    """At most eight columns; a long word stays whole; no line begins with a closing mark."""
    assert wrap(text, 8) == lines
