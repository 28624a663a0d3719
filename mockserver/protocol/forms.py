"""Reads what clients send: query strings, urlencoded and multipart bodies, with every SDK's
oddities.

Names and values come back in the order sent, repeated ones too.  A multipart body may begin with
an empty line, leave out blanks after colons, call a file part `file` instead of `form-data`,
carry `Content-Type: false` or end without a last line break: official SDKs do
(docs/spec/top-protocol.md#top-8, #top-11).
"""

import re

from msgspec import Struct

__all__ = ["BadForm", "Upload", "parse_boundary", "parse_multipart", "parse_urlencoded"]

_PARTS_AT_MOST = 1000  # no method has thirty parameters
_MAX_PART_HEAD_BYTES = 8 * 1024
_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_NAME = re.compile(rf"(?:^|[;\s])name\s*=\s*(?:{_QUOTED}|([^;\s]+))", re.IGNORECASE)
_FILENAME = re.compile(rf"(?:^|[;\s])filename\s*=\s*(?:{_QUOTED}|([^;\s]*))", re.IGNORECASE)
_ESCAPES = re.compile("(?:%[0-9a-fA-F]{2})+")
_BOUNDARY = re.compile(rf"boundary\s*=\s*(?:{_QUOTED}|([^;,\s]+))", re.IGNORECASE)


Pairs = list[tuple[str, str]]


class BadForm(ValueError):
    """A body that cannot be read; `encoding` when it is not UTF-8.

    `pairs` are those that could be read: a refusal still has to know the format asked for.
    """

    def __init__(self, reason: str, pairs: Pairs, *, encoding: bool = False) -> None:
        self.reason, self.pairs, self.encoding = reason, pairs, encoding
        super().__init__(reason)


class Upload(Struct, frozen=True):
    """A file part: its parameter's name, its bytes, and the name the client gave the file."""

    name: str
    content: bytes
    filename: str = ""


def parse_urlencoded(raw: bytes) -> Pairs:
    """The pairs of a query string or urlencoded body; blank values are kept.

    Raises:
        BadForm: a name or a value is not UTF-8, or there are too many.
    """
    if not raw:
        return []
    try:
        text, broken = raw.decode("utf-8"), False
    except UnicodeDecodeError:
        text, broken = raw.decode("utf-8", "replace"), True
    # commas of `fields` and colons of times are most escapes: read at once, they spare the slow way
    text = text.replace("+", " ").replace("%2C", ",").replace("%3A", ":")
    pairs: Pairs = []
    pieces = text.split("&", _PARTS_AT_MOST)
    for name, _, value in [piece.partition("=") for piece in pieces[:_PARTS_AT_MOST] if piece]:
        try:
            pairs.append(
                (_plain(name), _plain(value)) if "%" in name or "%" in value else (name, value)
            )
        except UnicodeDecodeError:
            broken = True
    if len(pieces) > _PARTS_AT_MOST:
        raise BadForm(f"more than {_PARTS_AT_MOST} parameters", pairs)
    if broken:
        raise BadForm("not UTF-8", pairs, encoding=True)
    return pairs


def _plain(text: str) -> str:
    return _ESCAPES.sub(
        lambda found: bytes.fromhex(found[0].replace("%", "")).decode("utf-8"), text
    )


def parse_boundary(content_type: str) -> bytes:
    """The boundary that a multipart Content-Type names; empty if it names none."""
    found = _BOUNDARY.search(content_type)
    return (found[1] or found[2] or "").encode("latin-1", "replace") if found else b""


def parse_multipart(body: bytes, boundary: bytes) -> tuple[Pairs, list[Upload]]:
    """The text pairs and the files of a multipart body.

    A part with a file name, or of disposition type `file`, is a file.

    Raises:
        BadForm: no boundary, a part without name or header end, too many parts, text not UTF-8.
    """
    mark = b"--" + boundary
    if not boundary or mark not in body:
        raise BadForm("multipart body without its boundary", [])
    pieces = (b"\r\n" + body).split(b"\r\n" + mark, _PARTS_AT_MOST)
    if len(pieces) > _PARTS_AT_MOST:
        raise BadForm(f"more than {_PARTS_AT_MOST} parts", [])
    pairs: Pairs = []
    files: list[Upload] = []
    closed = False
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            closed = True
            break
        _read_part(piece, pairs, files)
    if not closed:
        raise BadForm("multipart body is cut: no closing boundary", pairs)
    return pairs, files


def _read_part(piece: bytes, pairs: Pairs, files: list[Upload]) -> None:
    head, found, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    if not found:
        raise BadForm("a multipart part without end of headers", pairs)
    if len(head) > _MAX_PART_HEAD_BYTES:
        raise BadForm(f"the head of a multipart part is above {_MAX_PART_HEAD_BYTES} bytes", pairs)
    try:
        disposition = _disposition(head.decode("utf-8"))
        named = _NAME.search(disposition)
        if not named:
            raise BadForm("a multipart part without a name", pairs)
        name = named[1] or named[2] or ""
        kind = disposition.partition(";")[0].strip().lower()
        filed = _FILENAME.search(disposition)
        if kind == "file" or filed:
            files.append(Upload(name, content, (filed[1] or filed[2] or "") if filed else ""))
        else:
            pairs.append((name, content.decode("utf-8")))
    except UnicodeDecodeError:
        raise BadForm("a multipart part is not UTF-8", pairs, encoding=True) from None


def _disposition(head: str) -> str:
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            return value.strip()
    return ""
