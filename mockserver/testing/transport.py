"""How handles and clients reach a server: over HTTP, or straight into its WSGI app.

Both take one request and give status, headers and body, so whatever stands on them works with and
without sockets.
"""

import http.client
import io
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit
from weakref import WeakSet

__all__ = ["Http", "Transport", "Unreachable", "Wsgi"]

Answer = tuple[int, Mapping[str, str], bytes]


class Unreachable(ConnectionError):
    """No server answers at the address."""

    def __init__(self, url: str, reason: object) -> None:
        super().__init__(f"连不上 {url}：{reason} (no server answers there)")


class Transport(Protocol):
    """Sends one request; header names of the answer are lower-case."""

    base_url: str

    def send(self, verb: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """Status, headers, body."""
        ...


class _Kept:
    """A thread's connection: closed when its thread is gone."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self.connection = connection

    def __del__(self) -> None:
        self.connection.close()


class Http:
    """Over HTTP, one kept-alive connection a thread; TLS certificates are not checked, as SDKs do not."""

    def __init__(self, base_url: str, timeout: float = 30.0) -> None:
        self.base_url = base_url.rstrip("/")
        self._parts = urlsplit(self.base_url)
        self._host, self._port = self._parts.hostname or "127.0.0.1", self._parts.port
        self._timeout = timeout
        self._local = threading.local()
        self._kept: WeakSet[_Kept] = WeakSet()
        self._lock = threading.Lock()

    def send(self, verb: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """One exchange of request and reply; a stale kept connection is opened anew once.

        Raises:
            Unreachable: nothing answers.
        """
        fresh = getattr(self._local, "kept", None) is None
        try:
            return self._send(verb, path, body, headers or {})
        except (http.client.HTTPException, OSError) as broken:
            self._drop()
            if fresh or isinstance(broken, TimeoutError):
                raise Unreachable(self.base_url, broken) from None
        try:
            return self._send(verb, path, body, headers or {})
        except (http.client.HTTPException, OSError) as broken:
            self._drop()
            raise Unreachable(self.base_url, broken) from None

    def close(self) -> None:
        """The connections of all threads are closed; a later call opens its own."""
        with self._lock:
            kept = tuple(self._kept)
        for each in kept:
            each.connection.close()

    def _drop(self) -> None:
        kept = getattr(self._local, "kept", None)
        if kept is not None:
            self._local.kept = None
            kept.connection.close()

    def _send(self, verb: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        kept: _Kept | None = getattr(self._local, "kept", None)
        if kept is None:
            kept = self._local.kept = _Kept(self._connect())
            with self._lock:
                self._kept.add(kept)
        connection = kept.connection
        connection.request(verb, path, body, dict(headers))
        response = connection.getresponse()
        content = response.read()
        if response.will_close:
            self._drop()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, content

    def _connect(self) -> http.client.HTTPConnection:
        if self._parts.scheme == "https":
            context = ssl._create_unverified_context()  # noqa: S323  # the mock's certificate is self-signed
            return http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout, context=context)
        return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)


class Wsgi:
    """Into a WSGI app of this process, without sockets."""

    def __init__(
        self, app: Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]], scheme: str = "http"
    ) -> None:
        self.app, self.scheme = app, scheme
        self.base_url = f"{scheme}://127.0.0.1"

    def send(self, verb: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """One call of the app."""
        where, _, query = path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": verb, "SCRIPT_NAME": "", "PATH_INFO": unquote(where).encode().decode("latin-1"),
            "QUERY_STRING": query, "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "127.0.0.1", "CONTENT_LENGTH": str(len(body)), "wsgi.version": (1, 0),
            "wsgi.url_scheme": self.scheme, "wsgi.input": io.BytesIO(body), "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False,
        }
        for name, value in (headers or {}).items():
            key = name.upper().replace("-", "_")
            environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
        answer: list[Any] = []

        def start(status: str, fields: list[tuple[str, str]], exc_info: object = None) -> Callable[[bytes], None]:
            answer[:] = [int(status[:3]), {name.lower(): value for name, value in fields}]
            return lambda data: None

        chunks = self.app(environ, start)
        try:
            content = b"".join(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        return answer[0], answer[1], content
