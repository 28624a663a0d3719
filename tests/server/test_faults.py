"""Every planned fault as a plain socket client meets it.  Source: the issue (faults, quotas),
docs/faults.md."""

import http.client
import json
import socket
import ssl
import threading
from contextlib import closing
from pathlib import Path
from time import monotonic
from urllib.parse import urlencode
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from mockserver import Sandbox, Server
from mockserver.world.faults.fault_kinds import FAULTS

GET, AGREE, LIST = "tmall.exchange.get", "tmall.exchange.agree", "tmall.exchange.receive.get"
HEAD = (
    b"POST /router/rest HTTP/1.1\r\nHost: x\r\nContent-Type: "
    b"application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n"
)
WITHIN = 5.0


class Client:
    """Sends signed calls of one sandbox over raw sockets."""

    def __init__(self, wire, made):
        self.wire, self.made = wire, made

    def plan(self, fault, **options):
        """Plans a fault."""
        status, reply = self.control("POST", "faults", {"fault": fault, **options})
        assert status == 201, reply

    def control(self, verb, path, body=None):
        """Status and decoded reply of a control call below the sandbox."""
        return self.wire.control(verb, f"sandboxes/{self.made['id']}/{path}", body)

    def all_struck(self):
        """Whether the first fault has no call left, looked at until it has none or far too
        often."""
        return any(self.control("GET", "faults")[1]["items"][0]["left"] == 0 for _ in range(2000))

    def entries(self):
        """The journal, newest first."""
        return self.control("GET", "requests")[1]["items"]

    def begun(self, method, **business):
        """A socket over which a call has been sent."""
        body = self.wire.form(method, self.made, **business)
        plug = socket.create_connection(("127.0.0.1", self.wire.port), timeout=WITHIN)
        plug.sendall(HEAD % len(body) + body)
        return plug

    def receive(self, method, **business):
        """What came back until the connection ended or the announced body was whole, and how it
        ended."""
        with self.begun(method, **business) as plug:
            received = b""
            try:
                while chunk := plug.recv(65536):
                    received += chunk
                    head, gap, body = received.partition(b"\r\n\r\n")
                    if gap and len(body) >= int(
                        head.lower().partition(b"content-length: ")[2].split()[0]
                    ):
                        return received, "whole"
            except ConnectionResetError:
                return received, "reset"
            return received, "closed"


@pytest.fixture
def client(wire):
    """A client of a sandbox of its own."""
    made = wire.control("POST", "sandboxes", {"clock": "2026-03-01 10:00:00"})[1]
    yield Client(wire, made)
    wire.control("DELETE", f"sandboxes/{made['id']}")


@pytest.fixture
def opened(client):
    """An exchange that waits for the seller."""
    return client.control("POST", "exchanges", {})[1]["dispute_id"]


def inner(received):
    """What stands inside the root of a whole JSON reply."""
    (document,) = json.loads(received.partition(b"\r\n\r\n")[2]).values()
    return document


def status(client, opened):
    """The exchange's status as the control API shows it."""
    return client.control("GET", f"exchanges/{opened}")[1]["status"]


ANSWERED = {  # a whole JSON reply, without waiting: what stands in it
    "platform_error": ({"code": 15, "sub_code": "isp.remote-service-error"}, {}),
    "business_failure": (
        {
            "result": {
                "success": False,
                "msg_code": "SYSTEM_ERROR",
                "message": "系统繁忙，请稍后再试",
            }
        },
        {},
    ),
    "limited": ({"code": 7, "sub_msg": "This ban will last for 30 more seconds"}, {"seconds": 30}),
    "session_expired": ({"code": 27, "sub_code": "session-expired"}, {}),
    "reply_lost": (
        {"code": 15, "sub_code": "isp.remote-service-timeout"},
        {"as": "isp.remote-service-timeout"},
    ),
    "refused_reply_lost": (
        {"code": 15, "sub_code": "isp.remote-service-timeout"},
        {"as": "isp.remote-service-timeout"},
    ),
}


