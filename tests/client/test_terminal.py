"""No text that somebody else wrote commands a terminal, and JSON stays the same document.

Source: case F10.
"""

import json
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.client.terminal import escape_controls, escape_line

LAWS = settings(deadline=None, derandomize=True, database=None)
COMMANDS = ("\x1b[2J", "\x07", "\r", "\x08", "\x9b31m", "\x9d0;title\x9c", "\x7f", "\x00")
TURNED = ("\u202e", "\u2066", "\u200f", "\u2028", "\u2029", "\ufeff", "\u061c", "\U000e0041")


@pytest.mark.parametrize("text", [*COMMANDS, *TURNED])
def test_a_command_is_written_as_its_code(text):
    """What is left can be seen, and says which character it was."""
    escaped = escape_controls(f"前{text}后")
    assert escaped.startswith("前\\u") and escaped.endswith("后")
    assert json.loads(f'"{escaped}"') == f"前{text}后"


@settings(LAWS, max_examples=300)
@given(text=st.text())
def test_no_control_character_is_left(text):
    """Only line ends and tabs are left of all control characters and directions of writing."""
    for character in escape_controls(text):
        assert character in "\n\t" or unicodedata.category(character) not in (
            "Cc",
            "Cs",
            "Zl",
            "Zp",
        )
        assert unicodedata.bidirectional(character) not in (
            *("LRE", "RLE", "LRO", "RLO", "PDF"),
            *("LRI", "RLI", "FSI", "PDI"),
        )
    assert "\n" not in escape_line(text)


@settings(LAWS, max_examples=200)
@given(
    value=st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_json_is_the_same_document(value):
    """Escaped JSON reads as it was."""
    assert json.loads(escape_controls(json.dumps(value, ensure_ascii=False))) == value


@pytest.mark.parametrize("text", ["换货单 1 — “好”", "a\n\tb", "👨‍👩‍👧 é　…", "ASCII ~"])
def test_ordinary_text_stays(text):
    """Chinese, emoji, wide blanks and tables are shown as they are."""
    assert escape_controls(text) == text
