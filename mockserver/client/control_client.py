"""The control API as a function of verb, path and body, over HTTP or in this process."""

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode

import msgspec

from ..scenario.target import ControlRefused
from .transport import ForkedProcess, Lifetime, Transport, Wsgi

if TYPE_CHECKING:
    from ..control.in_process import InProcessControl

__all__ = ["Control", "ControlClient", "ControlRefused", "LocalControl", "local_control"]


class ControlClient(Protocol):
    """One server's control API, with the transport to its gateway."""

    @property
    def base_url(self) -> str:
        """The server's address, without a slash at its end."""
        ...

    @property
    def token(self) -> str:
        """The token of the control API."""
        ...

    @property
    def transport(self) -> Transport:
        """How signed calls reach the gateway."""
        ...

    def __call__(self, verb: str, path: str, body: object = None, **query: object) -> Any:
        """Return the decoded JSON of the reply to `verb path`, None without content.

        A path without `/_sandbox` is taken below it.  Keyword arguments are the query; None
        leaves one out.

        Raises:
            ControlRefused: any status of 400 or more.
        """
        ...


class Control:
    """The control API over a transport, usually HTTP."""

    def __init__(self, transport: Transport, token: str) -> None:
        self.transport = transport
        self.token = token

    @property
    def base_url(self) -> str:
        """The server's address."""
        return self.transport.base_url

    def __call__(self, verb: str, path: str, body: object = None, **query: object) -> Any:
        """Return the decoded JSON of the reply, None without content.

        Raises:
            ControlRefused: any status of 400 or more.
            Unreachable: no server answers.
        """
        full_path = path if path.startswith("/_sandbox") else f"/_sandbox/{path}"
        pairs = {name: value for name, value in query.items() if value is not None}
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        content = b"" if body is None else msgspec.json.encode(body)
        status, _, reply = self.transport.send(
            verb, full_path + (f"?{urlencode(pairs)}" if pairs else ""), content, headers
        )
        if status >= 400:
            try:
                problem = msgspec.json.decode(reply)
            except msgspec.DecodeError:
                problem = {
                    "title": "应答不是控制接口的",
                    "detail": "not an answer of the control API",
                }
            raise ControlRefused({"status": status, **problem})
        return msgspec.json.decode(reply) if reply else None


class LocalControl:
    """The control API of a server of this process, without HTTP.

    Its WSGI app is built when the transport is first asked for: a test that only opens and moves
    exchanges needs none.
    """

    def __init__(
        self, control: "InProcessControl", app: Any = None, lifetime: Lifetime | None = None
    ) -> None:
        self._control = control
        self._lifetime = lifetime or Lifetime()
        self._app = app
        self._process = os.getpid()

    @property
    def base_url(self) -> str:
        """The address that replies hand out."""
        return self._control.base_url

    @property
    def token(self) -> str:
        """The token of the control API, for those who come over HTTP."""
        return self._control.context.token

    @cached_property
    def transport(self) -> Wsgi:
        """The way into the server's WSGI app."""
        if self._app is None:
            from ..server import create_app, report

            self._app = create_app(self._control.context, report)
        return Wsgi(self._app, self.base_url, lifetime=self._lifetime)

    def __call__(self, verb: str, path: str, body: object = None, **query: object) -> Any:
        """Return the decoded JSON of the reply, None without content.

        Raises:
            ControlRefused: any status of 400 or more.
            ForkedProcess: this is a child of the process that made the server.
            ServerStopped: the server has ended.
        """
        if os.getpid() != self._process:
            raise ForkedProcess(self.base_url)
        self._lifetime.check(self.base_url)
        return self._control(verb, path, body, **query)


def local_control() -> LocalControl:
    """Return the control API of a new server without sockets and without sandboxes."""
    from ..control.in_process import InProcessControl  # a remote command needs none of this
    from ..server import make_context

    return LocalControl(InProcessControl(make_context()))
