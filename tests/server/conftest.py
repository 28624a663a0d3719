"""Fixtures of the socket tests: running servers, raw sockets, and a caller that signs by its own means."""

import hashlib
import http.client
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from urllib.parse import urlencode

import pytest
import trustme

from mockserver import Server

NOW = "2026-03-01 10:00:00"
DOCUMENT = {"clock": NOW}
FORM = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}


class Wire:
    """Speaks to one server over sockets: whole replies by http.client, odd bytes by raw sockets."""

    def __init__(self, server: Server) -> None:
        self.server, self.port = server, server.port
        self.given = self.control("GET", "sandboxes/default")[1]

    def connect(self) -> http.client.HTTPConnection:
        """A connection of its own, to be closed by the caller."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def ask(self, verb: str, path: str, body: bytes = b"", headers: dict | None = None):
        """Status, headers and body of one request on a connection of its own."""
        with closing(self.connect()) as connection:
            connection.request(verb, path, body, headers or {})
            reply = connection.getresponse()
            return reply.status, reply.headers, reply.read()

    def control(self, verb: str, path: str, body: object = None):
        """Status and decoded reply of the control API."""
        headers = {
            "Authorization": f"Bearer {self.server.token}",
            "Content-Type": "application/json",
        }
        raw = b"" if body is None else json.dumps(body).encode()
        status, _, content = self.ask(verb, f"/_sandbox/{path}", raw, headers)
        return status, json.loads(content) if content else None

    def open(self, **fields: object) -> str:
        """The id of a new exchange in `default`."""
        status, shown = self.control("POST", "sandboxes/default/exchanges", fields)
        assert status == 201, shown
        return shown["dispute_id"]

    def params(self, method: str, given: dict | None = None, **business: object) -> dict[str, str]:
        """Signed parameters; the sandbox is frozen at a known instant, so the timestamp is a constant."""
        given = given or self.given
        texts = {
            "method": method,
            "app_key": given["app_key"],
            "session": given["session"],
            "v": "2.0",
            "format": "json",
            "sign_method": "md5",
            "timestamp": NOW,
            **{name: str(value) for name, value in business.items()},
        }
        plain = (
            given["app_secret"]
            + "".join(name + texts[name] for name in sorted(texts))
            + given["app_secret"]
        )
        return {**texts, "sign": hashlib.md5(plain.encode()).hexdigest().upper()}

    def form(self, method: str, given: dict | None = None, **business: object) -> bytes:
        """Signed parameters as a urlencoded form."""
        return urlencode(self.params(method, given, **business)).encode()

    def call(self, method: str, **business: object) -> dict:
        """What stands inside the root of the reply to a POST."""
        status, _, content = self.ask("POST", "/router/rest", self.form(method, **business), FORM)
        assert status == 200
        (inner,) = json.loads(content).values()
        return inner

    def raw(self, *parts: bytes) -> bytes:
        """All bytes that come back until the server closes; the sending side is closed after the last part."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as plug:
            for part in parts:
                try:
                    plug.sendall(part)
                except OSError:  # the server may answer and close before it has read all
                    break
            with suppress(OSError):
                plug.shutdown(socket.SHUT_WR)
            received = b""
            with suppress(ConnectionError):
                while chunk := plug.recv(65536):
                    received += chunk
            return received

    def alive(self) -> bool:
        """Whether a new client is served."""
        return "time" in self.call("taobao.time.get")


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    """A running server whose default sandbox is frozen, and the means to speak to it."""
    with Server(document=DOCUMENT) as server:
        yield Wire(server)


@pytest.fixture
def make_wire() -> Callable[[Server], Wire]:
    """Makes the means to speak to a given server."""
    return Wire


@pytest.fixture
def document() -> dict:
    """The document of a sandbox frozen at the instant that `Wire` stamps."""
    return dict(DOCUMENT)


@pytest.fixture
def certificate(tmp_path):
    """A certificate and key for 127.0.0.1."""
    made = trustme.CA().issue_cert("127.0.0.1")
    paths = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    made.cert_chain_pems[0].write_to_path(paths[0])
    made.private_key_pem.write_to_path(paths[1])
    return paths
