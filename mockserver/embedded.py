"""Serves a WSGI app from daemon threads.

`Embedded` hides which WSGI server runs underneath; cheroot is it: pure Python, keep-alive, a clean stop.
"""

import os
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from cheroot.server import HTTPConnection, HTTPRequest
from cheroot.wsgi import Gateway_10
from cheroot.wsgi import Server as CherootServer

from .gateway.faults.connection_control import CONNECTION_CONTROL

__all__ = ["CannotStart", "Embedded"]

_HEADERS_AT_MOST = 1024 * 1024  # a GET carries all parameters in its first line
_READ_AWAY_AT_MOST = 256 * 1024  # of a body that nobody asked for, to keep its connection
_STOP_WITHIN = 0.5  # seconds for replies in flight
_WORKERS = (
    24  # each a client that has begun to speak; those that stop halfway hold theirs for ten seconds
)
_RESTING_AT_MOST = 256  # workers more, while replies wait that a planned fault holds back
_RESET = struct.pack(
    "hh" if os.name == "nt" else "ii", 1, 0
)  # SO_LINGER on, for no time: closing resets


class CannotStart(Exception):
    """The address cannot be listened on, or the certificate cannot be used; says why and what to try."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(f"{zh} ({en})")


class _Request(HTTPRequest):
    """Also answers absolute addresses, so that a client may use this server as its HTTP proxy."""

    def __init__(self, server: Any, conn: Any) -> None:
        super().__init__(server, conn, proxy_mode=True)

    def send_headers(self) -> None:
        """A connection whose body was not read to its end closes: the rest is neither kept nor a request."""
        unread = (
            not self.rfile.closed
            if self.chunked_read
            else getattr(self.rfile, "remaining", 0) > _READ_AWAY_AT_MOST
        )
        if unread:
            self.close_connection = True
        super().send_headers()

    def wait(self, seconds: float) -> None:
        """Time passes; less of it when the server stops."""
        self.server.rest(seconds)

    def suppress_response(self) -> bool:
        """No status and no headers leave."""
        self.sent_headers = True
        return True

    def close(self, *, reset: bool) -> None:
        """The connection ends after what has left; with a reset, or in order."""
        self.close_connection, self.conn.torn = True, reset


class _Gateway(Gateway_10):
    """Hands the request to the doors as their wire: planned faults wait, fall silent and hang up through it."""

    def get_environ(self) -> dict[str, Any]:  # type: ignore[override]  # the stubs say None
        """The environ of the request."""
        environ: dict[str, Any] = super().get_environ()  # type: ignore[no-untyped-call]
        environ[CONNECTION_CONTROL] = self.req
        return environ


class _Connection(HTTPConnection):
    RequestHandlerClass = _Request
    torn = False

    def _close_kernel_socket(self) -> None:
        """The connection ends in order, or is reset."""
        if not self.torn:
            super()._close_kernel_socket()  # type: ignore[misc]  # unknown to the stubs
            return
        with suppress(OSError):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


class _Server(CherootServer):
    """cheroot, tuned: parked connections cost nothing, a stop takes no half second, clients' faults are no news."""

    ConnectionClass = _Connection
    max_request_header_size = _HEADERS_AT_MOST
    keep_alive_conn_limit = None  # type: ignore[assignment]  # None lifts the limit
    expiration_interval = 0.02

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.gateway = _Gateway
        self._stopping, self._resting, self._counting = threading.Event(), 0, threading.Lock()

    def rest(self, seconds: float) -> None:
        """The worker that calls holds its reply back; another takes its place, so that other clients wait for nobody."""
        with self._counting:
            self._resting += 1
            room = self._resting <= _RESTING_AT_MOST and not self._stopping.is_set()
            if room and len(self.requests._threads) < _WORKERS + self._resting:
                self.requests._threads.append(self.requests._spawn_worker())
        self._stopping.wait(seconds)
        with self._counting:
            self._resting -= 1

    def stop(self) -> None:
        """Replies that are held back leave at once, then the server stops."""
        with self._counting:  # no worker is added any more that nobody would tell to end
            self._stopping.set()
        super().stop()

    def process_conn(self, conn: Any) -> None:
        """A new connection waits with the idle ones until its client says something: silence takes no worker."""
        if getattr(conn, "greeted", False):
            super().process_conn(conn)
        else:
            conn.greeted = True
            self._connections.put(conn)  # type: ignore[attr-defined]  # made by prepare()

    @staticmethod
    def bind_socket(socket_: socket.socket, bind_addr: tuple[str, int]) -> socket.socket:
        """The socket bound; one that cannot be is closed."""
        try:
            socket_.bind(bind_addr)
        except (OSError, OverflowError):
            socket_.close()
            raise
        return socket_

    def error_log(self, msg: str = "", level: int = 20, traceback: bool = False) -> None:
        """Nothing: a broken connection is its client's."""


class Embedded:
    """A WSGI app served from daemon threads: `start` returns when the port is open, `stop` when all is gone."""

    def __init__(
        self, app: Callable[..., Any], host: str, port: int, tls: tuple[str, str] | None = None
    ) -> None:
        self._host, self._tls = host, tls
        self._server = _Server(
            (host, port),
            app,
            numthreads=_WORKERS,
            server_name="tmall-mockserver",
            request_queue_size=256,
            shutdown_timeout=_STOP_WITHIN,
        )
        self._opened = threading.Event()
        self._failed: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="mockserver", daemon=True)

    @property
    def port(self) -> int:
        """The port listened on."""
        return int(self._server.bind_addr[1])

    @property
    def url(self) -> str:
        """Scheme, host and port, without a slash at the end."""
        shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(self._host, self._host)  # noqa: S104
        if ":" in shown and not shown.startswith("["):
            shown = f"[{shown}]"
        return f"{'https' if self._tls else 'http'}://{shown}:{self.port}"

    def start(self) -> None:
        """The port is open.

        Raises:
            CannotStart: the address is taken or not ours, or the certificate cannot be read.
        """
        if self._tls:
            from .tls import secure

            try:
                self._server.ssl_adapter = secure(*self._tls)
            except (OSError, ValueError) as wrong:
                raise CannotStart(
                    f"证书 {self._tls[0]} 或私钥 {self._tls[1]} 不能用(TLS)：{wrong}",
                    f"TLS certificate or key cannot be used: {wrong}",
                ) from None
        self._thread.start()
        self._opened.wait()
        if self._failed is not None:
            raise CannotStart(
                f"无法监听 {self._host}:{self.port}：{self._failed}；换一个地址或端口，或用 --port 0",
                f"cannot listen on {self._host}:{self.port}: {self._failed}; take another address or port, or --port 0",
            )

    def stop(self) -> None:
        """Replies in flight are delivered, threads have ended, the port is free.  Idempotent."""
        self._server.stop()
        if self._thread.is_alive():
            self._thread.join(_STOP_WITHIN)

    def _run(self) -> None:
        # prepare() belongs in this daemon thread: its workers inherit the flag, else exit hangs
        try:
            self._server.prepare()
        except Exception as wrong:
            self._failed = wrong
            return
        finally:
            self._opened.set()
        self._server.serve()
