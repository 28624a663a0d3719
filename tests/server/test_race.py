"""Sixteen clients race over HTTP for the last unit.  Source: issue (Concurrency), rules.md
(Stock)."""

import http.client
import json
import threading
from contextlib import closing

import pytest

pytestmark = pytest.mark.slow

RACERS, ROUNDS = 16, 200
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Racer(threading.Thread):
    """One client on one kept connection: waits for each round's start, agrees to its own
    exchange."""

    def __init__(self, wire, number, gate):
        super().__init__(daemon=True)
        self.wire, self.number, self.gate = wire, number, gate
        self.exchanges, self.replies, self.broken = [], [], None

    def run(self):
        try:
            with closing(self.wire.connect()) as connection:
                for _ in range(ROUNDS):
                    self.gate.wait(30)
                    body = self.wire.form(
                        "tmall.exchange.agree",
                        dispute_id=self.exchanges[self.number],
                        address_id=10000002,
                        fields="dispute_id,status",
                    )
                    connection.request("POST", "/router/rest", body, FORM)
                    reply = connection.getresponse()
                    self.replies.append((reply.status, json.loads(reply.read())))
                    self.gate.wait(30)
        except Exception as broken:
            self.broken = broken
            self.gate.abort()


def test_exactly_one_wins(wire):
    """In each of 200 rounds exactly one of 16 agrees gets the last unit; nothing is lost and every
    call is recorded."""
    gate = threading.Barrier(RACERS + 1)
    racers = [Racer(wire, number, gate) for number in range(RACERS)]
    for racer in racers:
        racer.start()
    path = "sandboxes/default"
    headers = {"Authorization": f"Bearer {wire.server.token}", "Content-Type": "application/json"}
    with closing(http.client.HTTPConnection("127.0.0.1", wire.port, timeout=30)) as connection:

        def control(verb, where, body=None):
            connection.request(
                verb,
                f"/_sandbox/{path}/{where}",
                json.dumps(body) if body is not None else b"",
                headers,
            )
            reply = connection.getresponse()
            content = reply.read()
            assert reply.status < 300, content
            return json.loads(content) if content else None

        for _ in range(ROUNDS):
            control("POST", "reset")
            control("PUT", "stock/wanted", {"available": 1})
            opened = [
                item["dispute_id"]
                for item in control("POST", "exchanges", {"count": RACERS})["items"]
            ]
            for racer in racers:
                racer.exchanges = opened
            gate.wait(30)
            gate.wait(30)
            latest = [racer.replies[-1] for racer in racers]
            assert {status for status, _ in latest} == {200}
            results = [reply["tmall_exchange_agree_response"]["result"] for _, reply in latest]
            assert [result["success"] for result in results].count(True) == 1
            assert {result["msg_code"] for result in results if not result["success"]} == {
                "EXCHANGE_STOCK_NOT_ENOUGH"
            }
            winner = next(
                result["exchange"]["dispute_id"] for result in results if result["success"]
            )
            account = next(
                item for item in control("GET", "stock")["items"] if item["name"] == "wanted"
            )
            assert (account["available"], account["reserved"]) == (0, 1)
            assert [
                item["dispute_id"] for item in control("GET", "exchanges?status=2")["items"]
            ] == [winner]
            journal = control("GET", "requests?method=tmall.exchange.agree")
            assert journal["total"] == RACERS
            assert sorted(item["dispute_id"] for item in journal["items"]) == sorted(opened)
            assert len({item["request_id"] for item in journal["items"]}) == RACERS
    for racer in racers:
        racer.join(30)
    assert [racer.broken for racer in racers] == [None] * RACERS


def test_many_clients_at_once(wire):
    """Sixteen clients that agree, read, list and write messages at once all get whole answers."""
    wire.control("POST", "sandboxes/default/reset")
    opened = [wire.open() for _ in range(RACERS)]
    failures = []

    def work(dispute_id):
        try:
            with closing(wire.connect()) as connection:
                for turn in range(30):
                    method, more = [
                        (
                            "tmall.exchange.message.add",
                            {"dispute_id": dispute_id, "content": f"第{turn}次", "fields": "id"},
                        ),
                        (
                            "tmall.exchange.messages.get",
                            {"dispute_id": dispute_id, "fields": "id,content"},
                        ),
                        ("tmall.exchange.receive.get", {"fields": "dispute_id,status"}),
                    ][turn % 3]
                    connection.request("POST", "/router/rest", wire.form(method, **more), FORM)
                    reply = connection.getresponse()
                    text = json.loads(reply.read())
                    assert (reply.status, next(iter(text))) == (
                        200,
                        method.replace(".", "_") + "_response",
                    )
        except Exception as broken:
            failures.append(broken)

    threads = [threading.Thread(target=work, args=(dispute_id,)) for dispute_id in opened]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    for dispute_id in opened:
        thread = wire.call(
            "tmall.exchange.messages.get", dispute_id=dispute_id, fields="content", page_size=50
        )["result"]
        assert thread["total_results"] == 11
    assert (
        wire.control("GET", "sandboxes/default/requests?method=tmall.exchange.message.add")[1][
            "total"
        ]
        == RACERS * 10
    )
