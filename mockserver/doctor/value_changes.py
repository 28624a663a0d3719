"""Mistakes about which values are signed: encoded, escaped, trimmed, in another form or time.

A value that passed through a wrong encoder cannot be recovered in general.  But encoders are few,
so the search encodes what arrived by each of them and compares.  Each function is a `ContentChange`
or makes one; `signed_content` says what holds for all of them.
"""

import re
import unicodedata
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from ..protocol.shapes import format_time, parse_epoch, parse_time
from .signed_content import ContentChange, SignedCall, SignedContent

__all__ = [
    "BOM",
    "URL_DECODERS",
    "URL_ENCODERS",
    "Alteration",
    "alter_values",
    "change_time_zone",
    "confuse_empty_values",
    "decode_mojibake",
    "encode_base64",
    "escape_html",
    "escape_script",
    "misread_as",
    "normalize",
    "replace_words",
    "rewrite_timestamp",
    "shift_timestamp",
    "sign_bare_plus",
    "sign_raw_values",
    "widen_digits",
]

BOM = "\ufeff"
Alteration = Callable[[str], str]
Variants = Iterator[tuple[str, SignedContent]]


def _lower_escapes(text: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), text)


def _percent_encode(text: str, safe: str = "") -> str:
    return quote(text, safe=safe, errors="surrogateescape")


def _plus_encode(text: str, safe: str = "") -> str:
    return quote_plus(text, safe=safe, errors="surrogateescape")


URL_ENCODERS: tuple[tuple[str, Alteration], ...] = (
    ("%20", _percent_encode),
    ("+", _plus_encode),
    ("URLEncoder", lambda text: _plus_encode(text, "*").replace("~", "%7E")),
    ("encodeURIComponent", lambda text: _percent_encode(text, "!'()*")),
    ("encodeURI", lambda text: _percent_encode(text, ";,/?:@&=+$!'()*#")),
    ("HttpUtility.UrlEncode", lambda text: _lower_escapes(_plus_encode(text, "!()*"))),
    ("%xx", lambda text: _lower_escapes(_percent_encode(text))),
    ("%2520", lambda text: _percent_encode(_percent_encode(text))),
    ("%xx, +", lambda text: _lower_escapes(_plus_encode(text))),
    ("%20, *", lambda text: _percent_encode(text, "*")),
    ("+, *", lambda text: _plus_encode(text, "*")),
    ("%20, /", lambda text: _percent_encode(text, "/")),
    ("lower case", lambda text: _plus_encode(text).lower()),
)
URL_DECODERS: tuple[tuple[str, Alteration], ...] = (
    ("%20", unquote),
    ("+", lambda text: unquote_plus(text) if "%" in text else text),
)


def alter_values(
    *alterations: tuple[str, Alteration],
    singly: bool = False,
    words: bool = False,
    name_alteration: bool = False,
) -> ContentChange:
    """Make the change that signs all values in another form, for each labelled alteration.

    With `singly`, each differing value is then also altered alone; its label is the parameter's
    name, after the alteration's with `name_alteration`.  A value of ASCII letters and digits stays
    as it is, unless `words` says that whole words are altered.
    """

    def change(call: SignedCall, content: SignedContent) -> Variants:
        results = [(label, _alter_all(content, alter, words)) for label, alter in alterations]
        differing = [(label, changed) for label, changed in results if changed != content]
        yield from differing
        for label, changed in differing if singly else ():
            for name, alone in _alter_singly(content, changed):
                yield f"{label}: {name}" if name_alteration else name, alone

    return change


def _alter_all(content: SignedContent, alter: Alteration, words: bool) -> SignedContent:
    return content.with_pairs(
        [
            (name, alter(value) if words or not _is_plain(value) else value)
            for name, value in content.pairs
        ]
    )


def _is_plain(value: str) -> bool:
    return value.isalnum() and value.isascii()


def _alter_singly(content: SignedContent, changed: SignedContent) -> Variants:
    """Yield the content with one value of `changed` each time, if several differ."""
    places = [place for place, pair in enumerate(changed.pairs) if pair != content.pairs[place]]
    for place in places if len(places) > 1 else ():
        pair = changed.pairs[place]
        pairs = (*content.pairs[:place], pair, *content.pairs[place + 1 :])
        yield pair[0], content.with_pairs(pairs)


def replace_words(words: Mapping[str, str]) -> Alteration:
    """Make the alteration that replaces some whole values and keeps the others."""
    return lambda text: words.get(text, text)


def confuse_empty_values(*words: str) -> ContentChange:
    """Make the change that signs a word for an empty value, then one that does the opposite."""
    return alter_values(
        *((word, replace_words({"": word})) for word in words),
        *((word, replace_words({word: ""})) for word in words),
        words=True,
    )


