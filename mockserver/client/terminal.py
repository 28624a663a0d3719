"""Make any text safe for a terminal: what a caller wrote must not move the cursor or turn text.

Names, values and codes of calls are foreign text.  Some characters are commands to a terminal or
change the order in which it shows others.  They are written as `\\uXXXX`, which JSON reads as the
same character, so a JSON document stays the same document.
"""

import re

__all__ = ["escape_controls", "escape_line"]

# C0 but tab and line end, DEL, C1, directions of writing, line separators, BOM, surrogates,
# tags, noncharacters
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff"
    "\ufdd0-\ufdef\ufff9-\uffff\U000e0000-\U000e007f]"
)


def escape_controls(text: str) -> str:
    """Return the text without characters that command a terminal; line ends and tabs stay."""
    return _CONTROLS.sub(_escape, text)


def escape_line(text: str) -> str:
    """Return the text as one line without characters that command a terminal."""
    return escape_controls(text).replace("\n", "\\n")


def _escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(
        [f"\\u{units[place]:02x}{units[place + 1]:02x}" for place in range(0, len(units), 2)]
    )
