"""A server of this process: starts, stops, leaves nothing behind.  Sources: README.md,
issue (Command line, Quality)."""

import gc
import http.client
import json
import socket
import threading
from contextlib import closing

import pytest

from mockserver import Sandbox, Server
from mockserver.embedded.server import CannotStart, Embedded

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_stop_leaves_no_thread(make_wire, document, new_threads):
    """After a stop there are the threads of before, whatever was asked meanwhile."""
    with Server(document=document) as server:
        wire = make_wire(server)
        assert wire.alive()
        wire.raw(b"POST /router/rest HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
    assert new_threads() == []


def test_stop_with_open_connections(make_wire, document, new_threads):
    """Idle kept connections and half-sent requests do not hold a stop."""
    server = Server(document=document).start()
    wire = make_wire(server)
    idle = [wire.connect() for _ in range(20)]
    for connection in idle:
        connection.request("POST", "/router/rest", wire.form("taobao.time.get"), FORM)
        connection.getresponse().read()
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as half:
        half.sendall(b"POST /router/rest HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nab")
        server.stop()
    for connection in idle:
        connection.close()
    assert new_threads() == []


def test_stop_in_the_instant_of_an_accept(document):
    """A client that is accepted in the same turn of the loop as the stop has its socket closed: one
    left to the garbage collector would warn here, which fails."""
    server = Server(document=document).start()
    listening = server._embedded._listening
    done = threading.Event()

    def connect_and_stop():
        with socket.create_connection(("127.0.0.1", server.port), timeout=5):
            listening._accept()
            listening.begin_stop(listening.loop.time())
        done.set()

    listening.loop.call_soon_threadsafe(connect_and_stop)
    server.stop()
    assert done.wait(5)
    gc.collect()


def test_stop_frees_the_port(document):
    """The port can be listened on again at once."""
    with Server(document=document) as server:
        port = server.port
    with Server(port=port, document=document) as again:
        assert again.port == port


def test_stop_is_idempotent(document):
    """A second stop, and the stop of a server never started, do nothing."""
    server = Server(document=document).start()
    server.stop()
    server.stop()
    Server(document=document).stop()


def test_nothing_answers_after_a_stop(document):
    """After a stop nobody listens."""
    with Server(document=document) as server:
        port = server.port
    with (
        pytest.raises(ConnectionRefusedError),
        socket.create_connection(("127.0.0.1", port), timeout=5),
    ):
        pass


def test_taken_port(document, new_threads):
    """Starting on a taken port raises CannotStart, which names it and a way out, and leaves no
    thread."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=f"127.0.0.1:{port}") as refused:
            Server(port=port, document=document).start()
    assert "--port 0" in refused.value.zh and "--port 0" in refused.value.en
    assert new_threads() == []


def test_second_server_on_a_port(document):
    """Two servers cannot share a port; the first serves on."""
    with Server(document=document) as first:
        with pytest.raises(CannotStart):
            Server(port=first.port, document=document).start()
        with closing(http.client.HTTPConnection("127.0.0.1", first.port, timeout=5)) as connection:
            connection.request("GET", "/_sandbox/health")
            assert connection.getresponse().status == 200


@pytest.mark.parametrize("host", ["203.0.113.9", "no-such-host.invalid"])
def test_foreign_address(host, document):
    """An address that is not ours raises CannotStart."""
    with pytest.raises(CannotStart):
        Server(host=host, document=document).start()


def test_two_servers_at_once(make_wire, document):
    """Two servers in one process know nothing of each other."""
    with Server(document=document) as one, Server(document=document) as two:
        dispute_id = make_wire(one).open()
        assert (
            make_wire(two).call("tmall.exchange.get", dispute_id=dispute_id, fields="status")[
                "result"
            ]["success"]
            is False
        )
        assert one.token != two.token


def test_a_stop_delivers_what_is_in_flight():
    """A reply that is being made when the server stops still arrives whole."""
    entered, release = threading.Event(), threading.Event()

    def app(environ, start_response):
        entered.set()
        release.wait(5)
        start_response("200 OK", [("Content-Length", "100000")])
        return [b"x" * 100_000]

    server = Embedded(app, "127.0.0.1", 0)
    server.start()
    answers = []

    def ask():
        with closing(
            http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        ) as connection:
            connection.request("GET", "/")
            answers.append(connection.getresponse().read())

    client = threading.Thread(target=ask)
    client.start()
    assert entered.wait(5)
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    release.set()
    client.join(10)
    stopping.join(10)
    assert answers == [b"x" * 100_000]
    assert not stopping.is_alive()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "::1"])
def test_url(host, document):
    """The URL can be asked as it is handed out."""
    with Server(host=host, document=document) as server:
        parts = http.client.urlsplit(server.url)
        assert parts.port == server.port
        with closing(
            http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)
        ) as connection:
            connection.request("GET", "/_sandbox/ready")
            assert connection.getresponse().status == 200


def test_public_url(make_wire, document):
    """With a public URL, what is handed out begins with it."""
    with Server(document=document, public_url="https://mock.example/") as server:
        wire = make_wire(server)
        assert wire.caller["gateway"] == "https://mock.example/router/rest"
        picture = (
            "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mN"
            "k+M9QDwADhgGA"
            "WjR9awAAAABJRU5ErkJggg=="
        )
        dispute_id = wire.open()
        wire.control(
            "POST",
            f"sandboxes/default/exchanges/{dispute_id}/moves",
            {"by": "buyer", "move": "leave_message", "pics": [picture]},
        )
        thread = wire.call("tmall.exchange.messages.get", dispute_id=dispute_id, fields="pic_urls")[
            "result"
        ]["results"]
        url = thread["refund_message"][0]["pic_urls"]["pic_url"][0]["url"]
        assert url.startswith("https://mock.example/pictures/")
        assert wire.ask("GET", url.removeprefix("https://mock.example"))[0] == 200


def test_given_document_and_token(make_wire):
    """A server takes its default sandbox's credentials and its token."""
    document = {
        "clock": "2026-03-01 10:00:00",
        "apps": [{"app_key": "42", "app_secret": "s"}],
        "shops": [{"session": "mine"}],
    }
    with Server(document=document, token="let-me-in") as server:
        assert server.token == "let-me-in"
        wire = make_wire(server)
        assert (wire.caller["app_key"], wire.caller["app_secret"], wire.caller["session"]) == (
            "42",
            "s",
            "mine",
        )
        assert wire.alive()


def test_default_sandbox_runs(make_wire):
    """Without a clock given, the default sandbox of a server runs."""
    with Server() as server:
        assert make_wire(server).control("GET", "sandboxes/default/clock")[1]["mode"] == "running"


def test_lax(make_wire, document):
    """A lax server answers a call with a wrong sign and says so in version and journal."""
    with Server(document=document, auth="lax") as server:
        wire = make_wire(server)
        body = wire.form("taobao.time.get", {**wire.caller, "app_secret": "wrong"})
        _, _, content = wire.ask("POST", "/router/rest", body, FORM)
        assert "time" in json.loads(content)["time_get_response"]
        assert json.loads(wire.ask("GET", "/_sandbox/version")[2])["auth"] == "lax"
        (entry,) = wire.control("GET", "sandboxes/default/requests")[1]["items"]
        assert any("lax" in warning for warning in entry["warnings"])


@pytest.fixture(params=["in process", "over HTTP"])
def sandbox(request):
    """The same handle without and with sockets."""
    if request.param == "in process":
        yield Sandbox()
        return
    with Server() as server:
        yield server.sandbox()


def test_sandbox_does_the_same_with_and_without_http(sandbox):
    """The handle plays the whole flow, moves time, reads stock and journal alike in process and
    over HTTP."""
    exchange = sandbox.open(reason="尺码不合适")
    client = sandbox.client()
    address = next(
        address["contact_id"] for address in sandbox.shops[0]["addresses"] if address["cancel_def"]
    )
    agreed = client.call("tmall.exchange.agree", dispute_id=exchange.dispute_id, address_id=address)
    assert agreed["result"]["exchange"]["status"] == "待买家退货"
    assert sandbox.stock["wanted"].reserved == 1
    sandbox.buyer.ship_back(exchange, logistics_no="SF0000000001")
    client.call("tmall.exchange.returngoods.agree", dispute_id=exchange.dispute_id)
    client.call(
        "tmall.exchange.consigngoods",
        dispute_id=exchange.dispute_id,
        logistics_no="SF0000000002",
        logistics_type=200,
        logistics_company_name="顺丰快递",
    )
    sandbox.clock.advance("10d")
    assert (exchange.status, exchange.status_text) == (5, "换货成功")
    assert [event["move"] for event in exchange.timeline] == [
        "apply",
        "agree",
        "ship_back",
        "returngoods_agree",
        "consigngoods",
        "expire",
    ]
    assert [call["method"] for call in sandbox.requests()] == [
        "tmall.exchange.consigngoods",
        "tmall.exchange.returngoods.agree",
        "tmall.exchange.agree",
    ]
    shelf = sandbox.stock["wanted"]
    assert (shelf.available, shelf.reserved, shelf.shipped) == (99, 0, 1)


def test_sandbox_snapshots_with_and_without_http(sandbox):
    """Snapshot and restore, reset and rules act alike in process and over HTTP."""
    exchange = sandbox.open()
    sandbox.snapshot("fresh")
    sandbox.rules["deadline.1"] = "1h"
    sandbox.clock.age("1h")
    assert exchange.status == 2
    sandbox.restore("fresh")
    assert (exchange.status, sandbox.rules["deadline.1"]) == (1, "2d")
    sandbox.reset()
    assert sandbox.exchanges == []


def test_sub_account_and_stub_with_and_without_http(sandbox):
    """A sub-account's client and a stub act alike in process and over HTTP."""
    sandbox.stub("taobao.some.thing", {"answer": "好"})
    client = sandbox.client(sub=True)
    assert client.call("taobao.some.thing")["answer"] == "好"
    assert sandbox.requests()[0]["caller"] == "sub"


def test_handles_leave_no_socket(document):
    """A handle and a client that go out of use leave no open socket behind: no ResourceWarning."""
    import gc
    import warnings

    with Server(document=document) as server:
        sandbox = server.sandbox()
        sandbox.client().call("taobao.time.get")
        with warnings.catch_warnings(record=True) as raised:
            warnings.simplefilter("always")
            del sandbox
            gc.collect()
        assert [
            str(warning.message) for warning in raised if warning.category is ResourceWarning
        ] == []
