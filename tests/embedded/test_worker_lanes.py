"""Which work waits for which threads."""

import threading

import pytest

from mockserver.embedded.request_parser import RequestHead
from mockserver.embedded.worker_lanes import WorkerLanes

S = "/_sandbox/sandboxes/a"


@pytest.fixture
def lanes():
    """Lanes that are stopped at the end."""
    made = WorkerLanes(lambda line: None)
    yield made
    made.stop(1)


@pytest.mark.parametrize(
    ("verb", "path", "query", "body", "lane"),
    [
        ("GET", "/_sandbox/health", b"", b"", "control"),
        ("GET", f"{S}/play", b"", b"", "control"),
        ("POST", f"{S}/play", b"", b"{}", "plays"),
        ("POST", f"{S}/clock/advance", b"", b"{}", "long"),
        ("POST", f"{S}/clock/age", b"", b"{}", "long"),
        ("POST", f"{S}/exchanges", b"", b'{"count": 500}', "long"),
        ("POST", f"{S}/exchanges", b"", b"{}", "control"),
        ("POST", f"{S}/reset", b"", b"", "control"),
        ("PUT", f"{S}/snapshots/a", b"", b"x" * 1_000_000, "long"),
        ("GET", f"{S}/requests", b"after=1&wait=20", b"", "waiting"),
    ],
)
def test_lane_of_a_request(lanes, verb, path, query, body, lane):
    """Long work, and waiting for the journal, has threads of its own."""
    head = RequestHead(verb, path, query)

    assert lanes.choose(head, body) is getattr(lanes, lane)


@pytest.mark.parametrize(
    ("verb", "path", "query", "lane"),
    [
        ("GET", "/_sandbox/health", b"", "pipelined"),
        ("POST", f"{S}/clock/advance", b"", "pipelined"),
        ("POST", f"{S}/play", b"", "plays"),
        ("GET", f"{S}/requests", b"after=1&wait=20", "waiting"),
    ],
)
def test_lane_of_a_pipelined_request(lanes, verb, path, query, lane):
    """What was sent before the last reply had come has one thread, unless it may wait long."""
    head = RequestHead(verb, path, query)

    assert lanes.choose(head, b"{}", pipelined=True) is getattr(lanes, lane)


@pytest.mark.parametrize("busy", ["control", "long", "pipelined", "plays", "waiting"])
def test_gateway_calls_wait_for_no_other_lane(lanes, busy):
    """With very much work in another lane, a call of the gateway is at work at once."""
    gate = threading.Event()
    for _ in range(200):
        assert getattr(lanes, busy).submit(lambda: gate.wait(10))
    done = threading.Event()

    assert lanes.gateway.submit(done.set)

    assert done.wait(5)
    gate.set()


def test_locks_are_expected_of_all_but_those_who_wait(lanes):
    """Work that waits for the journal holds no lock; any other may."""
    gate = threading.Event()
    lanes.waiting.submit(lambda: gate.wait(10))
    assert not lanes.may_hold_locks
    lanes.long.submit(lambda: gate.wait(10))
    assert lanes.may_hold_locks
    gate.set()
