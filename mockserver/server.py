"""Assembles the doors into one Flask app, and serves it from a thread.

`Embedded` hides which WSGI server runs underneath; cheroot is it: pure Python, keep-alive, a clean stop.
"""

import secrets
import socket
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from cheroot.server import HTTPConnection, HTTPRequest
from cheroot.wsgi import Server as CherootServer
from flask import Flask
from flask.sessions import SessionInterface
from werkzeug.routing import Rule

from .control.blueprint import answer_errors, control_blueprint
from .control.route import Desk
from .gateway.app import gateway_blueprint
from .gateway.checks import Rules
from .gateway.pipeline import Gateway
from .protocol.shapes import BEIJING
from .world.directory import Directory
from .world.document import WorldDocument
from .world.journal import CAPACITY, Entry
from .world.world import World

__all__ = ["CannotStart", "Embedded", "create_app", "make_desk", "quiet", "report"]

_HEADERS_AT_MOST = 1024 * 1024  # a GET carries all parameters in its first line
_STOP_WITHIN = 0.5  # seconds for replies in flight


def report(line: str) -> None:
    """A fault of our own is told on the terminal."""
    print(line, file=sys.stderr)  # noqa: T201  # the one line that has no command to go through


def quiet(entry: Entry) -> None:
    """Nothing is printed: refused calls of an embedded server are in its journal."""


def _real() -> datetime:
    return datetime.now(BEIJING)


def make_desk(
    *, document: WorldDocument | None = None, token: str = "", lax: bool = False, journal: int = CAPACITY,
    public_url: str = "", hosts: tuple[str, ...] = (), refused: Callable[[Entry], None] = quiet,
) -> Desk:
    """A server's desk; with a document, its `default` sandbox is seeded.

    Raises:
        BadDocument: the document cannot be.
    """
    directory = Directory(_real)
    if document is not None:
        directory.add(World(directory, document, id="default", journal=journal))
    gateway = Gateway(Rules(directory, "default" if lax else ""), refused)
    return Desk(
        directory, gateway, token or secrets.token_urlsafe(24), public_url=public_url.rstrip("/"), hosts=hosts,
        journal=journal, lax=lax,
    )


class _NoSession(SessionInterface):
    """No cookies: TOP has none, and opening a cookie session is a fifth of a call's cost."""

    def open_session(self, app: Flask, request: Any) -> None:
        return None

    def is_null_session(self, obj: object) -> bool:
        return True


class _Rule(Rule):
    """A route without its address builder: no address is ever built, and making builders is half of a start."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        return lambda **values: ("", "")


def create_app(desk: Desk, report: Callable[[str], None]) -> Flask:
    """The WSGI app of all doors; `report` is told of faults of our own."""
    app = Flask("mockserver", static_folder=None, template_folder=None)
    app.session_interface = _NoSession()
    app.url_rule_class = _Rule
    app.url_map.strict_slashes = False
    app.register_blueprint(gateway_blueprint(desk.gateway, desk.directory, desk.public_url))
    app.register_blueprint(control_blueprint(desk))
    answer_errors(app, report)
    return app


class CannotStart(Exception):
    """The address cannot be listened on; `zh` and `en` say why and what to try."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        self.zh = f"无法监听 {host}:{port}：{reason}；换一个端口，或用 --port 0"
        self.en = f"cannot listen on {host}:{port}: {reason}; take another port, or --port 0"
        super().__init__(f"{self.zh} ({self.en})")


class _Request(HTTPRequest):
    """Also answers absolute addresses, so that a client may use this server as its HTTP proxy."""

    def __init__(self, server: Any, conn: Any) -> None:
        super().__init__(server, conn, proxy_mode=True)

    def send_headers(self) -> None:
        """A connection whose chunked body was not read to its end closes: the rest is no request."""
        if self.chunked_read and not self.rfile.closed:
            self.close_connection = True
        super().send_headers()


class _Connection(HTTPConnection):
    RequestHandlerClass = _Request


class _Server(CherootServer):
    """cheroot, tuned: parked connections cost nothing, a stop takes no half second, clients' faults are no news."""

    ConnectionClass = _Connection
    max_request_header_size = _HEADERS_AT_MOST
    keep_alive_conn_limit = None  # type: ignore[assignment]  # None lifts the limit
    expiration_interval = 0.02

    @staticmethod
    def bind_socket(socket_: socket.socket, bind_addr: tuple[str, int]) -> socket.socket:
        """The socket bound; one that cannot be is closed."""
        try:
            socket_.bind(bind_addr)
        except OSError:
            socket_.close()
            raise
        return socket_

    def error_log(self, msg: str = "", level: int = 20, traceback: bool = False) -> None:
        """Nothing: a broken connection is its client's."""


class Embedded:
    """A WSGI app served from daemon threads: `start` returns when the port is open, `stop` when all is gone."""

    def __init__(self, app: Callable[..., Any], host: str, port: int, tls: tuple[str, str] | None = None) -> None:
        self._host, self._tls = host, tls
        self._server = _Server(
            (host, port), app, numthreads=10, server_name="tmall-mockserver", request_queue_size=256,
            shutdown_timeout=_STOP_WITHIN,  # type: ignore[arg-type]  # seconds may be a fraction
        )
        self._opened = threading.Event()
        self._failed: OSError | None = None
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
            from cheroot.ssl.builtin import BuiltinSSLAdapter

            try:
                self._server.ssl_adapter = BuiltinSSLAdapter(*self._tls)
            except (OSError, ValueError) as wrong:
                raise CannotStart(self._host, self.port, f"TLS: {wrong}") from None
        self._thread.start()
        self._opened.wait()
        if self._failed is not None:
            raise CannotStart(self._host, self.port, str(self._failed))

    def stop(self) -> None:
        """Replies in flight are delivered, threads have ended, the port is free.  Idempotent."""
        self._server.stop()
        if self._thread.is_alive():
            self._thread.join(_STOP_WITHIN)

    def _run(self) -> None:
        # prepare() belongs in this daemon thread: its workers inherit the flag, else exit hangs
        try:
            self._server.prepare()
        except OSError as wrong:
            self._failed = wrong
            return
        finally:
            self._opened.set()
        self._server.serve()
