"""Sandboxes of a running server as targets of scenarios."""

from ..control.scenario_target import ReplyLost, sandbox_targets
from ..scenario.target import TargetFactory
from .control_client import Control
from .transport import Lost

__all__ = ["http_targets"]


def http_targets(control: Control, *, keep: bool = False) -> TargetFactory:
    """Return a function that makes a target on a fresh sandbox of a running server.

    With `keep` the sandboxes stay when their targets are closed.

    Raises (a target's signed call):
        ReplyLost: a planned fault has taken the reply.
    """

    def send(body: bytes, kind: str, host: str) -> bytes:
        headers = {"Content-Type": kind, **({"Host": host} if host else {})}
        try:
            return control.transport.send("POST", "/router/rest", body, headers)[2]
        except Lost as lost:
            raise ReplyLost(lost.how) from None

    return sandbox_targets(control, send, keep=keep)
