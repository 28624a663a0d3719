"""Where a story is played: one sandbox of a server, in process or over HTTP.

A stage only carries: control calls below the sandbox, and signed calls to the gateway.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec
from msgspec import Struct

__all__ = [
    "ControlRefused",
    "ScenarioTarget",
    "TargetFactory",
    "TargetReply",
    "lost_reply",
    "read_reply",
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
    """A gateway reply: what stands inside its root, whether that is `error_response`, and the call as curl.

    The curl line takes the session from the variable TOP_SESSION, so that none is shown.
    """

    inner: Mapping[str, Any]
    error: bool
    curl: str


class ScenarioTarget(Protocol):
    """One sandbox; `info` is how the control API shows it."""

    info: Mapping[str, Any]

    def ask(self, verb: str, path: str, body: object = None, **query: object) -> Any:
        """A control call below the sandbox, e.g. `GET stock`.

        Raises:
            ControlRefused: the control API refused.
        """
        ...

    def call(self, method: str, params: Mapping[str, object], session: str) -> TargetReply:
        """A signed call with this session; bytes among the parameters go as files."""
        ...

    def close(self) -> None:
        """The sandbox is gone, if it was made for the story."""
        ...


TargetFactory = Callable[
    [Mapping[str, Any]], ScenarioTarget
]  # from a world document; raises ControlRefused


def lost_reply(how: str, curl: str) -> TargetReply:
    """The reply that a planned fault kept from its caller: all that is known is how it was lost."""
    return TargetReply({"lost": how}, error=True, curl=curl)


def read_reply(body: bytes, curl: str) -> TargetReply:
    """A gateway reply as a story sees it; what is no JSON is kept as its text."""
    try:
        root, inner = next(iter(msgspec.json.decode(body).items()))
    except (msgspec.DecodeError, AttributeError, StopIteration):
        return TargetReply(
            {"text": body.decode(errors="replace")}, error=b"<error_response>" in body, curl=curl
        )
    return TargetReply(
        inner if isinstance(inner, dict) else {"value": inner},
        error=root == "error_response",
        curl=curl,
    )
