"""A small signed TOP client, for tests, the demo and the command line.

It signs like any SDK; what it sends could come from one.  Its clock is the machine's, in GMT+8.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from ..api.around_methods import METHODS
from ..protocol.shapes import BEIJING, show_time
from ..protocol.signing import sign
from .transport import Http, Transport

__all__ = ["TopClient", "TopRefused"]

_BOUNDARY = "tmall-mockserver-form"


class TopRefused(Exception):
    """The gateway answered with a platform error."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        self.code = int(error.get("code", 0))
        self.msg = str(error.get("msg", ""))
        self.sub_code = str(error.get("sub_code", ""))
        self.sub_msg = str(error.get("sub_msg", ""))
        self.request_id = str(error.get("request_id", ""))
        super().__init__(f"{self.code} {self.msg} {self.sub_code} {self.sub_msg} request_id={self.request_id}")


def _now() -> datetime:
    return datetime.now(BEIJING)


class TopClient:
    """Signs and sends calls to `url` (…/router/rest).

    `transport` replaces HTTP, e.g. by a WSGI app of this process.
    """

    def __init__(
        self, url: str, app_key: str, app_secret: str, session: str = "", *, sign_method: str = "md5",
        transport: Transport | None = None, clock: Callable[[], datetime] = _now,
    ) -> None:
        parts = urlsplit(url)
        self.url, self.app_key, self.app_secret, self.session = url, app_key, app_secret, session
        self.sign_method = sign_method
        self._path = parts.path or "/router/rest"
        self._transport = transport or Http(f"{parts.scheme}://{parts.netloc}")
        self._clock = clock

    def params(self, method: str, business: Mapping[str, object], *, format: str = "json") -> dict[str, str]:
        """All text parameters with the signature; None leaves one out, `fields` is filled in when absent."""
        system = {
            "method": method, "app_key": self.app_key, "session": self.session or None, "v": "2.0", "format": format,
            "sign_method": self.sign_method, "timestamp": show_time(self._clock()),
        }
        known = METHODS.get(method)
        if known is not None and "fields" not in business and any(p.name == "fields" for p in known.params):
            system["fields"] = known.every_field
        merged = {**system, **business}
        texts = {name: _text(value) for name, value in merged.items() if value is not None and not _file(value)}
        return {**texts, "sign": sign(texts, self.app_secret, texts["sign_method"])}

    def send(self, method: str, /, *, format: str = "json", **business: object) -> tuple[str, Mapping[str, str]]:
        """The reply as text with its headers; bytes among the parameters go as files."""
        texts = self.params(method, business, format=format)
        files = {name: value for name, value in business.items() if isinstance(value, bytes | bytearray)}
        if files:
            body, kind = _multipart(texts, files), f"multipart/form-data; boundary={_BOUNDARY}"
        else:
            body, kind = urlencode(texts).encode(), "application/x-www-form-urlencoded;charset=UTF-8"
        _, headers, content = self._transport.send("POST", self._path, body, {"Content-Type": kind})
        return content.decode(), headers

    def close(self) -> None:
        """Connections of its own are closed."""
        if isinstance(self._transport, Http):
            self._transport.close()

    def call(self, method: str, /, **business: object) -> dict[str, Any]:
        """What stands inside the reply's root.

        Raises:
            TopRefused: a platform error.
        """
        text, _ = self.send(method, **business)  # type: ignore[arg-type]  # parameters are not called `format`
        root, inner = next(iter(json.loads(text).items()))
        if root == "error_response":
            raise TopRefused(inner)
        answer: dict[str, Any] = inner
        return answer


def _file(value: object) -> bool:
    return isinstance(value, bytes | bytearray)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return show_time(value)
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _multipart(texts: Mapping[str, str], files: Mapping[str, bytes | bytearray]) -> bytes:
    parts = []
    for name, text in texts.items():
        parts.append(f'Content-Disposition: form-data; name="{name}"\r\n\r\n{text}'.encode())
    for name, content in files.items():
        head = f'Content-Disposition: form-data; name="{name}"; filename="{name}"\r\nContent-Type: image/png\r\n\r\n'
        parts.append(head.encode() + bytes(content))
    mark = f"--{_BOUNDARY}".encode()
    return b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"
