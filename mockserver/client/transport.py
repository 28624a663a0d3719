"""How handles and clients reach a server: over HTTP, or straight into its WSGI app.

Both take one request and return status, headers and body, so what uses them works with and without
sockets.
"""

import http.client
import io
import os
import re
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit
from weakref import WeakSet, finalize

from ..gateway.faults.connection_control import CONNECTION_CONTROL

__all__ = [
    "ForkedProcess",
    "Http",
    "Lifetime",
    "Lost",
    "ServerStopped",
    "Transport",
    "Unreachable",
    "Wsgi",
]

Reply = tuple[int, Mapping[str, str], bytes]

_PORT = re.compile(r":\d*$")


class Unreachable(ConnectionError):
    """No server answers at the address."""

    def __init__(self, url: str, reason: object) -> None:
        self.zh = f"连不上 {url}：{reason}"
        self.en = f"no server answers at {url}: {reason}"
        super().__init__(f"{self.zh} ({self.en})")


class Lost(Unreachable):
    """The request was sent, but its reply was lost; whether it was carried out is unknown.

    `how`: `reset`, `closed` without a word, `cut` short, or `timeout`.
    """

    def __init__(self, url: str, how: str) -> None:
        self.zh = f"{url} 的应答丢失：{how}"
        self.en = f"the reply of {url} was lost: {how}"
        ConnectionError.__init__(self, f"{self.zh} ({self.en})")
        self.how = how


class ForkedProcess(Unreachable):
    """A handle without sockets is used in a forked child: its sandboxes are the parent's."""

    def __init__(self, url: str) -> None:
        ConnectionError.__init__(
            self,
            "fork 出的子进程不能用父进程的独立环境：在子进程里走 HTTP，用 Server() 的 "
            "sandbox.gateway_url"
            " 或 RemoteServer(url, token)"
            f" (a forked child cannot use its parent's sandbox {url}: use HTTP there,"
            " sandbox.gateway_url of a Server() or RemoteServer(url, token))",
        )


class ServerStopped(Unreachable):
    """The handle has outlived its server, or the server of this process has not started yet."""

    def __init__(self, url: str) -> None:
        ConnectionError.__init__(
            self,
            f"服务 {url} 没有在运行：with Server() 的块已结束、已调用 stop()，或尚未启动；请在块内"
            f"使用它的独立环境 (the server {url} is not running: its `with` block has ended, "
            f"it was stopped, or it has not started; use its sandboxes inside the block)",
        )


class Lifetime:
    """Whether a server of this process runs; its handles look before each call."""

    def __init__(self) -> None:
        self.running = True

    def check(self, url: str) -> None:
        """Raise ServerStopped unless the server runs."""
        if not self.running:
            raise ServerStopped(url)