@pytest.mark.parametrize("fault", ANSWERED)
def test_answered_instead(client, opened, fault):
    """A refusal, a failure or the timeout error comes instead of the call's answer, with HTTP
    200."""
    expected, options = ANSWERED[fault]
    client.plan(fault, **options)
    received, ended = client.receive(
        AGREE, dispute_id=opened, address_id=10000002, fields="dispute_id,status"
    )
    assert (received[:15], ended) == (b"HTTP/1.1 200 OK", "whole")
    assert expected.items() <= inner(received).items()
    assert status(client, opened) == (2 if fault == "reply_lost" else 1)
    assert client.entries()[0]["fault"]["name"] == fault


@pytest.mark.parametrize(
    ("fault", "options", "ended", "carried_out"),
    [
        ("reset", {}, "reset", True),
        ("reset", {"executed": False}, "reset", False),
        ("empty_reply", {}, "closed", True),
        ("empty_reply", {"executed": False}, "closed", False),
        ("reply_lost", {}, "reset", True),
        ("refused_reply_lost", {}, "reset", False),
        ("reply_lost", {"as": "hang", "seconds": 0.05}, "closed", True),
        ("refused_reply_lost", {"as": "hang", "seconds": 0.05}, "closed", False),
    ],
)
def test_nothing_comes_back(client, opened, fault, options, ended, carried_out):
    """Not a byte arrives; whether the call was carried out, only the sandbox knows."""
    client.plan(fault, **options)
    assert client.receive(AGREE, dispute_id=opened, address_id=10000002, fields="dispute_id") == (
        b"",
        ended,
    )
    assert status(client, opened) == (2 if carried_out else 1)
    [entry] = client.entries()
    assert (entry["outcome"], entry["fault"]["lost"]) == ("ok" if carried_out else "refused", True)


def test_a_reset_in_the_middle(client, opened):
    """So many bytes of the body arrive, then the connection is reset."""
    client.plan("reset", bytes=60)
    received, ended = client.receive(GET, dispute_id=opened, fields="dispute_id")
    assert (len(received.partition(b"\r\n\r\n")[2]), ended) == (60, "reset")


def test_a_truncated_reply(client, opened):
    """The body ends before its length, and http.client says so."""
    client.plan("truncated", part=0.5)
    with closing(client.wire.connect()) as connection:
        connection.request(
            "POST",
            "/router/rest",
            client.wire.form(GET, client.made, dispute_id=opened, fields="dispute_id"),
            {"Content-Type": "application/x-www-form-urlencoded"},
        )
        reply = connection.getresponse()
        with pytest.raises(http.client.IncompleteRead) as cut:
            reply.read()
        assert len(cut.value.partial) == int(reply.headers["Content-Length"]) // 2


def test_garbled_and_mistyped(client, opened):
    """A garbled body is no UTF-8; a mistyped one is whole under another type."""
    client.plan("garbled")
    received, ended = client.receive(GET, dispute_id=opened, fields="dispute_id")
    assert ended == "whole" and b"\xff" in received.partition(b"\r\n\r\n")[2]
    client.plan("wrong_content_type")
    received, _ = client.receive(GET, dispute_id=opened, fields="dispute_id")
    assert (
        b"Content-Type: text/html;charset=GBK\r\n" in received
        and inner(received)["result"]["success"] is True
    )


@pytest.mark.parametrize("code", [502, 503, 504])
def test_a_gateway_in_trouble(client, opened, code):
    """The status line, the server's name and an HTML page are a proxy's."""
    client.plan("gateway_5xx", status=code)
    received, ended = client.receive(GET, dispute_id=opened, fields="dispute_id")
    assert received.startswith(b"HTTP/1.1 %d " % code) and ended == "whole"
    assert b"\r\nServer: Tengine\r\n" in received and b"<html>" in received
    assert received.count(b"Server:") == 1


def test_late_and_slow_replies(client, opened):
    """A late reply and a slow one take their time and arrive whole."""
    for fault, options in (
        ("latency", {"seconds": 0.2}),
        ("slow_body", {"seconds": 0.2, "pieces": 5}),
    ):
        client.plan(fault, **options)
        began = monotonic()
        received, ended = client.receive(GET, dispute_id=opened, fields="dispute_id,status")
        assert 0.2 <= monotonic() - began < WITHIN
        assert ended == "whole" and inner(received)["result"]["success"] is True


