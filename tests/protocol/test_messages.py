"""What a planned fault of the connection means for the caller."""

import pytest

from mockserver.protocol.messages import ConnectionEnd, Delivery, is_host


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

    A reset, a close without reply and a cut body are distinguished.
    """
    assert delivery.loss == loss


@pytest.mark.parametrize(
    "text", ["gw.api.taobao.com", "mock_1.internal:9000", "127.0.0.1:80", "[::1]", "[::1]:8420"]
)
def test_a_host_may_have_a_port(text):
    """Names, IPv4 and bracketed IPv6 addresses are hosts, with or without a port."""
    assert is_host(text)


@pytest.mark.parametrize(
    "text",
    ["", "bad host", "a/b", "a:", "a:123456", "::1", "主机.cn", "a\r\nX: 1", "http://a", "user@a"],
)
def test_what_cannot_stand_in_an_address_is_no_host(text):
    """Blanks, slashes, line breaks, other scripts and open ports are refused."""
    assert not is_host(text)
