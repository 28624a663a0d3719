"""Hand requests to the doors: the gateway directly, everything else to the WSGI app in a worker."""

from collections.abc import Callable
from functools import lru_cache
from time import thread_time
from typing import Any

import msgspec

from ..gateway.app import GATEWAY_PATHS, Answer, is_batch_path, offers_gzip
from ..protocol.messages import MAX_BODY_BYTES, Inbound, Reply, SandboxBusy
from ..protocol.request_flaws import BODY_TOO_LARGE, STOPPING, RequestFlaw
from ..service.request import base_url, requested_url
from ..world.real_clock import monotonic_seconds
from .interfaces import Caller, Request
from .worker_lanes import WorkerLanes
from .worker_pool import Interrupted
from .wsgi_bridge import ServerAddress, WsgiApp, call_wsgi_app

__all__ = ["AppDoor", "GatewayDoor"]

MAX_APP_BODY_BYTES = 64 * 1024 * 1024
_MAX_INLINE_BYTES = 16 * 1024
_LONG_SECONDS = 0.001  # of processor time; a usual call takes a tenth of it
_LARGE_BYTES = 16 * 1024  # of a reply: a list of 40 exchanges, not one exchange
_CAREFUL_SECONDS = 1.0
_HOSTS = 64
_MAX_VALUE = 1000  # characters of a header that are looked at
_BUSY = RequestFlaw(
    "http_no_thread", "服务器没有空闲线程", "the server has no thread left for this", 503
)
_OWN_FAULT = RequestFlaw("http_own_fault", "内部错误", "internal error", 500)
_REASONS = {
    400: "Bad Request",
    408: "Request Timeout",
    413: "Content Too Large",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
}


def problem_reply(refusal: RequestFlaw) -> Reply:
    """Return a problem document (RFC 9457) for a request that no door has seen."""
    document = {
        "type": "about:blank",
        "status": refusal.status,
        "title": refusal.zh,
        "detail": refusal.en,
    }
    headers = (("Content-Type", "application/problem+json"), ("Cache-Control", "no-store"))
    return Reply(
        msgspec.json.encode(document), headers, f"{refusal.status} {_REASONS[refusal.status]}"
    )


class AppDoor:
    """Everything but the gateway: the Flask app, called in a worker."""

    body_limit = MAX_APP_BODY_BYTES

    def __init__(
        self,
        app: WsgiApp,
        lanes: WorkerLanes,
        address: ServerAddress,
        call_in_loop: Callable[..., Any],
    ) -> None:
        self._app = app
        self._lanes = lanes
        self._address = address
        self._call_in_loop = call_in_loop

    def answer(self, request: Request, caller: Caller) -> None:
        """Have the app answer in a worker; what could not be read is a problem document."""
        body = request.body
        if body is None:
            assert request.refusal is not None
            caller.respond(problem_reply(request.refusal))
            return

        def work() -> None:
            if caller.has_left:
                return
            try:
                status, headers, content = call_wsgi_app(
                    self._app, request.head, body, self._address
                )
                reply = Reply(content, tuple(headers), status)
            except Interrupted:
                reply = self.stopping_reply(request)
            except Exception:  # the door: Flask has answered its own errors; this is a foreign app
                reply = problem_reply(_OWN_FAULT)
            self._call_in_loop(caller.respond, reply)

        lane = self._lanes.choose(request.head, body, pipelined=caller.pipelines)
        if not lane.submit(work):
            caller.respond(problem_reply(_BUSY))

    def stopping_reply(self, request: Request) -> Reply:
        """Return a problem document with status 503."""
        return problem_reply(STOPPING)


