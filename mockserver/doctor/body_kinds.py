"""What a body or a value is that was not read as the client meant it: picture, gzip, JSON, GBK.

A body that is not UTF-8 is refused with error 47, and one whose Content-Type hides its form lacks
every parameter.  Only its bytes say what it is.
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

import msgspec

from ..protocol.forms import parse_boundary, split_parts
from ..protocol.pictures import detect_picture_type
from .finding_texts import Finding, make_finding
from .refused_call import RefusedCall

__all__ = ["describe_body", "examine_encoding", "read_json_members"]

_MAX_DECODED_BYTES = 64 * 1024  # of a body whose encoding is looked for
_MAX_JSON_BYTES = 256 * 1024  # decoding more would keep other threads from running
_MAX_HEAD_BYTES = 1024  # by which a body is recognized
_UTF8_BOM = b"\xef\xbb\xbf"
_MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip"),
    (b"%PDF-", "PDF"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x00\x00\x00", "MP4"),
    (b"x\x9c", "zlib (deflate)"),
    (b"x\x01", "zlib (deflate)"),
    (b"x\xda", "zlib (deflate)"),
)
_CONTROL_CODES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def examine_encoding(call: RefusedCall) -> Iterator[Finding]:
    """Find what it is that is not UTF-8: a part, a value or the body, and in which encoding."""
    body = call.inbound.body or b""
    if call.inbound.content_type.lower().startswith("multipart/"):
        boundary = parse_boundary(call.inbound.content_type)
        for name, content in split_parts(body, boundary) if boundary else ():
            if kind := _name_binary(content):
                yield make_finding("binary_part", name=name, kind=kind)
                return
    elif (finding := describe_body(call)) is not None:
        yield finding
        return
    for name, value in _decode_values(call.inbound.query, body):
        if kind := _name_binary(value):
            yield make_finding("binary_value", name=name, kind=kind)
            return
    raw = unquote_to_bytes(call.inbound.query + body[:_MAX_DECODED_BYTES])
    if codec := _name_codec(raw):
        yield make_finding("not_utf8", codec=codec)


def describe_body(call: RefusedCall) -> Finding | None:
    """Return the finding that a body is no form at all: a picture, compressed, multipart."""
    body = call.inbound.body or b""
    media_type = call.inbound.content_type.partition(";")[0].strip()[:60] or "-"
    if media_type.lower().startswith("multipart/"):
        return None
    if kind := _name_binary(body):
        return make_finding("binary_body", kind=kind)
    if re.match(rb"(\r\n)?--[^\r\n]{1,200}\r\n(?i:content-)", body):
        return make_finding("body_multipart", given=media_type)
    if body[:_MAX_HEAD_BYTES].lstrip(_UTF8_BOM + b" \r\n\t").startswith(b"<"):
        return make_finding("body_xml", given=media_type)
    return None


def read_json_members(call: RefusedCall) -> frozenset[str]:
    """Return the names of a body that is a JSON object, whatever its Content-Type.

    Also one that begins with a BOM, or that was URL-encoded; of a body above 256 KiB none.
    """
    body = (call.inbound.body or b"").removeprefix(_UTF8_BOM)
    if len(body) > _MAX_JSON_BYTES:
        return frozenset()
    if body[:3].upper() == b"%7B":
        body = unquote_to_bytes(body)
    try:
        members = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return frozenset()
    return frozenset(members) if isinstance(members, dict) else frozenset()


def _decode_values(query: bytes, body: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the pairs of a query and a form with values as bytes, as far as they are looked at."""
    for piece in (query + b"&" + body[:_MAX_DECODED_BYTES]).split(b"&"):
        name, _, value = piece.partition(b"=")
        yield name[:60].decode("utf-8", "replace"), unquote_to_bytes(value)


def _name_binary(content: bytes) -> str:
    """Return what bytes are that are no text, "" for text in any encoding."""
    if picture := detect_picture_type(content):
        # a text may begin with BM
        return picture if picture != "image/bmp" or content[2:14].count(0) >= 4 else ""
    kind = next((kind for magic, kind in _MAGIC if content.startswith(magic)), "")
    return kind if kind and not _is_text(content) else ""


def _is_text(content: bytes) -> bool:
    try:
        return not _CONTROL_CODES.search(content[:_MAX_DECODED_BYTES].decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _name_codec(raw: bytes) -> str:
    """Return the encoding of a Chinese text that is not UTF-8, "" for none that is known."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16"
    try:
        text = raw.decode("gb18030")
    except UnicodeDecodeError:
        return ""
    chinese = any("\u4e00" <= character <= "\u9fff" for character in text)
    return "GBK" if chinese and not _CONTROL_CODES.search(text) else ""
