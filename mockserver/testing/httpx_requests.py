"""How a sandbox answers a request of httpx or httpx2: both have the same classes.

Imported with one of the two libraries only.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType, ModuleType
from typing import Any

from ..client.transport import Lost, Wsgi

__all__ = ["answer_request"]

_ERRORS: Mapping[str, str] = MappingProxyType(
    {
        "reset": "ReadError",
        "closed": "RemoteProtocolError",
        "cut": "RemoteProtocolError",
        "timeout": "ReadTimeout",
    }
)  # how a reply is lost: the name of the error in the library


def answer_request(library: ModuleType, app: Callable[..., Any], request: Any) -> Any:
    """Return the answer of a WSGI app as a `Response` of the library that the request is of.

    A read timeout is compared with the seconds that a fault holds the answer back; it passes no
    real time.

    Raises:
        An error of the library: a planned fault loses the answer.
    """
    timeout = request.extensions.get("timeout", {}).get("read")
    try:
        status, headers, content = Wsgi(app, f"{request.url.scheme}://127.0.0.1", timeout).send(
            request.method, request.url.raw_path.decode("ascii"), request.read(), request.headers
        )
    except Lost as lost:
        raise getattr(library, _ERRORS[lost.how])(str(lost), request=request) from None
    return library.Response(status, headers=headers, content=content)
