"""Call a WSGI app for one request that has been read completely, and collect its response."""

import io
import sys
from collections.abc import Callable, Iterable
from typing import Any

from .request_parser import RequestHead

__all__ = ["WsgiApp", "call_wsgi_app"]

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def call_wsgi_app(
    app: WsgiApp, head: RequestHead, body: bytes, address: "ServerAddress"
) -> tuple[str, list[tuple[str, str]], bytes]:
    """Return status line, headers and body of the app's response.

    Raises:
        Exception: whatever the app raises.
    """
    status = "500 Internal Server Error"
    headers: list[tuple[str, str]] = []
    written: list[bytes] = []

    def start_response(
        new_status: str, new_headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], None]:
        nonlocal status, headers
        status = new_status
        headers = new_headers
        return written.append

    chunks = app(make_environ(head, body, address), start_response)
    try:
        written += chunks
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    return status, headers, b"".join(written)


class ServerAddress:
    """Scheme, host and port of the server, as WSGI wants them."""

    def __init__(self, scheme: str, host: str, port: int) -> None:
        self.scheme = scheme
        self.host = host
        self.port = str(port)


def make_environ(head: RequestHead, body: bytes, address: ServerAddress) -> dict[str, Any]:
    """Return the WSGI environ; a chunked body looks like one with a length."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": head.verb,
        "SCRIPT_NAME": "",
        "PATH_INFO": head.decoded_path,
        "QUERY_STRING": head.query.decode("latin-1"),
        "REQUEST_URI": head.path,
        "SERVER_NAME": address.host,
        "SERVER_PORT": address.port,
        "SERVER_PROTOCOL": "HTTP/1.0" if head.http_1_0 else "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": address.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in head.headers.items():
        if name not in ("content-length", "transfer-encoding"):
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    environ.pop("HTTP_CONTENT_TYPE", None)
    environ["CONTENT_TYPE"] = head.headers.get("content-type", "")
    environ["CONTENT_LENGTH"] = str(len(body))
    return environ
