"""Bodies and heads beyond every limit: answered in the door's own form, nothing kept, others
served."""

import json
import socket
import ssl
import threading
from contextlib import ExitStack, suppress
from time import monotonic, sleep

import pytest

from mockserver import Server
from mockserver.embedded.server import Embedded

MIB = 1024 * 1024
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"


def reply_to(port: int, *parts: bytes, wait: float = 20.0) -> bytes:
    """All bytes that come back until the server closes."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as plug:
        for part in parts:
            with suppress(OSError):
                plug.sendall(part)
        with suppress(ConnectionError):
            while chunk := plug.recv(65536):
                received += chunk
    return received


def head_of(path: str, token: str, *lines: str) -> bytes:
    """A POST's head with the token."""
    text = "\r\n".join(
        [f"POST {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {token}", *lines]
    )
    return text.encode() + b"\r\n" + FORM + b"\r\n"


def is_refused(path: str, reply: bytes, status: int) -> bool:
    """Whether the reply is error 3 in HTTP 200 from the gateway, or a problem with `status`."""
    head, _, body = reply.partition(b"\r\n\r\n")
    assert b"\r\nConnection: close" in head
    if path.startswith("/router"):
        return head.startswith(b"HTTP/1.1 200") and json.loads(body)["error_response"]["code"] == 3
    document = json.loads(body)
    return head.startswith(f"HTTP/1.1 {status}".encode()) and document["status"] == status


PATHS = ("/router/rest?format=json", "/_sandbox/sandboxes")


@pytest.mark.parametrize("path", PATHS)
def test_one_chunk_of_700_mib(serve, path):
    """A chunk of 700 MiB is refused at once; the server stays small and stops at once."""
    server = serve()
    before = server.memory()
    piece = b"x" * MIB
    size = b"2BC00000\r\n"

    reply = reply_to(
        server.port, head_of(path, server.token, "Transfer-Encoding: chunked"), size, *[piece] * 64
    )

    assert is_refused(path, reply, 413)
    assert server.memory() - before < 100
    with server.connect(head_of(path, server.token, "Transfer-Encoding: chunked") + size + piece):
        code, seconds = server.stop()
    assert code == 0
    assert seconds < 2


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "size", [b"7fffffffffffffff", b"8000000000000000", b"f" * 16, b"f" * 17, b"-1", b"0x10", b""]
)
def test_impossible_chunk_sizes(wire, path, size):
    """A size that cannot be, or is no number, is no fault of ours."""
    head = head_of(path, wire.server.token, "Transfer-Encoding: chunked")

    reply = reply_to(wire.port, head + size + b"\r\nabc")

    assert is_refused(path, reply, 413) or is_refused(path, reply, 400)
    assert wire.alive()


@pytest.mark.parametrize("path", PATHS)
def test_body_in_tiny_chunks(wire, path):
    """A body in very many tiny chunks is refused, not worked off."""
    head = head_of(path, wire.server.token, "Transfer-Encoding: chunked")
    began = monotonic()

    reply = reply_to(wire.port, head, b"1\r\nx\r\n" * 400_000)

    assert is_refused(path, reply, 400)
    assert monotonic() - began < 5
    assert wire.alive()


