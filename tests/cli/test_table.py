"""Tables: every column as wide as its widest cell, Chinese counted as two."""

from mockserver.cli.table import format_table


def test_columns_line_up_under_headings() -> None:
    """A Chinese character takes two columns; no line has blanks at its end."""
    rows = [("换货", "1", ""), ("ab", "22", "end")]
    assert list(format_table((), rows)) == ["换货  1", "ab    22  end"]


def test_colours_take_no_columns() -> None:
    """A cell with a colour is as wide as its text, so what follows stands where it stood."""
    (plain,) = format_table((), [("ok", "next")])
    (painted,) = format_table((), [(("ok", "green"), "next")])
    assert painted != plain
    assert painted.endswith("  next")
    assert "ok" in painted


def test_nothing_and_foreign_texts() -> None:
    """No rows are no lines; control characters of a cell are escaped, so that a row is a line."""
    assert list(format_table((), [])) == []
    (line,) = format_table((), [("a\x1b[2J\nb", ("c\rd", "red"))])
    assert not set(line) & set("\x1b\n\r")


def test_empty_cells_keep_their_column() -> None:
    """What stands behind an empty cell does not move to the left."""
    rows = [("a", "", "z"), ("b", "middle", "z")]
    first, second = format_table((), rows)
    assert first.index("z") == second.index("z")
