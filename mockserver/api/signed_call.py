"""A signed call as an SDK sends it: all text parameters with their signature, and the body that carries them."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from msgspec import Struct

from ..protocol.shapes import show_time
from ..protocol.signing import SIGN_METHODS, sign
from .methods import METHODS

__all__ = ["Credentials", "build_signed_params", "encode_body", "extract_files"]

_BOUNDARY = "tmall-mockserver-form"


class Credentials(Struct, frozen=True):
    """Who calls: app, secret, session."""

    app_key: str
    app_secret: str
    session: str = ""


def build_signed_params(
    method: str,
    business: Mapping[str, object],
    who: Credentials,
    at: datetime,
    *,
    format: str = "json",
    sign_method: str = "md5",
) -> dict[str, str]:
    """All text parameters with the signature; None leaves one out, `fields` is filled in when absent.

    What `business` gives stands, the gateway's own parameters and `sign` included; by a `sign_method` that nobody
    knows it is signed as by md5, so that the gateway has its say.
    """
    system = {
        "method": method,
        "app_key": who.app_key,
        "session": who.session or None,
        "v": "2.0",
        "format": format,
        "sign_method": sign_method,
        "timestamp": show_time(at),
    }
    known = METHODS.get(method)
    if (
        known is not None
        and "fields" not in business
        and any(p.name == "fields" for p in known.params)
    ):
        system["fields"] = known.all_fields
    merged = {**system, **business}
    texts = {
        name: _text(value)
        for name, value in merged.items()
        if value is not None and not _is_file(value)
    }
    if "sign" in business:
        return texts
    named = texts.get("sign_method", "md5")
    chosen = "md5" if "sign_method" in business and named not in SIGN_METHODS else named
    return {**texts, "sign": sign(texts, who.app_secret, chosen)}


def extract_files(business: Mapping[str, object]) -> dict[str, bytes]:
    """The parameters that go as files."""
    return {
        name: bytes(value)
        for name, value in business.items()
        if isinstance(value, bytes | bytearray)
    }


def encode_body(texts: Mapping[str, str], files: Mapping[str, bytes]) -> tuple[bytes, str]:
    """The body and its content type: a form, multipart where there are files."""
    if not files:
        return urlencode(texts).encode(), "application/x-www-form-urlencoded;charset=UTF-8"
    parts = [
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n{text}'.encode()
        for name, text in texts.items()
    ]
    for name, content in files.items():
        head = f'Content-Disposition: form-data; name="{name}"; filename="{name}"\r\nContent-Type: image/png\r\n\r\n'
        parts.append(head.encode() + content)
    mark = f"--{_BOUNDARY}".encode()
    body = b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"
    return body, f"multipart/form-data; boundary={_BOUNDARY}"


def _is_file(value: object) -> bool:
    return isinstance(value, bytes | bytearray)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return show_time(value)
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