@pytest.mark.parametrize(
    ("path", "size"), [("/router/rest?format=json", 100 * MIB), ("/_sandbox/sandboxes", 70 * MIB)]
)
def test_declared_body_that_is_sent_whole(wire, path, size):
    """A client that writes its whole body first reads the refusal, not a broken pipe."""
    piece = b"x" * MIB

    reply = reply_to(
        wire.port,
        head_of(path, wire.server.token, f"Content-Length: {size}"),
        *[piece] * (size // MIB),
    )

    assert is_refused(path, reply, 413)
    assert wire.alive()


@pytest.mark.parametrize("path", PATHS)
def test_huge_body_is_not_invited(wire, path):
    """To `Expect: 100-continue` with a body that is too large the answer is the refusal."""
    head = head_of(path, wire.server.token, "Content-Length: 700000000", "Expect: 100-continue")

    reply = reply_to(wire.port, head)

    assert is_refused(path, reply, 413)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", ["one long header", "many headers", "long request line"])
def test_large_heads(wire, path, kind):
    """A head beyond the limits is refused in the door's own form."""
    padding = {
        "one long header": f"X-Pad: {'x' * 2 * MIB}",
        "many headers": "\r\n".join(f"X-{number}: y" for number in range(500)),
        "long request line": "X: y",
    }[kind]
    target = path + ("&" if "?" in path else "?") + "x=" + "y" * 2 * MIB
    line = target if kind == "long request line" else path

    reply = reply_to(wire.port, head_of(line, wire.server.token, padding, "Content-Length: 0"))

    assert is_refused(path, reply, 431)
    assert wire.alive()


def test_endless_first_line(wire):
    """A first line without end is cut off."""
    reply = reply_to(wire.port, *[b"x" * MIB] * 4)

    assert b" 200 " not in reply.partition(b"\r\n")[0]
    assert wire.alive()


@pytest.mark.parametrize("filler", [b"x", b"\\", b'"', b";", b"\\x"])
def test_head_of_a_part_without_end(serve, filler):
    """A part whose head is 8 MiB costs neither much memory nor much time."""
    server = serve()
    before = server.memory()
    start = b'--x\r\nContent-Disposition: form-data; name="'
    body = start + filler * ((8 * MIB - 1000) // len(filler)) + b'"\r\n\r\nv\r\n--x--\r\n'
    head = (
        b"POST /router/rest?format=json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: %d\r\n\r\n" % len(body)
    )
    began = monotonic()

    reply = reply_to(server.port, head, body)

    assert is_refused("/router/rest", reply, 0) or b'"code"' in reply
    assert monotonic() - began < 5
    assert server.memory() - before < 150


def test_very_many_parts(wire):
    """A body of very many parts or parameters is refused within a moment."""
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nv\r\n'
    bodies = {
        b"multipart/form-data; boundary=x": part * 100_000 + b"--x--\r\n",
        b"application/x-www-form-urlencoded": b"&".join(
            b"a%d=1" % number for number in range(500_000)
        ),
    }
    for kind, body in bodies.items():
        head = b"POST /router/rest?format=json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        began = monotonic()
        reply = reply_to(
            wire.port,
            head + b"Content-Type: %b\r\nContent-Length: %d\r\n\r\n" % (kind, len(body)),
            body,
        )
        assert b'"code"' in reply
        assert monotonic() - began < 5
        assert wire.alive()


def test_others_are_served_while_a_huge_body_comes(wire):
    """While one client sends a huge body, another one's calls are answered."""
    stop = threading.Event()

    def flood() -> None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", wire.port)) as plug:
            plug.sendall(
                b"POST /router/rest HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"
            )
            while not stop.is_set():
                plug.sendall(b"x" * MIB)

    threads = [threading.Thread(target=flood, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(50):
            assert wire.alive()
    finally:
        stop.set()
        for thread in threads:
            thread.join(10)


def test_answered_bodies_leave_room(monkeypatch):
    """Bodies that have been answered take no room from the unfinished requests of others."""
    monkeypatch.setattr("mockserver.embedded.server.MAX_BUFFERED_BYTES", 300_000)

    def app(environ, start_response):
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]

    server = Embedded(app, "127.0.0.1", 0)
    server.start()
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
    try:
        with ExitStack() as stack:
            for _ in range(10):  # they stay open
                plug = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), 10))
                plug.sendall(head + bytes(90_000))
                sleep(0.05)  # the server has kept what has come
                plug.sendall(bytes(10_000))
                assert plug.recv(4096).startswith(b"HTTP/1.1 200 ")
    finally:
        server.stop()


