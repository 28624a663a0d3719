"""Where a scenario runs: one sandbox of a server, in process or over HTTP.

A target only carries control calls below the sandbox, and signed calls to the gateway.
"""

import shlex
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import msgspec
from msgspec import Struct

__all__ = [
    "ControlRefused",
    "ScenarioTarget",
    "TargetFactory",
    "TargetReply",
    "format_curl",
    "make_lost_reply",
    "parse_reply",
]


class ControlRefused(Exception):
    """The control API refused a call.

    `problem` is its document, with `field`, `status_now`, `possible` where they apply; `status` is
    the HTTP status.
    """

    def __init__(self, problem: Mapping[str, Any]) -> None:
        self.problem = problem
        self.status = int(problem.get("status", 0))
        super().__init__(f"{problem.get('title', '')} ({problem.get('detail', '')})")


class TargetReply(Struct, frozen=True):
    """A gateway reply.

    `inner` is what stands inside its root, `error` whether the root is `error_response`.

    `curl` is the call as a line to paste; it takes the session from the variable TOP_SESSION.
    """

    inner: Mapping[str, Any]
    error: bool
    curl: str


class ScenarioTarget(Protocol):
    """One sandbox; `info` is how the control API describes it."""

    info: Mapping[str, Any]

    def ask(self, verb: str, path: str, body: object = None, **query: object) -> Any:
        """Make a control call below the sandbox, e.g. `GET stock`.  Return what the API returns.

        Raises:
            ControlRefused: the control API refused.
        """
        ...

    def call(
        self, method: str, params: Mapping[str, object], session: str, host: str = ""
    ) -> TargetReply:
        """Make a signed call with this session; bytes among the parameters go as files.

        `host` is the Host that the request names; "" is the server's own.
        """
        ...

    def close(self) -> None:
        """Delete the sandbox if it was made for the scenario."""
        ...


# Makes a target from a world document; raises ControlRefused.
TargetFactory = Callable[[Mapping[str, Any]], ScenarioTarget]


def make_lost_reply(effect: str, curl: str) -> TargetReply:
    """Return the reply that a planned fault kept from its caller: only `effect` is known."""
    return TargetReply({"lost": effect}, error=True, curl=curl)


def parse_reply(body: bytes, curl: str) -> TargetReply:
    """Return a gateway reply without its root.

    What is no JSON object stands under `text` or `value`.
    """
    try:
        root, inner = next(iter(msgspec.json.decode(body).items()))
    except (msgspec.DecodeError, AttributeError, StopIteration):
        text = body.decode(errors="replace")
        return TargetReply({"text": text}, error=b"<error_response>" in body, curl=curl)
    return TargetReply(
        inner if isinstance(inner, dict) else {"value": inner},
        error=root == "error_response",
        curl=curl,
    )


def format_curl(
    url: str, texts: Mapping[str, str], files: Iterable[str] = (), host: str = ""
) -> str:
    """Return the curl line that sends these signed parameters; files are named, not shown.

    `host` is the Host to name; "" is that of `url`.  The session is taken from TOP_SESSION.  The
    signature holds for as long as the timestamp does.
    """
    names = list(files)
    flag = "--form-string" if names else "--data-urlencode"
    parts = ["curl -s", shlex.quote(url)]
    if host:
        parts.append(f"-H {shlex.quote(f'Host: {host}')}")
    for name, text in texts.items():
        pair = f'"{name}=$TOP_SESSION"' if name == "session" else shlex.quote(f"{name}={text}")
        parts.append(f"{flag} {pair}")
    parts += [f"-F {shlex.quote(f'{name}=@{name}.png')}" for name in names]
    return " ".join(parts)
