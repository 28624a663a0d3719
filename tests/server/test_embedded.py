"""A running server under odd callers: huge bodies, sandboxes that come and go, missing Host, ports
that cannot be."""

import gc
import http.client
import json
import socket
import sys
import threading
import urllib.request
from contextlib import closing

import pytest

from mockserver import Server
from mockserver.embedded.server import CannotStart

WITHIN = 5.0  # seconds: far above what a call takes, below any time limit of the server
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Asker(threading.Thread):
    """Asks one control path again and again until asked to stop; keeps every status but the good
    ones."""

    def __init__(self, wire, paths, done, good=(200,)):
        super().__init__(daemon=True)
        self.wire, self.paths, self.done, self.good = wire, paths, done, good
        self.replies, self.odd = 0, []

    def run(self):
        headers = {"Authorization": f"Bearer {self.wire.server.token}"}
        try:
            with closing(self.wire.connect()) as connection:
                while not self.done.is_set():
                    for path in self.paths:
                        connection.request("GET", f"/_sandbox/{path}", headers=headers)
                        reply = connection.getresponse()
                        content = reply.read()
                        self.replies += 1
                        if reply.status not in self.good:
                            self.odd.append((path, reply.status, content[:300]))
        except Exception as broken:
            self.odd.append(broken)


@pytest.fixture
def while_asked(wire):
    """Does something while three threads ask control paths; gives the odd answers that they got."""

    def run(work, paths, good=(200,)):
        done = threading.Event()
        askers = [Asker(wire, paths, done, good) for _ in range(3)]
        for asker in askers:
            asker.start()
        try:
            work()
        finally:
            done.set()
            for asker in askers:
                asker.join(30)
        assert all(asker.replies for asker in askers)
        return [reply for asker in askers for reply in asker.odd]

    return run


@pytest.fixture
def eager_switches():
    """Threads take turns far more often than usual."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def test_sandboxes_come_and_go_under_readers(wire, while_asked):
    """Listing calls and sandboxes, and finding a call, is never a fault while sandboxes are made
    and dropped."""
    wire.call("taobao.time.get")
    request_id = wire.control("GET", "sandboxes/default/requests?limit=1")[1]["items"][0][
        "request_id"
    ]

    def come_and_go():
        for _ in range(40):
            made = [wire.control("POST", "sandboxes", {})[1]["id"] for _ in range(3)]
            assert [
                wire.control("DELETE", f"sandboxes/{sandbox_id}")[0] for sandbox_id in made
            ] == [204] * 3

    assert while_asked(come_and_go, ["requests", f"requests/{request_id}", "sandboxes"]) == []


def test_goods_and_rights_change_under_readers(wire, while_asked, eager_switches):
    """Showing a sandbox is never a fault while its goods, rights, snapshots and stubs change."""
    made = wire.control(
        "POST", "sandboxes", {"goods": {f"g{number}": {} for number in range(500)}}
    )[1]
    path = f"sandboxes/{made['id']}"

    def change():
        for turn in range(20):
            for number in range(5):
                wire.control(
                    "POST",
                    f"{path}/exchanges",
                    {"exchange_sku": f"{turn}00{number}", "bought_sku": f"{turn}99{number}"},
                )
            wire.control("PATCH", f"{path}/sessions/sub", {"expires": None})
            wire.control("PUT", f"{path}/snapshots/kept{turn}")
            wire.control("PUT", f"{path}/stubs/taobao.thing.number{turn}", {"reply": {}})

    odd = while_asked(
        change, [path, "sandboxes", f"{path}/snapshots", f"{path}/requests", f"{path}/rules"]
    )
    wire.control("DELETE", path)
    assert odd == []


@pytest.mark.parametrize("megabytes", [10, 30])
def test_a_huge_body_by_a_plain_client(wire, megabytes):
    """A client that writes its whole body before it reads gets error 3, and no broken pipe."""
    body = b"content=" + b"x" * (megabytes * 1024 * 1024)
    request = urllib.request.Request(
        f"http://127.0.0.1:{wire.port}/router/rest?format=json", body, FORM
    )
    with urllib.request.urlopen(request, timeout=60) as reply:
        assert reply.status == 200
        assert json.load(reply)["error_response"]["code"] == 3
    assert wire.alive()


@pytest.mark.parametrize("path", ["/router/rest?format=json", "/_sandbox/sandboxes"])
def test_a_body_that_is_only_announced(wire, path):
    """Of a body of 400 MB that is announced and hardly sent, nothing is waited for once its client
    stops; others are served."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
        f"{wire.server.token}\r\nContent-Length: 400000000\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    ).encode()
    reply = wire.raw(head, b"x" * 100_000)  # returns when the server has closed the connection
    status, _, content = reply.partition(b"\r\n\r\n")
    if path.startswith("/router"):
        assert status.startswith(b"HTTP/1.1 200")
        assert json.loads(content)["error_response"]["code"] == 3
    else:
        assert status.startswith((b"HTTP/1.1 400", b"HTTP/1.1 413"))
    assert wire.alive()


@pytest.mark.parametrize("port", [65536, 70000, -1])
def test_a_port_that_cannot_be(port, document, new_threads):
    """A port that is none raises CannotStart, and leaves neither thread nor socket."""
    with pytest.raises(CannotStart) as refused:
        Server(port=port, document=document).start()
    assert str(port) in refused.value.zh and str(port) in refused.value.en
    assert new_threads() == []
    gc.collect()  # a socket left open would warn here, which fails


@pytest.mark.parametrize("silent", [1, 30])
def test_silent_clients_delay_nobody(wire, silent):
    """Clients that connect and send nothing delay no other client's call."""
    plugs = [
        socket.create_connection(("127.0.0.1", wire.port), timeout=WITHIN) for _ in range(silent)
    ]
    try:
        with closing(
            http.client.HTTPConnection("127.0.0.1", wire.port, timeout=WITHIN)
        ) as connection:
            connection.request("GET", "/_sandbox/health")
            assert connection.getresponse().status == 200
    finally:
        for plug in plugs:
            plug.close()
    assert wire.alive()


def test_calls_of_nobody_are_reported_and_bounded(make_wire, document):
    """A server reports refused calls of nobody and failures of a seller, and keeps as many as
    it was asked to."""
    entries = []
    with Server(document=document, journal=2, refused=entries.append) as server:
        wire = make_wire(server)
        for _ in range(3):
            wire.ask(
                "POST",
                "/router/rest",
                wire.form("taobao.time.get", {**wire.caller, "app_key": "no-such-key"}),
                FORM,
            )
        for _ in range(3):
            wire.call("tmall.exchange.get", dispute_id=404, fields="status")
        assert [
            wire.control("GET", f"requests?sandbox={name}")[1]["total"]
            for name in ("none", "default")
        ] == [2, 2]
    assert [entry.outcome for entry in entries] == ["refused"] * 3 + ["failed"] * 3


@pytest.mark.parametrize("host", [b"", b"Host: \r\n", b"Host: bad host\r\n"])
def test_the_own_address_without_a_host(wire, host):
    """A client that names no usable Host is shown addresses of 127.0.0.1 and the port."""
    head = (
        b"GET /_sandbox/sandboxes/default HTTP/1.0\r\nAuthorization: Bearer "
        + wire.server.token.encode()
        + b"\r\n"
        + host
        + b"\r\n"
    )
    reply = wire.raw(head)
    assert b" 200 " in reply.partition(b"\r\n")[0]
    assert (
        json.loads(reply.partition(b"\r\n\r\n")[2])["gateway"]
        == f"http://127.0.0.1:{wire.port}/router/rest"
    )