def test_a_slow_body_comes_in_pieces(client, opened):
    """The head arrives long before the last piece."""
    client.plan("slow_body", seconds=30, pieces=3)
    with client.begun(GET, dispute_id=opened, fields="dispute_id") as plug:
        received = plug.recv(65536)
        while b"\r\n\r\n" not in received or received.endswith(b"\r\n\r\n"):
            received += plug.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    assert 0 < len(body) < int(head.lower().partition(b"content-length: ")[2].split()[0])


def test_a_request_delivered_twice(client, opened):
    """The second delivery's answer arrives, and both stand in the journal."""
    client.plan("duplicate_delivery")
    received, _ = client.receive(AGREE, dispute_id=opened, address_id=10000002, fields="dispute_id")
    assert inner(received)["result"]["msg_code"] == "EXCHANGE_STATUS_ERROR"
    assert [entry["outcome"] for entry in client.entries()] == ["failed", "ok"]
    assert status(client, opened) == 2


@pytest.mark.parametrize(
    ("fault", "options", "rows"),
    [
        ("stale_read", {}, []),
        ("late_rows", {}, []),
        ("exclusive_end", {"end_gmt_modifed_time": "2026-03-01 10:00:00"}, []),
        ("same_second", {"options": {"within": "1d"}}, ["2026-03-01 08:00:00"]),
        ("clock_skew", {}, ["2026-03-01 09:59:55"]),
        ("moving_rows", {"page_no": 2, "page_size": 1}, []),
    ],
)
def test_distorted_lists(client, fault, options, rows):
    """Each fault of the list works over a socket."""
    client.plan(fault, **options.pop("options", {}))
    client.control("POST", "exchanges", {})
    received, ended = client.receive(LIST, fields="dispute_id,modified", **options)
    listing = inner(received).get("results", {}).get("exchange", [])
    assert ([row["modified"] for row in listing], ended) == (rows, "whole")


def test_no_fault_is_left_out():
    """The tests of this file name every fault of calls, those of the channel its own tests."""
    tests = Path(__file__).parents[1]
    own = Path(__file__).read_text("utf-8")
    of_messages = (tests / "world" / "test_message_fault_kinds.py").read_text("utf-8")
    texts = {name: of_messages if name.startswith("message_") else own for name in FAULTS}
    assert [name for name, text in texts.items() if f'"{name}"' not in text] == []


def test_a_kept_connection_goes_on_after_a_harmless_fault(client, opened):
    """After a late, a garbled or a mistyped reply the same connection serves the next call."""
    with closing(client.wire.connect()) as connection:
        for fault in ("latency", "garbled", "wrong_content_type", "gateway_5xx", "platform_error"):
            client.plan(fault, **({"seconds": 0.01} if fault == "latency" else {}))
            for _ in range(2):
                connection.request(
                    "POST",
                    "/router/rest",
                    client.wire.form(GET, client.made, dispute_id=opened, fields="dispute_id"),
                    {"Content-Type": "application/x-www-form-urlencoded"},
                )
                reply = connection.getresponse()
                body = reply.read()
        assert json.loads(body)["tmall_exchange_get_response"]["result"]["success"] is True


def test_hanging_clients_delay_nobody(wire, client, opened):
    """Sixty clients that wait for replies held back take no worker from others, nor from their own
    sandbox."""
    client.plan("reply_lost", **{"as": "hang", "times": 60})
    plugs = [client.begun(GET, dispute_id=opened, fields="dispute_id") for _ in range(60)]
    try:
        assert client.all_struck()
        assert wire.alive()
        for _ in range(20):
            with closing(
                http.client.HTTPConnection("127.0.0.1", wire.port, timeout=WITHIN)
            ) as connection:
                connection.request("GET", "/_sandbox/health")
                assert connection.getresponse().status == 200
        assert client.receive(GET, dispute_id=opened, fields="dispute_id")[1] == "whole"
    finally:
        for plug in plugs:
            plug.close()


