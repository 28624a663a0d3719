"""A stage over the control API of a running server: what a story needs, over HTTP."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from ..api.signed_call import Credentials, build_signed_params, encode_body, extract_files
from ..protocol.shapes import BEIJING
from ..scenario.curl import curl_line
from ..scenario.target import TargetFactory, TargetRefused, TargetReply, lost_reply, read_reply
from ..world.clock import FROZEN_AT
from .control_client import Control, ControlRefused
from .transport import Lost

__all__ = ["ControlStage", "server_stages"]


class ControlStage:
    """One sandbox of a running server as a story's stage; `made` tells that it is dropped with the stage."""

    def __init__(self, control: Control, sandbox: str, *, made: bool) -> None:
        self._control, self._sandbox, self._made = control, sandbox, made
        self.info: Mapping[str, Any] = self.ask("GET", "")

    def ask(self, verb: str, path: str, body: object = None, **query: object) -> Any:
        """A control call below the sandbox.

        Raises:
            Refused: with the problem document.
        """
        below = f"sandboxes/{quote(self._sandbox, safe='')}" + (f"/{path}" if path else "")
        try:
            return self._control(verb, below, body, **query)
        except ControlRefused as refused:
            raise TargetRefused(refused.problem) from None

    def call(self, method: str, params: Mapping[str, object], session: str) -> TargetReply:
        """A signed call over the transport of the control API."""
        who = Credentials(self.info["app_key"], self.info["app_secret"], session)
        files = extract_files(params)
        texts = build_signed_params(method, params, who, datetime.now(BEIJING))
        body, kind = encode_body(texts, files)
        curl = curl_line(self.info["gateway"], texts, files)
        try:
            _, _, content = self._control.transport.send(
                "POST", "/router/rest", body, {"Content-Type": kind}
            )
        except Lost as lost:
            return lost_reply(lost.how, curl)
        return read_reply(content, curl)

    def close(self) -> None:
        """The sandbox is dropped if it was made for the story."""
        if self._made:
            self._control("DELETE", f"sandboxes/{quote(self._sandbox, safe='')}")


def server_stages(control: Control, *, keep: bool = False) -> TargetFactory:
    """Makes stages on fresh sandboxes of a running server, which stay afterwards with `keep`."""

    def make(document: Mapping[str, Any]) -> ControlStage:
        try:
            made = control("POST", "sandboxes", {"clock": FROZEN_AT, **document})
        except ControlRefused as refused:
            raise TargetRefused(refused.problem) from None
        return ControlStage(control, made["id"], made=not keep)

    return make
