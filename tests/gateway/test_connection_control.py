"""How a disturbed reply goes out at a WSGI door.

Through a wire, or under a server that has none. Source: PEP 3333.
"""

import pytest

from mockserver.gateway.faults.connection_control import CONNECTION_CONTROL, send_disturbed
from mockserver.protocol.messages import ConnectionEnd, Delivery, Reply

BODY = b"0123456789"


class NotingControl:
    """A wire that notes what is done to it."""

    def __init__(self):
        self.done = []

    def wait(self, seconds):
        self.done.append(round(seconds, 3))

    def suppress_response(self):
        self.done.append("silence")
        return True

    def close(self, *, reset):
        self.done.append("reset" if reset else "close")


def sent(delivery, environ):
    """Status, headers and pieces that leave; None where nothing was started."""
    started = []
    pieces = list(
        send_disturbed(
            Reply(BODY, (("X", "y"),)),
            delivery,
            {"REQUEST_METHOD": "POST", **environ},
            lambda *arguments: started.append(arguments),
        )
    )
    return (started[0] if started else None), pieces


@pytest.mark.parametrize(
    ("delivery", "pieces", "done"),
    [
        (Delivery(), [BODY], []),
        (Delivery(wait_seconds=3), [BODY], [3]),
        (Delivery(pieces=2, spread_seconds=6), [b"01234", b"56789"], [6]),
        (Delivery(pieces=4, spread_seconds=6), [b"012", b"345", b"678", b"9"], [2, 2, 2]),
        (Delivery(pieces=100, spread_seconds=9), [bytes([byte]) for byte in BODY], [1] * 9),
        (Delivery(truncate_at=4, end=ConnectionEnd.CLOSE), [b"0123"], ["close"]),
        (Delivery(truncate_at=0, end=ConnectionEnd.CLOSE), [], ["close"]),
        (Delivery(truncate_at=4, end=ConnectionEnd.RESET), [b"0123"], ["reset"]),
        (Delivery(truncate_at=99, end=ConnectionEnd.RESET), [BODY], ["reset"]),
    ],
)
def test_through_a_wire(delivery, pieces, done):
    """The pieces are sent with waits, under the whole length; then the connection ends."""
    wire = NotingControl()
    assert sent(delivery, {CONNECTION_CONTROL: wire}) == (
        ("200 OK", [("X", "y"), ("Content-Length", "10")]),
        pieces,
    )
    assert wire.done == done


@pytest.mark.parametrize("end", [ConnectionEnd.RESET, ConnectionEnd.CLOSE])
def test_silence(end):
    """A silent reply waits, starts nothing, and hangs up."""
    wire = NotingControl()
    assert sent(
        Delivery(wait_seconds=2, no_response=True, end=end), {CONNECTION_CONTROL: wire}
    ) == (None, [])
    assert wire.done == [2, "silence", end.value]


@pytest.mark.parametrize(
    "delivery",
    [
        Delivery(no_response=True, end=ConnectionEnd.RESET),
        Delivery(no_response=True, end=ConnectionEnd.CLOSE),
        Delivery(truncate_at=0, end=ConnectionEnd.CLOSE),
    ],
)
def test_under_a_foreign_server(delivery):
    """A server without a wire gets a length without body, and closes the connection itself."""
    started, pieces = sent(delivery, {})
    assert (started[1][-1], pieces) == (("Content-Length", "10"), [])


def test_a_head_has_no_body():
    """To HEAD no body leaves."""
    assert (
        sent(
            Delivery(pieces=2, spread_seconds=1),
            {CONNECTION_CONTROL: NotingControl(), "REQUEST_METHOD": "HEAD"},
        )[1]
        == []
    )
