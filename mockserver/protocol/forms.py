"""What clients send: query strings, urlencoded and multipart bodies, with every SDK's oddities.

Names and values are returned in the order sent, repeated ones too.  A multipart body may begin with
an empty line, leave out blanks after colons, call a file part `file` instead of `form-data`,
carry `Content-Type: false` or end without a last line break: official SDKs do
(docs/spec/top-protocol.md#top-8, #top-11).
"""

import re
from binascii import a2b_qp
from collections.abc import Iterator
from urllib.parse import unquote

from msgspec import Struct

__all__ = [
    "BadForm",
    "Upload",
    "parse_boundary",
    "parse_multipart",
    "parse_urlencoded",
    "split_parts",
]

_MAX_PARTS = 1000  # no method has thirty parameters
_MAX_PART_HEAD_BYTES = 8 * 1024
_LONG_CHARACTERS = 4096
_PIECE_BYTES = 16 * 1024
_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_NAME = re.compile(rf"(?:^|[;\s])name\s*=\s*(?:{_QUOTED}|([^;\s]+))", re.IGNORECASE)
_FILENAME = re.compile(rf"(?:^|[;\s])filename\s*=\s*(?:{_QUOTED}|([^;\s]*))", re.IGNORECASE)
_ESCAPES = re.compile("(?:%[0-9a-fA-F]{2})++")  # possessive: nothing is kept for going back
_LONE_PERCENT = re.compile(b"%(?![0-9a-fA-F]{2})")
_FILENAME_EXTENDED = re.compile(  # RFC 5987 and RFC 2231: filename*=, filename*0=, filename*0*=
    rf"(?:^|[;\s])filename\*(?:\d{{1,3}}\*?)?\s*=\s*(?:{_QUOTED}|([^;\s]*))", re.IGNORECASE
)
_CHARSET = re.compile("[\\w-]*'[\\w-]*'", re.ASCII)  # of an extended value, and its language
_BOUNDARY = re.compile(rf"boundary\s*=\s*(?:{_QUOTED}|([^;,\s]+))", re.IGNORECASE)


Pairs = list[tuple[str, str]]


class BadForm(ValueError):
    """A query or a body that cannot be read; `encoding` is True when it is not UTF-8.

    `pairs` are those that could be read: the reply still needs the requested format.
    """

    def __init__(self, reason: str, pairs: Pairs, *, encoding: bool = False) -> None:
        self.reason = reason
        self.pairs = pairs
        self.encoding = encoding
        super().__init__(reason)


class Upload(Struct, frozen=True):
    """A file part: the parameter's name, the bytes, and the file name that the client gave."""

    name: str
    content: bytes
    filename: str = ""


def parse_urlencoded(raw: bytes) -> Pairs:
    """Parse a query string or an urlencoded body into pairs; empty values stay.

    Raises:
        BadForm: a name or a value is not UTF-8, or there are too many.
    """
    if not raw:
        return []
    try:
        text = raw.decode("utf-8")
        broken = False
    except UnicodeDecodeError:
        text = raw.decode("utf-8", "replace")
        broken = True
    # commas of `fields` and colons of times are most escapes: read at once, they spare the slow way
    text = text.replace("+", " ")
    if len(text) < _LONG_CHARACTERS:
        text = text.replace("%2C", ",").replace("%3A", ":")
    pairs: Pairs = []
    pieces = text.split("&", _MAX_PARTS)
    for piece in filter(None, pieces[:_MAX_PARTS]):
        name, _, value = piece.partition("=")
        try:
            if "%" in name or "%" in value:
                name = _decode_escapes(name)
                value = _decode_escapes(value)
            pairs.append((name, value))
        except UnicodeDecodeError:
            broken = True
    if len(pieces) > _MAX_PARTS:
        raise BadForm(f"more than {_MAX_PARTS} parameters", pairs)
    if broken:
        raise BadForm("not UTF-8", pairs, encoding=True)
    return pairs