class Transport(Protocol):
    """Sends one request; header names of the reply are lower-case."""

    base_url: str

    def send(
        self, verb: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Return status, headers and body.

        Raises:
            Unreachable, Lost: no reply, or not a whole one.
        """
        ...


class _ThreadConnection:
    """A thread's connection: closed when its thread or its transport is gone."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self.connection = connection
        self.process = os.getpid()
        # the finalizer holds the connection: in a cycle of garbage the socket is not seen before
        # it is closed, and no ResourceWarning is raised
        finalize(self, connection.close)


class Http:
    """Over HTTP, one keep-alive connection a thread.

    Where `base_url` has a path, requests go below it.

    A connection is closed by `close`, when its thread ends, or with the transport, whichever
    comes first.  TLS certificates are not checked, as SDKs do not.
    """

    def __init__(
        self, base_url: str, timeout: float = 30.0, *, lifetime: Lifetime | None = None
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._lifetime = lifetime or Lifetime()
        self._parts = urlsplit(self.base_url)
        self._host = self._parts.hostname or "127.0.0.1"
        self._port = self._parts.port
        self._timeout = timeout
        self._local = threading.local()
        self._connections: WeakSet[_ThreadConnection] = WeakSet()
        self._lock = threading.Lock()

    def send(
        self, verb: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send a request and return the reply.

        A connection that the server has closed is opened anew.

        Raises:
            Unreachable: nothing answers.
            ServerStopped: its server was of this process and has ended.
            Lost: the reply does not come whole.  The request is not sent again, because it may
                have been carried out.
        """
        self._lifetime.check(self.base_url)
        connection = self._ready()
        base_path = self._parts.path
        if base_path and not path.startswith(f"{base_path}/"):
            path = base_path + path
        try:
            connection.request(verb, path, body, dict(headers or {}))
            with connection.getresponse() as response:  # half a reply keeps its socket open
                content = response.read()
        except (http.client.HTTPException, OSError) as error:
            self._drop()
            raise Lost(self.base_url, _loss_of(error)) from None
        if response.will_close:
            self._drop()
        return (
            response.status,
            {name.lower(): value for name, value in response.getheaders()},
            content,
        )

    def close(self) -> None:
        """Close the connections of all threads; a later call opens its own."""
        with self._lock:
            connections = tuple(self._connections)
        for connection in connections:
            connection.connection.close()

    def _drop(self) -> None:
        own = getattr(self._local, "connection", None)
        if own is not None:
            self._local.connection = None
            own.connection.close()

    def _ready(self) -> http.client.HTTPConnection:
        """Return this thread's connection, open."""
        own: _ThreadConnection | None = getattr(self._local, "connection", None)
        if own is not None and (own.process != os.getpid() or _closed(own.connection.sock)):
            self._drop()
            own = None
        if own is None:
            own = self._local.connection = _ThreadConnection(self._connect())
            with self._lock:
                self._connections.add(own)
        try:
            if own.connection.sock is None:
                own.connection.connect()
        except OSError as refused:
            self._drop()
            raise Unreachable(self.base_url, refused) from None
        return own.connection

    def _connect(self) -> http.client.HTTPConnection:
        if self._parts.scheme == "https":
            context = ssl._create_unverified_context()  # noqa: S323  # the mock's certificate is self-signed
            return http.client.HTTPSConnection(
                self._host, self._port, timeout=self._timeout, context=context
            )
        return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)


def _closed(sock: socket.socket | None) -> bool:
    """Return True if the server has closed an idle connection: then there is something to read."""
    if sock is None:
        return False
    try:
        return bool(select.select([sock], [], [], 0)[0])
    except (OSError, ValueError):  # closed here, or more files than select can watch
        return True


def _loss_of(error: Exception) -> str:
    """Return how a reply was lost, as `Lost.how`."""
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, http.client.IncompleteRead):
        return "cut"
    if isinstance(error, OSError) and not isinstance(error, http.client.RemoteDisconnected):
        return "reset"
    return "closed"


class _NoConnection:
    """The connection control of a call without sockets.

    Waiting passes at once; what a fault does to the connection is own.
    """

    def __init__(self) -> None:
        self.waited = 0.0  # seconds
        self.how = ""  # as `Lost.how`

    def wait(self, seconds: float) -> None:
        self.waited += seconds

    def suppress_response(self) -> bool:
        return True

    def close(self, *, reset: bool) -> None:
        self.how = "reset" if reset else "closed"


class Wsgi:
    """Into a WSGI app of this process, without sockets; the app sees `base_url` as its own address.

    Replies that a planned fault holds back come at once, unless they would take longer than
    `timeout` seconds.
    """

    def __init__(
        self,
        app: Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]],
        base_url: str = "http://127.0.0.1",
        timeout: float | None = 30.0,
        *,
        lifetime: Lifetime | None = None,
    ) -> None:
        self.app = app
        self._lifetime = lifetime or Lifetime()
        self.base_url = base_url
        self._timeout = timeout
        self._process = os.getpid()
        parts = urlsplit(base_url)
        self._scheme = parts.scheme
        self._host = parts.netloc
        self._port = str(parts.port or 80)

    def send(
        self, verb: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Call the app once.

        Raises:
            Lost: a planned fault keeps the reply from arriving whole.
            ForkedProcess: this is a child of the process that made the transport.
            ServerStopped: the server has ended.
        """
        if os.getpid() != self._process:
            raise ForkedProcess(self.base_url)
        self._lifetime.check(self.base_url)
        address, _, query = path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": verb,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(address).encode().decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": self._port,
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": self._host,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": self._scheme,
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in (headers or {}).items():
            key = name.upper().replace("-", "_")
            environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
        # without sockets the server is wherever its client thinks it is
        environ["SERVER_NAME"] = _PORT.sub("", environ["HTTP_HOST"])
        control = environ[CONNECTION_CONTROL] = _NoConnection()
        reply: list[Any] = []

        def start(
            status: str, fields: list[tuple[str, str]], exc_info: object = None
        ) -> Callable[[bytes], None]:
            reply[:] = [int(status[:3]), {name.lower(): value for name, value in fields}]
            return lambda data: None

        chunks = self.app(environ, start)
        try:
            content = b"".join(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        if self._timeout is not None and control.waited >= self._timeout:
            raise Lost(self.base_url, "timeout")
        if control.how:
            raise Lost(self.base_url, "cut" if control.how == "closed" and reply else control.how)
        return reply[0], reply[1], content
