"""How a harmed reply goes out at a WSGI door: through a wire, or under a server that has none.  Source: PEP 3333."""

import pytest

from mockserver.gateway.faults.connection_control import CONNECTION_CONTROL, send
from mockserver.protocol.messages import Delivery, Reply

BODY = b"0123456789"


class Told:
    """A wire that notes what is done to it."""

    def __init__(self):
        self.done = []

    def wait(self, seconds):
        self.done.append(round(seconds, 3))

    def silence(self):
        self.done.append("silence")
        return True

    def hang_up(self, *, reset):
        self.done.append("reset" if reset else "close")


def sent(sending, environ):
    """Status, headers and pieces that leave; None where nothing was started."""
    started = []
    pieces = list(
        send(
            Reply(BODY, (("X", "y"),)),
            sending,
            {"REQUEST_METHOD": "POST", **environ},
            lambda *given: started.append(given),
        )
    )
    return (started[0] if started else None), pieces


@pytest.mark.parametrize(
    ("sending", "pieces", "done"),
    [
        (Delivery(), [BODY], []),
        (Delivery(wait=3), [BODY], [3]),
        (Delivery(pieces=2, over=6), [b"01234", b"56789"], [6]),
        (Delivery(pieces=4, over=6), [b"012", b"345", b"678", b"9"], [2, 2, 2]),
        (Delivery(pieces=100, over=9), [bytes([each]) for each in BODY], [1] * 9),
        (Delivery(bytes=4, end="close"), [b"0123"], ["close"]),
        (Delivery(bytes=0, end="close"), [], ["close"]),
        (Delivery(bytes=4, end="reset"), [b"0123"], ["reset"]),
        (Delivery(bytes=99, end="reset"), [BODY], ["reset"]),
    ],
)
def test_through_a_wire(sending, pieces, done):
    """The pieces leave with the waits between them, under the whole length, and then the connection ends."""
    wire = Told()
    assert sent(sending, {CONNECTION_CONTROL: wire}) == (
        ("200 OK", [("X", "y"), ("Content-Length", "10")]),
        pieces,
    )
    assert wire.done == done


@pytest.mark.parametrize("end", ["reset", "close"])
def test_silence(end):
    """A silent reply waits, starts nothing, and hangs up."""
    wire = Told()
    assert sent(Delivery(wait=2, silent=True, end=end), {CONNECTION_CONTROL: wire}) == (None, [])
    assert wire.done == [2, "silence", end]


@pytest.mark.parametrize(
    "sending",
    [
        Delivery(silent=True, end="reset"),
        Delivery(silent=True, end="close"),
        Delivery(bytes=0, end="close"),
    ],
)
def test_under_a_foreign_server(sending):
    """A server without a wire gets a length that no body follows, and closes the connection itself."""
    started, pieces = sent(sending, {})
    assert (started[1][-1], pieces) == (("Content-Length", "10"), [])


def test_a_head_has_no_body():
    """To HEAD no body leaves."""
    assert (
        sent(Delivery(pieces=2, over=1), {CONNECTION_CONTROL: Told(), "REQUEST_METHOD": "HEAD"})[1]
        == []
    )
