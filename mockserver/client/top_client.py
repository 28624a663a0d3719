"""A small signed TOP client, for tests, the demo and the command line.

It signs as an SDK does.  Its clock is the computer's, in GMT+8.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from ..api.signed_call import Credentials, build_signed_params, encode_body, extract_files
from ..protocol.shapes import BEIJING
from .transport import Http, Transport

__all__ = ["TopClient", "TopRefused"]


_UNKNOWN_CALLER = (27, 29)  # codes of an unknown session and of an unknown app key


class TopRefused(Exception):
    """The gateway answered with a platform error."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        self.code = int(error.get("code", 0))
        self.msg = str(error.get("msg", ""))
        self.sub_code = str(error.get("sub_code", ""))
        self.sub_msg = str(error.get("sub_msg", ""))
        self.request_id = str(error.get("request_id", ""))
        super().__init__(
            f"{self.code} {self.msg} {self.sub_code} {self.sub_msg} request_id={self.request_id}"
        )


def _now() -> datetime:
    return datetime.now(BEIJING)


class TopClient:
    """Signs and sends calls to `url` (…/router/rest).

        client.call("tmall.exchange.get", dispute_id="1", fields="dispute_id,status")

    `transport` replaces HTTP, e.g. by a WSGI app of this process.  `look`, if given, is called when
    the gateway does not know the caller: it raises if the sandbox has gone.
    """

    def __init__(
        self,
        url: str,
        app_key: str,
        app_secret: str,
        session: str = "",
        *,
        sign_method: str = "md5",
        transport: Transport | None = None,
        clock: Callable[[], datetime] = _now,
        look: Callable[[], None] | None = None,
    ) -> None:
        parts = urlsplit(url)
        self.url = url
        self.app_key = app_key
        self.app_secret = app_secret
        self.session = session
        self.sign_method = sign_method
        self._path = parts.path or "/router/rest"
        self._transport = transport or Http(f"{parts.scheme}://{parts.netloc}")
        self._clock = clock
        self._look = look

    def params(
        self, method: str, business: Mapping[str, object], *, format: str = "json"
    ) -> dict[str, str]:
        """Return all text parameters with the signature.

        None leaves one out; `fields` is filled in when absent.
        """
        who = Credentials(self.app_key, self.app_secret, self.session)
        return build_signed_params(
            method, business, who, self._clock(), format=format, sign_method=self.sign_method
        )

    def send(
        self, method: str, /, *, format: str = "json", **business: object
    ) -> tuple[str, Mapping[str, str]]:
        """Send a call and return the reply as text with its headers.

        Bytes among the parameters go as files.
        """
        texts = self.params(method, business, format=format)
        body, kind = encode_body(texts, extract_files(business))
        _, headers, content = self._transport.send("POST", self._path, body, {"Content-Type": kind})
        return content.decode(), headers

    def close(self) -> None:
        """Close the connections that the client has opened."""
        if isinstance(self._transport, Http):
            self._transport.close()

    def call(self, method: str, /, **business: object) -> dict[str, Any]:
        """Send a call and return what is inside the reply's root.

        Raises:
            TopRefused: a platform error.
            SandboxGone: the client is a sandbox's, and the sandbox has been dropped.
        """
        text, _ = self.send(method, **business)  # type: ignore[arg-type]  # parameters are not called `format`
        root, inner = next(iter(json.loads(text).items()))
        if root == "error_response":
            if self._look is not None and inner.get("code") in _UNKNOWN_CALLER:
                self._look()
            raise TopRefused(inner)
        answer: dict[str, Any] = inner
        return answer