def escape_script(text: str) -> str:
    """Return what JavaScript's old escape() makes of a text: `%XX`, `%uXXXX`."""
    units = memoryview(text.encode("utf-16-be", "surrogatepass"))
    codes = [high << 8 | low for high, low in zip(units[::2], units[1::2], strict=True)]
    return "".join([_escape_unit(code) for code in codes])


def _escape_unit(code: int) -> str:
    if code > 0xFF:
        return f"%u{code:04X}"
    character = chr(code)
    plain = character.isascii() and (character.isalnum() or character in "@*_+-./")
    return character if plain else f"%{code:02X}"


def escape_html(hexadecimal: bool = False) -> Alteration:
    """Make the alteration that writes what is not ASCII as HTML's numbered entities."""
    form = "&#x{:x};" if hexadecimal else "&#{};"
    return lambda text: "".join(
        [letter if letter.isascii() else form.format(ord(letter)) for letter in text]
    )


def widen_digits(text: str) -> str:
    """Return the text with full-width digits."""
    return "".join([chr(ord(c) + 0xFEE0) if c.isascii() and c.isdigit() else c for c in text])


def encode_base64(text: str) -> str:
    """Return the text's UTF-8 in Base64."""
    return b64encode(text.encode("utf-8", "replace")).decode()


def normalize(form: Literal["NFC", "NFD", "NFKC", "NFKD"]) -> Alteration:
    """Make the alteration to one of Unicode's normal forms."""
    return lambda text: unicodedata.normalize(form, text)


def misread_as(codec: str) -> Alteration:
    """Make the alteration of text whose UTF-8 bytes were read in another encoding."""
    return lambda text: text.encode("utf-8", "replace").decode(codec, "replace")


def decode_mojibake(text: str) -> str:
    """Return UTF-8 that was read as Latin-1, read again as UTF-8; other text unchanged."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def sign_raw_values(call: SignedCall, content: SignedContent) -> Variants:
    """Sign values as they stood in the request, still URL-encoded."""
    raw = dict(call.raw_pairs)
    changed = content.with_pairs([(name, raw.get(name, value)) for name, value in content.pairs])
    if changed.pairs != content.pairs:
        yield "", changed


def sign_bare_plus(call: SignedCall, content: SignedContent) -> Variants:
    """Sign `+` where a blank arrived because `+` was sent without encoding it: all, then singly."""
    plus = {name: unquote(raw) for name, raw in call.raw_pairs if "+" in raw}
    if plus:
        pairs = [(name, plus.get(name, value)) for name, value in content.pairs]
        yield ", ".join(plus), content.with_pairs(pairs)
    for name in plus if len(plus) > 1 else ():
        yield name, content.replace_value(name, plus[name])


def _parse_timestamp(text: str) -> datetime | None:
    """Return the instant of a timestamp that can be moved by hours, else None."""
    instant = parse_epoch(text) or parse_time(text)
    return instant if instant is not None and 1970 < instant.year < 9999 else None


def _replace_timestamp(make_texts: Callable[[str, datetime], Iterator[str]]) -> ContentChange:
    """Make the change that signs the timestamp as each of the texts made from it, if it is one."""

    def change(call: SignedCall, content: SignedContent) -> Variants:
        sent = content.value_of("timestamp") or ""
        instant = _parse_timestamp(sent)
        for text in make_texts(sent, instant) if instant is not None else ():
            if text != sent:
                yield text, content.replace_value("timestamp", text)

    return change


_TIME_FORMS: tuple[Callable[[str, datetime], str], ...] = (
    lambda text, instant: text,
    lambda text, instant: f"{int(instant.timestamp())}000",
    lambda text, instant: str(int(instant.timestamp())),
    lambda text, instant: text.replace(" ", "T"),
    lambda text, instant: text.replace("-", "/"),
    lambda text, instant: text[:16],
    lambda text, instant: f"{text}.000",
    lambda text, instant: f"{text.replace(' ', 'T')}+08:00",
    lambda text, instant: f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
    lambda text, instant: f"{instant:%Y%m%d%H%M%S}",
)


def _write_forms(sent: str, instant: datetime) -> Iterator[str]:
    text = format_time(instant)
    return (write(text, instant) for write in _TIME_FORMS)


def _write_zones(sent: str, instant: datetime) -> Iterator[str]:
    for hours in (-8, 8) if " " in sent else ():
        yield format_time(instant + timedelta(hours=hours))


def _write_neighbours(sent: str, instant: datetime) -> Iterator[str]:
    """Yield the texts up to three seconds (of an epoch: milliseconds) before and after."""
    for offset in (-1, 1, -2, 2, -3, 3):
        moved = instant + timedelta(seconds=offset)
        yield format_time(moved) if " " in sent else str(int(sent) + offset)


rewrite_timestamp = _replace_timestamp(_write_forms)
change_time_zone = _replace_timestamp(_write_zones)
shift_timestamp = _replace_timestamp(_write_neighbours)
