"""`RequestsAdapter`: a requests session of this process reaches a sandbox without sockets.

Imported by users of requests only: the library is not the product's.
"""

import io
from collections.abc import Mapping
from http.client import responses
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest, Response
from requests import exceptions as errors
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from ..client.sandbox import Sandbox
from ..client.transport import Lost, Wsgi

__all__ = ["RequestsAdapter"]

_ERRORS: Mapping[str, type[errors.RequestException]] = {
    "reset": errors.ConnectionError,
    "closed": errors.ConnectionError,
    "cut": errors.ChunkedEncodingError,
    "timeout": errors.ReadTimeout,
}


class RequestsAdapter(HTTPAdapter):
    """Send every request below a prefix to the server of an in-process sandbox.

        session.mount("http://", RequestsAdapter(sandbox))

    Certificates and proxies have no effect; a timeout is compared with the seconds that a planned
    fault holds a reply back.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self._app = sandbox.wsgi

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        """Return the server's answer, or raise the error that a planned fault causes."""
        parts = urlsplit(str(request.url))
        verb = request.method or "GET"
        headers = {
            "Host": parts.netloc.rpartition("@")[2],
            **{name: _text(value) for name, value in request.headers.items()},
        }
        read_timeout = timeout[1] if isinstance(timeout, tuple) else timeout
        try:
            status, fields, content = Wsgi(
                self._app, f"{parts.scheme}://127.0.0.1", read_timeout
            ).send(verb, request.path_url, _body(request), headers)
        except Lost as lost:
            raise _ERRORS[lost.how](str(lost), request=request) from None
        raw = HTTPResponse(
            io.BytesIO(content),
            fields,
            status,
            reason=responses.get(status),
            preload_content=False,
            request_method=verb,
        )
        return self.build_response(request, raw)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _body(request: PreparedRequest) -> bytes:
    """Return the whole body; requests takes bytes, text, a file, or pieces."""
    body: Any = request.body
    if hasattr(body, "read"):
        body = body.read()
    if body is None or isinstance(body, str | bytes):
        body = (body or b"",)
    return b"".join(piece.encode() if isinstance(piece, str) else piece for piece in body)
