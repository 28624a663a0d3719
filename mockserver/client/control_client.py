"""The control API as a function: over a transport, or of a server without sockets."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from .transport import Transport, Wsgi

__all__ = ["Control", "ControlRefused", "local_control"]


class ControlRefused(Exception):
    """The control API refused; `problem` is its document, with `field`, `status_now`, `possible` where they apply."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        self.problem = problem
        self.status = int(problem.get("status", 0))
        super().__init__(f"{problem.get('title', '')} ({problem.get('detail', '')})")


class Control:
    """The control API of one server: JSON in, JSON out, problems raised."""

    def __init__(self, transport: Transport, token: str) -> None:
        self.transport, self.token = transport, token

    def __call__(self, verb: str, path: str, body: object = None, **query: object) -> Any:
        """The decoded reply to `verb path`; a path without `/_sandbox` is taken below it.

        Raises:
            ControlRefused: any status of 400 or more.
        """
        where = path if path.startswith("/_sandbox") else f"/_sandbox/{path}"
        asked = {name: value for name, value in query.items() if value is not None}
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        raw = b"" if body is None else msgspec.json.encode(body)
        status, _, content = self.transport.send(
            verb, where + (f"?{urlencode(asked)}" if asked else ""), raw, headers
        )
        if status >= 400:
            try:
                problem = msgspec.json.decode(content)
            except msgspec.DecodeError:
                problem = {
                    "title": "应答不是控制接口的",
                    "detail": "not an answer of the control API",
                }
            raise ControlRefused({"status": status, **problem})
        return msgspec.json.decode(content) if content else None


def local_control() -> Control:
    """The control API of a new server without sockets and without sandboxes."""
    from ..server import (  # a remote command needs no Flask: its import is half a start
        create_app,
        make_context,
        report,
    )

    desk = make_context()
    return Control(Wsgi(create_app(desk, report)), desk.token)