@pytest.mark.parametrize(
    ("fault", "options"),
    [("reply_lost", {"as": "hang"}), ("latency", {"seconds": 60}), ("slow_body", {"seconds": 60})],
)
def test_a_server_stops_at_once_with_replies_held_back(
    make_wire, document, new_threads, fault, options
):
    """Stopping takes less than a second, ends every wait, and leaves no thread."""
    server = Server(document=document).start()
    wire = make_wire(server)
    client = Client(wire, wire.caller)
    client.plan(fault, times=40, **options)
    plugs = [client.begun("taobao.time.get") for _ in range(40)]
    assert client.all_struck()
    began = monotonic()
    server.stop()
    assert monotonic() - began < 1
    assert new_threads() == []
    for plug in plugs:
        with plug:
            received = b""
            while chunk := plug.recv(65536):
                received += chunk
            assert (received == b"") is (fault == "reply_lost")


@pytest.mark.parametrize(
    ("fault", "options"),
    [("reset", {}), ("empty_reply", {}), ("reply_lost", {"as_": "hang", "seconds": 0.05})],
)
def test_a_lost_reply_over_tls(document, certificate, fault, options):
    """Over TLS a reset, an empty reply and a hang reach the client as broken connections too."""
    with Server(document=document, tls=certificate) as server:
        sandbox = server.sandbox(clock=document["clock"])
        sandbox.faults.add(fault, **options)
        query = urlencode(sandbox.client().params("taobao.time.get", {}))
        context = ssl._create_unverified_context()
        with closing(
            http.client.HTTPSConnection("127.0.0.1", server.port, timeout=WITHIN, context=context)
        ) as connection:
            connection.request("GET", f"/router/rest?{query}")
            with pytest.raises(OSError):
                connection.getresponse()
        assert [call["fault"]["name"] for call in sandbox.requests()] == [fault]
        assert "time" in sandbox.client().call("taobao.time.get")


def test_exact_under_sixteen_clients(client):
    """Of 16 clients' 320 calls exactly the quota's pass, exactly `times` of them are struck, and
    all are in the journal."""
    client.control("PUT", "quotas", [{"per": "day", "limit": 200}])
    client.plan("platform_error", times=50, code=10)
    client.plan("reply_lost", times=30)
    codes, broken = [], []

    def call():
        for _ in range(20):
            received, ended = client.receive("taobao.time.get")
            codes.append(inner(received).get("code", 0) if ended == "whole" else -1)

    def guarded():
        try:
            call()
        except Exception as wrong:
            broken.append(wrong)

    threads = [threading.Thread(target=guarded) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert broken == []
    assert {code: codes.count(code) for code in set(codes)} == {7: 120, 10: 50, -1: 30, 0: 120}
    journal = client.control("GET", "requests?limit=1000")[1]["items"]
    assert len(journal) == 320 == len({entry["request_id"] for entry in journal})
    assert [
        sum(1 for entry in journal if (entry["fault"] or {}).get("name") == name)
        for name in ("platform_error", "reply_lost")
    ] == [50, 30]
    assert [
        (fault["met"], fault["hits"]) for fault in client.control("GET", "faults")[1]["items"]
    ] == [(50, 50), (30, 30)]


class Quiet(WSGIRequestHandler):
    """The standard library's handler, without its log."""

    def log_message(self, *arguments):
        """Nothing."""


@pytest.mark.parametrize("fault", ["reply_lost", "empty_reply", "truncated", "reset"])
def test_under_a_foreign_server(fault):
    """Under a WSGI server that knows no wires a lost reply ends short of its length."""
    sandbox = Sandbox()
    sandbox.faults.add(fault)
    query = urlencode(sandbox.client().params("taobao.time.get", {}))
    with make_server("127.0.0.1", 0, sandbox.wsgi, handler_class=Quiet) as foreign:
        serving = threading.Thread(target=foreign.handle_request, daemon=True)
        serving.start()
        with closing(
            http.client.HTTPConnection("127.0.0.1", foreign.server_port, timeout=WITHIN)
        ) as connection:
            connection.request("GET", f"/router/rest?{query}")
            reply = connection.getresponse()
            with pytest.raises(http.client.IncompleteRead):
                reply.read()
        serving.join(WITHIN)
