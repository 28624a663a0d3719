"""The webhook bridge: signed POSTs of what waits in a queue, confirmed where they are answered."""

import hashlib
import hmac
import json
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mockserver import Server
from mockserver.client.control_client import ControlRefused

SECONDS = 20.0  # that a POST may take to come


class Receiver:
    """A server on this machine that keeps what is posted and answers with the next of `answers`,
    else 200."""

    def __init__(self) -> None:
        self.posts: queue.Queue[tuple[str, dict[str, str], bytes]] = queue.Queue()
        self.answers: queue.Queue[int] = queue.Queue()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.posts.put((self.path, dict(self.headers), body))
                status = 200 if receiver.answers.empty() else receiver.answers.get()
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "http://169.254.169.254/")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?key=1"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def next_post(self) -> tuple[str, dict[str, str], dict]:
        path, headers, body = self.posts.get(timeout=SECONDS)
        return path, headers, json.loads(body)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def box(server):
    """A frozen sandbox that is dropped at the end, and its webhooks with it."""
    fresh = server.sandbox()
    yield fresh
    fresh._ask("DELETE", "webhooks")
    fresh.drop()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    fresh = Receiver()
    yield fresh
    fresh.server.shutdown()
    fresh.server.server_close()


def wait_for_state(box, state):
    """Return once the first message is in that state."""
    revision = 0
    for _ in range(40):
        if next(iter(box.messages))["state"] == state:
            return
        answer = box._ask("GET", "revision", since=revision, wait=0.5)
        revision = answer["revision"] if answer else revision
    pytest.fail(f"not {state}: {list(box.messages)} {box._ask('GET', 'webhooks')}")


def test_a_message_is_posted_signed_and_confirmed(box, receiver):
    """Body, headers and signature; an answer of 2xx confirms."""
    box._ask("POST", "webhooks", {"url": receiver.url})
    exchange = box.open()

    path, headers, body = receiver.next_post()

    assert path == "/hook?key=1"
    assert body["topic"] == "taobao_dispute_RefundCreated"
    assert str(json.loads(body["content"])["refund_id"]) == exchange.dispute_id
    assert (body["retried"], body["app_key"], body["group"]) == (0, box.app_key, "default")
    assert headers["X-Sandbox-Id"] == box.id
    wait_for_state(box, "confirmed")
    [webhook] = box._ask("GET", "webhooks")["items"]
    assert webhook["delivered"] == 1
    assert [(a["status"], a["topic"]) for a in webhook["log"]] == [(200, body["topic"])]


def test_the_signature_covers_timestamp_and_body(box, receiver):
    """A receiver computes it with the app's secret."""
    box._ask("POST", "webhooks", {"url": receiver.url})
    box.open()

    _, headers, body = receiver.posts.get(timeout=SECONDS)

    signed = headers["X-Sandbox-Timestamp"].encode() + b"\n" + body
    expected = hmac.new(box.app_secret.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["X-Sandbox-Sign"] == expected


@pytest.mark.parametrize("status", [500, 404, 302, 199])
def test_what_is_not_confirmed_is_posted_again(box, receiver, status):
    """Other answers confirm nothing; the message comes again on the sandbox's clock; a redirect
    is not followed."""
    receiver.answers.put(status)
    box._ask("POST", "webhooks", {"url": receiver.url})
    box.open()
    _, _, first = receiver.next_post()
    box.clock.advance("5m")

    _, _, again = receiver.next_post()

    assert (again["id"], again["retried"]) == (first["id"], 1)
    wait_for_state(box, "confirmed")


def test_nobody_at_the_address_is_in_the_log(box, receiver):
    """The message waits, the log says why."""
    receiver.server.shutdown()
    receiver.server.server_close()
    box._ask("POST", "webhooks", {"url": receiver.url})
    box.open()
    log: list[dict] = []
    for _ in range(40):
        log = box._ask("GET", "webhooks")["items"][0]["log"]
        if log:
            break
        box._ask("GET", "revision", since=box._ask("GET", "revision")["revision"], wait=0.5)

    assert [attempt["status"] for attempt in log] == [0]
    assert log[0]["error"]
    assert next(iter(box.messages))["state"] == "queued"


def test_a_webhook_of_a_group_gets_that_queue(box, receiver):
    """Other queues wait for others."""
    agreed = "taobao_dispute_ExchangeAgree"
    box.client().call("taobao.tmc.topic.group.add", group_name="agreed", topics=agreed)
    box._ask("POST", "webhooks", {"url": receiver.url, "group": "agreed"})
    box.open()
    box.seller.agree()

    assert receiver.next_post()[2]["topic"] == agreed


def test_a_dropped_webhook_posts_no_more(box, receiver):
    """What comes after it waits in the queue."""
    webhook = box._ask("POST", "webhooks", {"url": receiver.url})
    box._ask("DELETE", f"webhooks/{webhook['id']}")
    box.open()

    with pytest.raises(queue.Empty):
        receiver.posts.get(timeout=1.0)
    assert box._ask("GET", "webhooks")["total"] == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": 1}, "url"),
        ({"url": "http://10.0.0.1/"}, "url"),
        ({"url": "http://127.0.0.1/", "group": "none"}, "group"),
        ({"url": "http://127.0.0.1/", "app_key": "none"}, "app_key"),
        ({"url": "http://127.0.0.1/", "topic": "x"}, "topic"),
    ],
)
def test_what_cannot_be_a_webhook(box, body, field):
    """The refusal names the field."""
    with pytest.raises(ControlRefused) as refused:
        box._ask("POST", "webhooks", body)
    assert field in str(refused.value.problem)


def test_there_are_at_most_twenty(box):
    """Each is a thread."""
    for _ in range(20):
        box._ask("POST", "webhooks", {"url": "http://127.0.0.1:9/"})
    with pytest.raises(ControlRefused, match="20"):
        box._ask("POST", "webhooks", {"url": "http://127.0.0.1:9/"})


def test_a_webhook_that_is_not_there(box):
    """The refusal lists those that are."""
    with pytest.raises(ControlRefused, match="w999"):
        box._ask("DELETE", "webhooks/w999")
