"""A signed call as an SDK sends it: its text parameters with the signature, and the body.

Used by the client that tests get, by scenarios, and by in-process calls.  Source:
docs/spec/top-protocol.md#top-1.2, #top-2, #top-8.
"""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from msgspec import Struct

from ..protocol.shapes import format_time
from ..protocol.signing import SIGN_METHODS, sign
from .methods import METHODS

__all__ = ["Credentials", "build_signed_params", "encode_body", "extract_files"]

_BOUNDARY = "tmall-mockserver-form"


class Credentials(Struct, frozen=True):
    """Who calls: app, secret, session (empty: none is sent)."""

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
    """Return all text parameters of a call by name, with the signature.

    A value None leaves a parameter out.  `fields`, if the method has it, asks for everything
    unless `business` names it.  What `business` contains replaces the gateway's own parameters,
    `sign` included.  If it names a `sign_method` that does not exist, the call is signed as by
    md5, so that the gateway and not this function refuses it.
    """
    system = {
        "method": method,
        "app_key": who.app_key,
        "session": who.session or None,
        "v": "2.0",
        "format": format,
        "sign_method": sign_method,
        "timestamp": format_time(at),
    }
    declared = METHODS.get(method)
    takes_fields = declared and any(param.name == "fields" for param in declared.params)
    if declared and takes_fields and "fields" not in business:
        system["fields"] = declared.all_fields
    texts = {
        name: _format_value(value)
        for name, value in {**system, **business}.items()
        if value is not None and not isinstance(value, bytes | bytearray)
    }
    if "sign" in business:
        return texts
    signed_by = texts.get("sign_method", "md5")
    if "sign_method" in business and signed_by not in SIGN_METHODS:
        signed_by = "md5"
    return {**texts, "sign": sign(texts, who.app_secret, signed_by)}


def extract_files(business: Mapping[str, object]) -> dict[str, bytes]:
    """Return the parameters that are sent as files: those whose values are bytes."""
    return {
        name: bytes(value)
        for name, value in business.items()
        if isinstance(value, bytes | bytearray)
    }


def encode_body(texts: Mapping[str, str], files: Mapping[str, bytes]) -> tuple[bytes, str]:
    """Return the body and its content type: a form, or multipart if there are files."""
    if not files:
        return urlencode(texts).encode(), "application/x-www-form-urlencoded;charset=UTF-8"
    parts = [
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n{text}'.encode()
        for name, text in texts.items()
    ]
    for name, content in files.items():
        head = (
            f'Content-Disposition: form-data; name="{name}"; filename="{name}"\r\n'
            "Content-Type: image/png\r\n\r\n"
        )
        parts.append(head.encode() + content)
    delimiter = f"--{_BOUNDARY}".encode()
    body = b"".join(delimiter + b"\r\n" + part + b"\r\n" for part in parts)
    body += delimiter + b"--\r\n"
    return body, f"multipart/form-data; boundary={_BOUNDARY}"


def _format_value(value: object) -> str:
    """Return a parameter's value as text: lists joined by commas, instants in Beijing time."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return format_time(value)
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