def _decode_escapes(text: str) -> str:
    """Return the text with its escapes decoded; a % that begins none stays.

    Raises:
        UnicodeDecodeError: the escapes are not UTF-8.
    """
    if len(text) > _LONG_CHARACTERS:
        return _decode_long(text.encode())
    return _ESCAPES.sub(
        lambda match: bytes.fromhex(match[0].replace("%", "")).decode("utf-8"), text
    )


def _decode_long(data: bytes) -> str:
    """Do the same in C, piece by piece, so that other threads have their turn between two.

    Quoted-printable is the same code with another sign; the standard library reads it in C.
    """
    decoded = []
    start = 0
    while start < len(data):
        end = start + _PIECE_BYTES
        cut = data.find(b"%", end - 2, end)
        if end < len(data) and cut >= 0:
            end = cut
        piece = _LONE_PERCENT.sub(b"%25", data[start:end])
        decoded.append(a2b_qp(piece.replace(b"=", b"%3D").replace(b"%", b"=")))
        start = end
    return b"".join(decoded).decode("utf-8")


def parse_boundary(content_type: str) -> bytes:
    """Return the boundary that a multipart Content-Type names, empty if it names none."""
    match = _BOUNDARY.search(content_type)
    return (match[1] or match[2] or "").encode("latin-1", "replace") if match else b""


def parse_multipart(body: bytes, boundary: bytes) -> tuple[Pairs, list[Upload]]:
    """Parse a multipart body into text pairs and files.

    A part with a file name in any form, or of disposition type `file`, is a file.

    Raises:
        BadForm: no boundary, a part without name or header end, too many parts, text not UTF-8.
    """
    mark = b"--" + boundary
    if not boundary or mark not in body:
        raise BadForm("multipart body without its boundary", [])
    pieces = (b"\r\n" + body).split(b"\r\n" + mark, _MAX_PARTS)
    if len(pieces) > _MAX_PARTS:
        raise BadForm(f"more than {_MAX_PARTS} parts", [])
    pairs: Pairs = []
    files: list[Upload] = []
    closed = False
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            closed = True
            break
        _parse_part(piece, pairs, files)
    if not closed:
        raise BadForm("multipart body is cut: no closing boundary", pairs)
    return pairs, files


def split_parts(body: bytes, boundary: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each part that has a name and no file name, as far as readable.

    For a body that `parse_multipart` refuses.
    """
    for piece in (b"\r\n" + body).split(b"\r\n--" + boundary, _MAX_PARTS)[1:]:
        head, separator, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        if separator and len(head) <= _MAX_PART_HEAD_BYTES:
            disposition = _find_disposition(head.decode("utf-8", "replace"))
            name = _NAME.search(disposition)
            if name and _find_filename(disposition) is None:
                yield name[1] or name[2] or "", content


def _find_filename(disposition: str) -> str | None:
    """Return the file name that a part gives: the plain one, else an extended one; None: none."""
    plain = _FILENAME.search(disposition)
    if plain:
        return plain[1] or plain[2] or ""
    pieces = [quoted or bare for quoted, bare in _FILENAME_EXTENDED.findall(disposition)]
    if not pieces:
        return None
    return unquote(_CHARSET.sub("", "".join(pieces), count=1))


def _parse_part(piece: bytes, pairs: Pairs, files: list[Upload]) -> None:
    head, separator, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    if not separator:
        raise BadForm("a multipart part without end of headers", pairs)
    if len(head) > _MAX_PART_HEAD_BYTES:
        raise BadForm(f"the head of a multipart part is above {_MAX_PART_HEAD_BYTES} bytes", pairs)
    try:
        disposition = _find_disposition(head.decode("utf-8"))
        name_match = _NAME.search(disposition)
        if not name_match:
            raise BadForm("a multipart part without a name", pairs)
        name = name_match[1] or name_match[2] or ""
        disposition_type = disposition.partition(";")[0].strip().lower()
        filename = _find_filename(disposition)
        if filename is not None or disposition_type == "file":
            files.append(Upload(name, content, filename or ""))
        else:
            pairs.append((name, content.decode("utf-8")))
    except UnicodeDecodeError:
        raise BadForm("a multipart part is not UTF-8", pairs, encoding=True) from None


def _find_disposition(head: str) -> str:
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            return value.strip()
    return ""
