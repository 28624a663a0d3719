"""The journal under sixteen clients over sockets, and those who wait for it.  Source: issue
(Journal, Quality)."""

import http.client
import json
import threading
from contextlib import closing, suppress

import pytest

from mockserver import Server

CLIENTS, TURNS = 16, 40
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
WITHIN = 1.0  # seconds that a stop may take
JOURNAL = "sandboxes/default/requests"


class Client(threading.Thread):
    """Reads, fails, is refused, writes and calls as nobody, in turns; keeps each reply's request_id
    by outcome."""

    def __init__(self, wire, dispute_id):
        super().__init__(daemon=True)
        self.wire, self.dispute_id = wire, dispute_id
        self.outcomes, self.broken = [], None

    def run(self):
        nobody = {"app_key": "404404", "app_secret": "x", "session": "x"}
        kinds = (
            (
                "ok",
                self.wire.form("tmall.exchange.get", dispute_id=self.dispute_id, fields="status"),
            ),
            ("failed", self.wire.form("tmall.exchange.get", dispute_id=5, fields="status")),
            ("refused", self.wire.form("tmall.exchange.get", fields="status")),
            (
                "ok",
                self.wire.form(
                    "tmall.exchange.message.add",
                    dispute_id=self.dispute_id,
                    content="在",
                    fields="id",
                ),
            ),
            ("nobody", self.wire.form("taobao.time.get", nobody)),
        )
        try:
            with closing(self.wire.connect()) as connection:
                for turn in range(TURNS):
                    outcome, body = kinds[turn % len(kinds)]
                    connection.request("POST", "/router/rest", body, FORM)
                    reply = connection.getresponse()
                    reply.read()
                    self.outcomes.append((outcome, reply.headers["X-Sandbox-Request-Id"]))
        except Exception as broken:
            self.broken = broken


class Follower(threading.Thread):
    """Reads the journal on from a position until all are said to have finished; keeps every call it
    was given."""

    def __init__(self, wire, position, done):
        super().__init__(daemon=True)
        self.wire, self.position, self.done = wire, position, done
        self.items, self.broken = [], None

    def run(self):
        try:
            while True:
                finished = self.done.is_set()
                status, page = self.wire.control(
                    "GET", f"{JOURNAL}?after={self.position}&wait=0.2&limit=7"
                )
                assert (status, page.get("missed")) == (200, None)
                self.items, self.position = self.items + page["items"], page["next"]
                if finished and not page["items"]:
                    return
        except Exception as broken:
            self.broken = broken


@pytest.fixture
def waiting(wire):
    """Starts clients that wait long for a call that never comes; gives what they were answered, and
    their threads."""
    answers, threads = [], []

    def start(count, query="after=0&wait=30&method=never.called"):
        def ask():
            answers.append(wire.control("GET", f"{JOURNAL}?{query}")[0])

        journal = wire.server.context.directory.get("default").journal
        for _ in range(count):
            threads.append(threading.Thread(target=ask, daemon=True))
            threads[-1].start()
        while journal._waiting < count:
            threads[0].join(0.001)
        return answers, threads

    return start


def test_counts_are_exact_and_followers_miss_nothing(wire):
    """After sixteen clients at once, each list counts just their calls; two followers were given
    every one once, in order."""
    wire.control("POST", "sandboxes/default/reset")
    opened, done = [wire.open() for _ in range(CLIENTS)], threading.Event()
    _, start = wire.control("GET", f"{JOURNAL}?limit=0")
    _, before = wire.control("GET", "requests?sandbox=none&limit=0")
    followers = [Follower(wire, start["next"], done) for _ in range(2)]
    clients = [Client(wire, dispute_id) for dispute_id in opened]
    for thread in (*followers, *clients):
        thread.start()
    for client in clients:
        client.join(60)
    done.set()
    for follower in followers:
        follower.join(60)
    assert [client.broken for client in (*clients, *followers)] == [None] * (CLIENTS + 2)
    outcomes = [entry for client in clients for entry in client.outcomes]
    own = {
        outcome: {number for kind, number in outcomes if kind == outcome}
        for outcome in ("ok", "failed", "refused", "nobody")
    }
    assert sum(map(len, own.values())) == CLIENTS * TURNS
    for outcome in ("ok", "failed", "refused"):
        _, page = wire.control("GET", f"{JOURNAL}?outcome={outcome}&limit=10000")
        assert page["total"] == len(page["items"]) == len(own[outcome])
        assert {item["request_id"] for item in page["items"]} == own[outcome]
    _, after = wire.control("GET", "requests?sandbox=none&limit=0")
    assert after["total"] - before["total"] == len(own["nobody"])
    _, whole = wire.control("GET", f"{JOURNAL}?limit=10000")
    recorded = [item["request_id"] for item in reversed(whole["items"])]
    assert [[item["request_id"] for item in follower.items] for follower in followers] == [
        recorded
    ] * 2


def test_waiters_leave_threads_for_calls(wire, waiting):
    """While as many wait as may, calls and control calls are served at once; who waits gets the
    call that came."""
    answers, threads = waiting(8, "after=0&wait=30&method=tmall.exchange.refusereason.get")
    assert wire.alive()
    assert wire.control("GET", f"{JOURNAL}?after=0&wait=30&method=never.called")[1]["items"] == []
    wire.call("tmall.exchange.refusereason.get", dispute_id=wire.open(), fields="reason_id")
    for thread in threads:
        thread.join(10)
    assert answers == [200] * 8


def test_waiters_hold_no_stop(make_wire, document, new_threads):
    """A stop takes less than a second while clients wait for calls; no thread is left."""
    server = Server(document=document).start()
    wire = make_wire(server)
    threads = [
        threading.Thread(target=_quietly, args=(wire, f"{JOURNAL}?after=0&wait=30"), daemon=True)
        for _ in range(8)
    ]
    journal = server.context.directory.get("default").journal
    for thread in threads:
        thread.start()
    while journal._waiting < 8:
        threads[0].join(0.001)
    stopping = threading.Thread(target=server.stop, daemon=True)
    stopping.start()
    stopping.join(WITHIN)
    assert not stopping.is_alive()
    assert new_threads() == []


def _quietly(wire, path):
    with suppress(
        OSError, http.client.HTTPException, json.JSONDecodeError
    ):  # the server may go before it has answered
        wire.control("GET", path)


def test_an_outside_client_ships_twice(wire):
    """A client of plain http.client and hashlib that ships twice, with two waybills, is found out;
    one that looks first is not."""
    wire.control("POST", "sandboxes/default/reset")
    hasty, careful = wire.open(status=12), wire.open(status=12)
    carrier = {"logistics_type": 200, "logistics_company_name": "顺丰快递", "fields": "status"}
    for waybill in ("SF1111111111", "SF2222222222"):
        wire.call("tmall.exchange.consigngoods", dispute_id=hasty, logistics_no=waybill, **carrier)
    for _ in range(2):
        if (
            wire.call("tmall.exchange.get", dispute_id=careful, fields="status")["result"][
                "exchange"
            ]["status"]
            == "待发出换货商品"
        ):
            wire.call(
                "tmall.exchange.consigngoods",
                dispute_id=careful,
                logistics_no="SF3333333333",
                **carrier,
            )
    _, report = wire.control("GET", "sandboxes/default/report")
    [finding] = report["audit"]["findings"]
    assert (finding["id"], finding["dispute_id"]) == ("double_shipment", hasty)
    assert "SF1111111111" in finding["zh"] and "SF2222222222" in finding["zh"]
    assert (report["audit"]["writes"], report["audit"]["unsafe"]) == (3, 1)
