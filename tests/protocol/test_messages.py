"""What a planned fault of the connection means for the caller."""

import pytest

from mockserver.protocol.messages import ConnectionEnd, Delivery


@pytest.mark.parametrize(
    ("delivery", "loss"),
    [
        (Delivery(), ""),
        (Delivery(wait_seconds=2, pieces=3, spread_seconds=1), ""),
        (Delivery(end=ConnectionEnd.RESET), "reset"),
        (Delivery(end=ConnectionEnd.RESET, no_response=True), "reset"),
        (Delivery(end=ConnectionEnd.CLOSE, no_response=True), "closed"),
        (Delivery(end=ConnectionEnd.CLOSE, truncate_at=10), "cut"),
    ],
)
def test_a_delivery_says_how_the_reply_is_lost(delivery, loss):
    """A late or slow reply arrives.

    A reset, a close without reply and a cut body are told apart.
    """
    assert delivery.loss == loss
