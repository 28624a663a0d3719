"""Read a WSGI request: its body within a limit, and the address that the caller used."""

import re
from collections.abc import Mapping
from typing import Any

from ..protocol.messages import MAX_BODY_BYTES, is_host

__all__ = ["BodyBroken", "base_url", "read_body", "requested_url", "strip_prefix"]

_CHUNK_BYTES = 64 * 1024
_MAX_DISCARDED_BYTES = 64 * 1024 * 1024
_PLATFORM_HOST = re.compile(
    r"(?:[\w.\-]+\.)?(?:taobao|tmall|tbsandbox)\.com\.?(?::\d{1,5})?", re.ASCII | re.IGNORECASE
)


def base_url(environ: Mapping[str, Any], public_url: str, prefix: str = "") -> str:
    """Return scheme, host, port and path under which the caller can reach this server.

    It is `public_url` if one is set, else the request's Host with `prefix`, a path without a slash
    at its end.  Headers such as X-Forwarded-Host are not read: any client can send them.  Where the
    Host cannot be used, or is one of the real platform, which a request through a proxy names, it
    is the server's own address.
    """
    if public_url:
        return public_url
    host = environ.get("HTTP_HOST", "")
    if not is_host(host) or (
        _PLATFORM_HOST.fullmatch(host) and host.partition(":")[0] != environ.get("SERVER_NAME")
    ):
        host = _own_host(environ)
    return f"{environ.get('wsgi.url_scheme', 'http')}://{host}{prefix}"


def strip_prefix(path: str, prefix: str) -> str:
    """Return the path without `prefix`, where it begins with all of it; else as it is.

    A proxy may take the prefix off or leave it on.
    """
    return path.removeprefix(prefix) if prefix and path.startswith(f"{prefix}/") else path


def requested_url(environ: Mapping[str, Any]) -> str:
    """Return scheme and host as the request named them; "" if its Host cannot be used."""
    host = environ.get("HTTP_HOST", "")
    return f"{environ.get('wsgi.url_scheme', 'http')}://{host}" if is_host(host) else ""


def _own_host(environ: Mapping[str, Any]) -> str:
    """Return host and port that the server listens on; a server on all addresses is loopback."""
    host = environ.get("SERVER_NAME", "")
    if host in ("", "0.0.0.0", "::"):  # noqa: S104  # compared, nothing is bound
        host = "127.0.0.1"
    host = f"[{host}]" if ":" in host else host
    return f"{host}:{environ.get('SERVER_PORT', '80')}"


class BodyBroken(ConnectionError):
    """The body ended before its announced length, or its chunks cannot be read."""


def read_body(environ: Mapping[str, Any], limit: int = MAX_BODY_BYTES) -> bytes | None:
    """Return the request's body, or None if it is longer than `limit` bytes.

    The rest of a body that is too long is read and dropped, so that its client reads the answer.

    Raises:
        BodyBroken: fewer bytes came than were announced, or the chunks cannot be read.
    """
    stream, length = environ["wsgi.input"], environ.get("CONTENT_LENGTH") or ""
    try:
        if length.isascii() and length.isdigit():
            size = int(length)
            if size > limit:
                _discard(stream, size)
                return None
            body: bytes = stream.read(size)
            if len(body) < size:
                raise BodyBroken
            return body
        if not environ.get("wsgi.input_terminated") and not environ.get("HTTP_TRANSFER_ENCODING"):
            return b""
        body = stream.read(limit + 1)
        if len(body) <= limit:
            return body
        _discard(stream, _MAX_DISCARDED_BYTES)
        return None
    except (OSError, ValueError):
        raise BodyBroken from None


def _discard(stream: Any, size: int) -> None:
    """Read and drop `size` bytes, at most _MAX_DISCARDED_BYTES; the server closes after more."""
    left = min(size, _MAX_DISCARDED_BYTES)
    while left > 0 and (chunk := stream.read(min(_CHUNK_BYTES, left))):
        left -= len(chunk)
