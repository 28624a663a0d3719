"""Encodings that clients sign a text in, by the names that a scheme holds.

Besides Python's codecs these are habits of other languages: what they do with a character that
the encoding lacks, and encodings that Python does not have.  `?` stands in the text's place once a
character, or once a UTF-16 unit, which makes two of an emoji.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

__all__ = ["ENCODERS", "drop_astral", "encode_cesu8", "mark_astral"]

Encoder = Callable[[str], bytes]


def _encode_lossily(codec: str) -> Encoder:
    return lambda text: text.encode(codec, "replace")


def _drop_unknown(codec: str) -> Encoder:
    return lambda text: text.encode(codec, "ignore")


def _mark_units(codec: str) -> Encoder:
    """Return the encoder that writes `?` for every UTF-16 unit that the codec lacks."""
    return lambda text: mark_astral(text, "??").encode(codec, "replace")


def drop_astral(text: str) -> str:
    """Return the text without characters beyond U+FFFF, which a column of utf8mb3 drops."""
    return mark_astral(text, "")


def mark_astral(text: str, mark: str) -> str:
    """Return the text with `mark` for every character beyond U+FFFF."""
    return "".join([character if character <= "\uffff" else mark for character in text])


def _encode_utf16(text: str, codec: str = "utf-16-le") -> bytes:
    return text.encode(codec, "surrogatepass")


def _keep_low_bytes(text: str) -> bytes:
    """Encode as old Node does without an encoding: the low byte of every UTF-16 unit."""
    return _encode_utf16(text)[::2]


def encode_cesu8(text: str) -> bytes:
    """Encode as Java's modified UTF-8: surrogates one by one, NUL as in UTF-8."""
    units = memoryview(text.encode("utf-16-be", "surrogatepass"))
    pairs = zip(units[::2], units[1::2], strict=True)
    return "".join([chr(high << 8 | low) for high, low in pairs]).encode("utf-8", "surrogatepass")


ENCODERS: Mapping[str, Encoder] = MappingProxyType(
    {
        # the bytes of a file come through UTF-8 unchanged
        "utf-8": lambda text: text.encode("utf-8", "surrogateescape"),
        "GBK": _encode_lossily("gbk"),
        "GBK, ??": _mark_units("gbk"),
        "GBK, -": _drop_unknown("gbk"),
        "GB18030": _encode_lossily("gb18030"),
        "GB2312": _encode_lossily("gb2312"),
        "Latin-1": _encode_lossily("latin-1"),
        "Latin-1, ??": _mark_units("latin-1"),
        "ASCII": _encode_lossily("ascii"),
        "ASCII, ??": _mark_units("ascii"),
        "ASCII, -": _drop_unknown("ascii"),
        "cp1252": _encode_lossily("cp1252"),
        "cp1252, ??": _mark_units("cp1252"),
        "low bytes": _keep_low_bytes,
        "CESU-8": encode_cesu8,
        "UTF-16LE": _encode_utf16,
        "UTF-16BE": lambda text: _encode_utf16(text, "utf-16-be"),
        "UTF-32LE": _encode_lossily("utf-32-le"),
        "UTF-32BE": _encode_lossily("utf-32-be"),
        "UTF-7": _encode_lossily("utf-7"),
        "Big5": _encode_lossily("big5"),
        "Shift_JIS": _encode_lossily("shift_jis"),
        "EUC-KR": _encode_lossily("euc_kr"),
    }
)
