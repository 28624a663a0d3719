"""A sandbox as the target of a scenario: control calls and signed calls.

In process or over HTTP.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from ..api.signed_call import Credentials, build_signed_params, encode_body, extract_files
from ..protocol.messages import Inbound, Reply
from ..protocol.shapes import BEIJING
from ..scenario.target import TargetFactory, TargetReply, format_curl, make_lost_reply, parse_reply
from ..service.control_function import ControlCall, sandbox_path
from ..service.request import base_url as read_base_url
from ..service.request import requested_url as read_requested_url
from ..world.clock import FROZEN_AT

__all__ = ["ReplyLost", "SandboxTarget", "SharedSandboxTarget", "gateway_sender", "sandbox_targets"]

# body, content type and named Host ("": the server's own) of a signed POST → the reply's body
Send = Callable[[bytes, str, str], bytes]


class ReplyLost(Exception):
    """A fault kept the gateway's reply from its caller.

    `how` is `reset`, `closed`, `cut`, `timeout`.
    """

    def __init__(self, how: str) -> None:
        self.how = how
        super().__init__(how)


def gateway_sender(answer: Callable[[Inbound], Reply], base_url: str) -> Send:
    """Return a function that sends a signed POST to a gateway of this process.

    Raises (the function):
        ReplyLost: a planned fault takes the reply.
    """

    own = urlsplit(base_url)
    address = {
        "wsgi.url_scheme": own.scheme,
        "SERVER_NAME": own.hostname,
        "SERVER_PORT": str(own.port or 80),
    }

    def send(body: bytes, kind: str, host: str) -> bytes:
        inbound = Inbound("POST", b"", kind, body, base_url)
        if host:
            environ = {**address, "HTTP_HOST": host}
            inbound = replace(
                inbound,
                base_url=read_base_url(environ, ""),
                requested_url=read_requested_url(environ),
            )
        reply = answer(inbound)
        if reply.delivery is not None and reply.delivery.loss:
            raise ReplyLost(reply.delivery.loss)
        return reply.body

    return send


def _now() -> datetime:
    return datetime.now(BEIJING)


class SandboxTarget:
    """One sandbox as a scenario's target.  `temporary`: `close` deletes it."""

    def __init__(
        self,
        control: ControlCall,
        send: Send,
        sandbox: str,
        *,
        temporary: bool,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._control = control
        self._send = send
        self._sandbox = sandbox
        self._temporary = temporary
        self._now = now
        self.info: Mapping[str, Any] = control("GET", sandbox_path(sandbox))

    def ask(self, verb: str, path: str, body: object = None, **query: object) -> Any:
        """Return the reply to a control call below the sandbox.

        Raises:
            ControlRefused: with the problem document.
        """
        return self._control(verb, sandbox_path(self._sandbox, path), body, **query)

    def call(
        self, method: str, params: Mapping[str, object], session: str, host: str = ""
    ) -> TargetReply:
        """Send a signed call to the gateway; bytes among the parameters go as files.

        `host` is the Host that the request names; "" is the server's own.
        """
        who = Credentials(self.info["app_key"], self.info["app_secret"], session)
        files = extract_files(params)
        texts = build_signed_params(method, params, who, self._now())
        curl = format_curl(self.info["gateway"], texts, files, host)
        try:
            return parse_reply(self._send(*encode_body(texts, files), host), curl)
        except ReplyLost as lost:
            return make_lost_reply(lost.how, curl)

    def close(self) -> None:
        """Delete the sandbox if it is temporary."""
        if self._temporary:
            self._control("DELETE", sandbox_path(self._sandbox))


class SharedSandboxTarget(SandboxTarget):
    """A sandbox that others use too: it stays.

    Exchanges that name no ruleset get the scenario's.
    """

    def __init__(
        self,
        control: ControlCall,
        send: Send,
        sandbox: str,
        *,
        ruleset: str,
        now: Callable[[], datetime],
    ) -> None:
        super().__init__(control, send, sandbox, temporary=False, now=now)
        self._ruleset = ruleset

    def ask(self, verb: str, path: str, body: object = None, **query: object) -> Any:
        """Return the reply to a control call; an exchange is opened with the scenario's ruleset."""
        if (
            (verb, path) == ("POST", "exchanges")
            and isinstance(body, dict)
            and "attributes" not in body
        ):
            body = {"ruleset": self._ruleset, **body}
        return super().ask(verb, path, body, **query)


def sandbox_targets(
    control: ControlCall, send: Send, *, keep: bool = False, now: Callable[[], datetime] = _now
) -> TargetFactory:
    """Return a function that makes a target on a fresh sandbox from a world document.

    The clock is frozen at `FROZEN_AT` unless the document says otherwise.  With `keep` the
    sandboxes stay when their targets are closed.

    Raises (the function):
        ControlRefused: the sandbox cannot be made.
    """

    def make(document: Mapping[str, Any]) -> SandboxTarget:
        made = control("POST", "sandboxes", {"clock": FROZEN_AT, **document})
        return SandboxTarget(control, send, made["id"], temporary=not keep, now=now)

    return make
