"""First calls of SDKs that others wrote, byte for byte, which must pass.

Both send `timestamp` as 10 digits of seconds: the vendor's own C SDK (`partner_id=topsdkcpp`),
which adds `sign` after the sorted parameters, and a Go client, which sorts all of them.  Key,
secret, session and clock are the documented constants of the default sandbox.

Source: docs/spec/evidence-2026-11.md#evidence-8.
"""

import gzip
import json

import pytest

C_SDK = (
    b"POST /router/rest HTTP/1.1\r\n"
    b"Host: 127.0.0.1\r\n"
    b"Accept: */*\r\n"
    b"Content-Length: 259\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n"
    b"\r\n"
    b"app_key=1023456789&fields=dispute_id%2Cstatus&format=json"
    b"&method=tmall.exchange.receive.get&partner_id=topsdkcpp"
    b"&session=6100d2fa7c81e5b3946ad07fe82c5b1396ae4f0d7c2b85e2206543201"
    b"&sign_method=md5&timestamp=1772330400&v=2.0&sign=BB55C2326E08896475E66D83B4A248AD"
)
GO_CLIENT = (
    b"POST /router/rest HTTP/1.1\r\n"
    b"Host: 127.0.0.1\r\n"
    b"User-Agent: Go-http-client/1.1\r\n"
    b"Content-Length: 238\r\n"
    b"Content-Type: application/x-www-form-urlencoded;charset=utf-8\r\n"
    b"Accept-Encoding: gzip\r\n"
    b"\r\n"
    b"app_key=1023456789&fields=dispute_id%2Cstatus&format=json"
    b"&method=tmall.exchange.receive.get"
    b"&session=6100d2fa7c81e5b3946ad07fe82c5b1396ae4f0d7c2b85e2206543201"
    b"&sign=0A3DBD6D24B5159A292C9A9660530F9C&sign_method=md5&timestamp=1772330400&v=2.0"
)


def _read_reply(received: bytes) -> dict:
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    return json.loads(gzip.decompress(body) if b"gzip" in head else body)


@pytest.mark.parametrize("request_bytes", [C_SDK, GO_CLIENT], ids=["topsdkcpp", "topsdk-go"])
def test_a_first_call_with_seconds_is_answered(wire, request_bytes):
    """An empty list is the answer, in the form of a call with the time as text."""
    reply = _read_reply(wire.raw(request_bytes))["tmall_exchange_receive_get_response"]

    assert reply["total_results"] == 0
    assert "code" not in reply


@pytest.mark.parametrize("request_bytes", [C_SDK, GO_CLIENT], ids=["topsdkcpp", "topsdk-go"])
def test_a_first_call_with_seconds_is_refused_by_rule(wire, request_bytes):
    """With seconds_timestamp off the answer is error 31."""
    wire.control("PATCH", "sandboxes/default/rules", {"seconds_timestamp": False})
    try:
        refused = _read_reply(wire.raw(request_bytes))["error_response"]
    finally:
        wire.control("PATCH", "sandboxes/default/rules", {"seconds_timestamp": True})

    assert (refused["code"], refused["msg"]) == (31, "Invalid timestamp")