def test_holders_of_half_heads_make_room_for_newcomers(monkeypatch, make_wire):
    """When half heads fill the memory the largest holders are refused; newcomers are served."""
    monkeypatch.setattr("mockserver.embedded.server.MAX_BUFFERED_BYTES", 4 * MIB)
    half = b"POST /router/rest?format=json HTTP/1.1\r\nHost: x\r\nX-Pad: "
    with Server(document={"clock": "2026-03-01 10:00:00"}) as server, ExitStack() as stack:
        wire = make_wire(server)
        plugs = [
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), 20))
            for _ in range(100)
        ]
        for plug in plugs:
            plug.sendall(half + b"y" * 60_000)
        late = socket.create_connection(("127.0.0.1", server.port), 20)
        stack.enter_context(late)
        late.sendall(half)

        assert wire.alive()
        first = plugs[0].recv(65536)
        late.sendall(b"z\r\nContent-Length: 0\r\n\r\n")

        assert b'"code":3' in first and b"\r\nConnection: close" in first
        assert b"HTTP/1.1 200" in late.recv(65536)


@pytest.mark.parametrize("escapes", [b"%E5", b"%E5%8D%A1", b"%41x", b"%2C", b"%", b"x"])
def test_escapes_cost_little(serve, escapes):
    """A body of 8 MiB of escapes costs a few times its size, and nobody waits long for it."""
    server = serve()
    body = b"a=" + escapes * ((8 * MIB - 2) // len(escapes))
    head = b"POST /router/rest?format=json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + FORM
    server.ask("POST", "/router/rest", b"method=x")
    before = server.memory()

    reply = reply_to(server.port, head + b"Content-Length: %d\r\n\r\n" % len(body), body)

    assert json.loads(reply.partition(b"\r\n\r\n")[2])["error_response"]["code"] in (21, 47)
    assert server.memory() - before < 160


def test_path_of_escapes(wire):
    """A path beyond the limit of a head is refused; one within it is not found."""
    for count, status in ((340_000, 431), (21_000, 404)):
        reply = wire.raw(b"GET /" + b"%E5" * count + b" HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert reply.startswith(b"HTTP/1.1 %d " % status)


def unread_client(port: int, context: ssl.SSLContext | None) -> socket.socket:
    """A connection whose kernel keeps little of what it does not read."""
    plug = socket.socket()
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plug.settimeout(20)
    plug.connect(("127.0.0.1", port))
    return plug if context is None else context.wrap_socket(plug)


def count_received(plug: socket.socket) -> int:
    """The number of bytes of a reply that come back before the server closes."""
    count = 0
    with suppress(OSError):
        while chunk := plug.recv(MIB):
            count += len(chunk)
    return count


@pytest.mark.parametrize("over_tls", [False, True])
def test_replies_that_nobody_reads_are_bounded(monkeypatch, certificate, over_tls):
    """Above the limit of all replies together those that hold most are dropped; who reads gets
    everything."""
    monkeypatch.setattr("mockserver.embedded.server.MAX_UNREAD_BYTES", 40 * MIB)
    made = []

    def app(environ, start_response):
        start_response("200 OK", [("Content-Length", str(16 * MIB))])
        made.append(1)
        return [bytes(16 * MIB)]

    context = ssl._create_unverified_context() if over_tls else None
    server = Embedded(app, "127.0.0.1", 0, certificate if over_tls else None)
    server.start()
    ask = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    try:
        with ExitStack() as stack:
            plugs = [stack.enter_context(unread_client(server.port, context)) for _ in range(7)]
            for plug in plugs[:6]:
                plug.sendall(ask)
            for _ in range(2000):
                if len(made) == 6:
                    break
                sleep(0.01)
            plugs[6].sendall(ask)
            honest = count_received(plugs[6])
            counts = [count_received(plug) for plug in plugs[:6]]
    finally:
        server.stop()
    assert honest > 16 * MIB
    assert 1 <= sum(count > 16 * MIB for count in counts) <= 2
