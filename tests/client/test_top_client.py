"""The small signed client: parameters, files, refusals, and a server that is not there."""

from contextlib import closing
from datetime import datetime

import pytest

from mockserver import Sandbox, Server, TopClient
from mockserver.client.top_client import TopRefused
from mockserver.client.transport import Http, Unreachable
from mockserver.protocol.shapes import BEIJING

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"


@pytest.fixture(scope="module")
def server():
    """A server of this process."""
    with Server() as running:
        yield running


@pytest.mark.parametrize("sign_method", ["md5", "hmac", "hmac-sha256"])
def test_every_sign_method_passes(sign_method: str) -> None:
    """Calls signed by each method are answered."""
    assert "time" in Sandbox().client(sign_method=sign_method).call("taobao.time.get")


def test_fields_are_filled_in_unless_given() -> None:
    """Absent `fields` asks for all, None leaves it out, a list is joined."""
    sandbox = Sandbox()
    exchange, client = sandbox.open(), sandbox.client()
    everything = client.call("tmall.exchange.get", dispute_id=exchange.dispute_id)["result"][
        "exchange"
    ]
    chosen = client.call(
        "tmall.exchange.get", dispute_id=exchange.dispute_id, fields=["status", "modified"]
    )
    with pytest.raises(TopRefused) as refused:
        client.call("tmall.exchange.get", dispute_id=exchange.dispute_id, fields=None)
    assert {"buyer_address", "refund_version", "cs_status"} <= set(everything)
    assert set(chosen["result"]["exchange"]) == {"status", "modified"}
    assert (refused.value.code, refused.value.sub_code) == (40, "isv.missing-parameter:fields")


def test_values_are_written_as_top_writes_them() -> None:
    """Booleans and instants become the platform's texts."""
    sandbox = Sandbox()
    texts = sandbox.client().params(
        "x", {"flag": True, "off": False, "at": datetime(2026, 3, 1, 9, 8, 7, tzinfo=BEIJING)}
    )
    assert (texts["flag"], texts["off"], texts["at"]) == ("true", "false", "2026-03-01 09:08:07")


def test_a_picture_goes_as_a_file(server) -> None:
    """Bytes are sent as a multipart file, and the message's URL shows them."""
    sandbox = server.sandbox()
    exchange, client = sandbox.open(), sandbox.client()
    added = client.call(
        "tmall.exchange.message.add",
        dispute_id=exchange.dispute_id,
        content="看图",
        message_pics=PNG,
    )
    (message,) = added["result"]["results"]["refund_message"]
    url = message["pic_urls"]["pic_url"][0]["url"]
    with closing(Http(server.url)) as http:
        status, headers, content = http.send("GET", url.removeprefix(server.url))
    assert (status, headers["content-type"], content) == (200, "image/png", PNG)


def test_a_client_stands_alone(server) -> None:
    """URL, key, secret and session are all it needs."""
    made = server.sandbox()
    client = TopClient(made.gateway_url, made.app_key, made.app_secret, made.sub_session)
    reply = client.call("tmall.exchange.receive.get")
    client.close()
    assert reply["total_results"] == 0


def test_nothing_listening_is_reported() -> None:
    """An address where nothing listens is an Unreachable that names it."""
    client = TopClient("http://127.0.0.1:9/router/rest", "k", "s")
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9"):
        client.call("taobao.time.get")


def test_a_server_that_went_away_is_reported() -> None:
    """A kept connection whose server has stopped ends in Unreachable, not in a hang."""
    with Server() as server:
        sandbox = server.sandbox()
        transport = Http(server.url)
        assert transport.send("GET", "/_sandbox/health")[0] == 200
    with pytest.raises(Unreachable):
        transport.send("GET", "/_sandbox/health")
    assert sandbox.id


def test_a_kept_connection_that_was_closed_is_opened_anew(server) -> None:
    """A connection that went stale between two calls is replaced without the caller noticing."""
    transport = Http(server.url)
    transport.send("GET", "/_sandbox/health")
    transport._local.connection.connection.sock.close()
    assert transport.send("GET", "/_sandbox/health")[0] == 200
    transport.close()