class GatewayDoor:
    """The gateway: small calls at once in the loop's thread, long ones in a worker."""

    body_limit = MAX_BODY_BYTES

    def __init__(
        self,
        answer: Answer,
        lanes: WorkerLanes,
        public_url: str,
        call_in_loop: Callable[..., Any],
        *,
        url_prefix: str = "",
    ) -> None:
        self._answer = answer
        self._lanes = lanes
        self._public_url = public_url
        self._url_prefix = url_prefix
        self.paths = frozenset(
            prefix + path for path in GATEWAY_PATHS for prefix in ("", url_prefix)
        )
        self._call_in_loop = call_in_loop
        self._careful_until = 0.0
        self._addresses = lru_cache(_HOSTS)(self._find_addresses)  # most calls name the same Host
        self.scheme = "http"
        self.host = ""
        self.port = ""

    def answer(self, request: Request, caller: Caller) -> None:
        """Answer at once, or in a worker what may take long or would wait for its sandbox."""
        inbound = self._inbound(request)
        reply = self._answer_at_once(inbound, caller)
        if reply is not None:
            caller.respond(reply)
            return

        def work() -> None:
            if caller.has_left:
                return
            try:
                reply = self._timed_answer(inbound, caller)
            except Interrupted:
                reply = self.stopping_reply(request)
            self._call_in_loop(caller.respond, reply)

        if not self._lanes.gateway.submit(work):
            caller.respond(self._timed_answer(inbound, caller))

    def _answer_at_once(self, inbound: Inbound, caller: Caller) -> Reply | None:
        """Return the reply, or None if a worker has to find it.

        A client whose call takes long, such as a large list, usually sends more of the same: the
        others must not wait for it.  So its next call goes to a worker; for a moment so do those of
        newcomers, who may be the same client on another connection.
        """
        is_small = len(inbound.body or b"") + len(inbound.query) < _MAX_INLINE_BYTES
        if not is_small or caller.takes_long:
            return None
        if caller.takes_long is None and monotonic_seconds() < self._careful_until:
            return None
        if not self._lanes.may_hold_locks:
            return self._timed_answer(inbound, caller)
        try:
            return self._timed_answer(msgspec.structs.replace(inbound, may_wait=False), caller)
        except SandboxBusy:
            return None

    def stopping_reply(self, request: Request) -> Reply:
        """Return the platform's error 10; no sandbox is looked at, whose lock may be held."""
        return self._answer(msgspec.structs.replace(self._inbound(request), stopping=True))

    def _timed_answer(self, inbound: Inbound, caller: Caller) -> Reply:
        """Return the reply, that to CONNECT no tunnel, and note whether the call took long."""
        began = thread_time()
        reply = self._answer(inbound)
        is_large = len(reply.body) > _LARGE_BYTES
        caller.takes_long = is_large or thread_time() - began > _LONG_SECONDS
        if caller.takes_long:
            self._careful_until = monotonic_seconds() + _CAREFUL_SECONDS
        if inbound.verb == "CONNECT":
            return msgspec.structs.replace(reply, status="501 Not Implemented")
        return reply

    def _inbound(self, request: Request) -> Inbound:
        head = request.head
        headers = head.headers
        reached, requested = self._addresses(headers.get("host", "")[:_MAX_VALUE])
        return Inbound(
            head.verb,
            head.query,
            headers.get("content-type", "")[:_MAX_VALUE],
            request.body,
            reached,
            offers_gzip(headers.get("accept-encoding", "")[:_MAX_VALUE]),
            request.body is None and request.refusal is not BODY_TOO_LARGE,
            _remarks(request),
            requested,
            batch=is_batch_path(head.decoded_path),
            separator=headers.get("top-api-separator", "")[:_MAX_VALUE],
        )

    def _find_addresses(self, host: str) -> tuple[str, str]:
        """Return under which address callers reach this server, and which one a Host names."""
        environ = {
            "HTTP_HOST": host,
            "SERVER_NAME": self.host,
            "SERVER_PORT": self.port,
            "wsgi.url_scheme": self.scheme,
        }
        return base_url(environ, self._public_url, self._url_prefix), requested_url(environ)


def _remarks(request: Request) -> tuple[RequestFlaw, ...]:
    """Return what is in the journal about a request that is not clean."""
    refusal = request.refusal
    if refusal is None or refusal is BODY_TOO_LARGE:
        return request.head.remarks
    return (*request.head.remarks, refusal)
