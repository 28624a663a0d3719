"""Connecting to the message channel: handshake, sign, refusals, and what ends a connection."""

import json
import socket
import struct
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mockserver import Server
from tests.push.tmc_client import TmcClient, connect_sign, encode


def test_the_handshake_has_one_connection_token_and_no_extension(dial):
    """top-7.3: `Connection: Upgrade` alone, the right accept, no compression."""
    head = dial().head.lower()

    assert b"\r\nconnection: upgrade\r\n" in head
    assert b"sec-websocket-accept: " in head
    assert b"extensions" not in head


@pytest.mark.parametrize("flag", [1, 77, None])
def test_the_answer_has_the_flag_that_came_and_none_if_none_came(box, dial, flag):
    """Official clients wait for their flag, or lose step at one they did not ask for."""
    answer = dial().connect(box.app_key, box.app_secret, flag=flag)

    assert answer.get("flag") == flag
    assert len(answer["token"]) == 36


@pytest.mark.parametrize("timestamp", ["1", "638000000000000000", "1764384000000", "x"])
def test_no_timestamp_is_too_old(box, dial, timestamp):
    """The .NET client sends ticks; the value is only signed."""
    answer = dial().connect(box.app_key, box.app_secret, timestamp=timestamp)

    assert answer["token"]


def test_the_sign_of_the_official_clients_is_accepted():
    """Vector V9, which five official clients agree on."""
    document = json.loads(Path("docs/spec/sign-vectors.json").read_text("utf-8"))
    [vector] = [one for one in document["vectors"] if one["id"] == "V9-tmc-connect"]
    params = vector["params"]

    assert vector["expected_sign"] == connect_sign(
        vector["app_secret"], params["app_key"], params["group_name"], params["timestamp"]
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sign": "0" * 32}, 25),
        ({"app_key": "nobody"}, 29),
        ({"group": "none"}, 41),
        ({"app_key": ""}, 28),
    ],
)
def test_a_refused_connect_says_why_and_stays_open(box, dial, change, code):
    """Code and phrase, the flag, no token; the connection can try again."""
    client = dial()
    fields = {"app_key": box.app_key, "secret": box.app_secret, **change}

    answer = client.connect(**fields)

    assert (answer["code"], answer["flag"]) == (code, 1)
    assert answer["phrase"]
    assert "token" not in answer
    assert client.connect(box.app_key, box.app_secret)["token"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\2\2",
        b"\1\0\0\0",
        encode(2, "", kind_byte=1),
        encode(2, "0185ed6b-1c99-f48c-0f4e-87fd53a6aca5", kind_byte=1),
        encode(1, "x"),
    ],
)
def test_a_frame_that_cannot_be_ends_the_connection(box, tmc, raw):
    """Cut frames, other versions, no token, another's token, a server's frame."""
    tmc.send(raw)

    assert tmc.receive() == {}
    assert tmc.closed[0] == 1002


def test_why_it_was_closed_stands_in_the_journal(box, tmc):
    """The journal names the frame's mistake."""
    tmc.send(b"\2\2")
    tmc.receive()

    [entry] = [one for one in box.requests if one["method"] == "tmc.frame"]
    assert entry["outcome"] == "refused"


@pytest.mark.parametrize(
    ("opcode", "masked", "payload", "code"),
    [
        (0x81, True, b"hello", 1003),
        (0x82, False, b"hello", 1002),
        (0x83, True, b"", 1002),
        (0xC2, True, b"x", 1002),
        (0x82, True, b"x" * (256 * 1024 + 1), 1009),
    ],
)
def test_frames_of_a_wrong_kind_end_the_connection(box, tmc, opcode, masked, payload, code):
    """Text, unmasked, an unknown opcode, a reserved bit, too large."""
    size = len(payload)
    head = bytes([opcode])
    bit = 0x80 if masked else 0
    if size < 126:
        head += bytes([bit | size])
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", size)
    tmc.socket.sendall(head + (b"\0\0\0\0" if masked else b"") + payload)

    assert tmc.receive() == {}
    assert tmc.closed[0] == code


def test_a_ping_is_not_answered(box, tmc):
    """top-7.9: a PONG makes the official Java client close; what comes next is the push."""
    tmc.socket.sendall(b"\x89\x80\0\0\0\0")
    box.open()

    assert tmc.receive()["topic"] == "taobao_dispute_RefundCreated"


def test_a_pushed_frame_is_one_unfragmented_binary_frame(box, tmc):
    """The first byte of a push says final and binary, the second no mask."""
    box.open()

    head = tmc.socket.recv(2, socket.MSG_WAITALL)

    assert head[0] == 0x82
    assert head[1] < 0x80


def test_a_fragmented_request_is_taken(box, tmc):
    """A client may fragment; only the server must not."""
    raw = encode(2, tmc.token, kind_byte=1)
    for head, part in ((0x02, raw[:10]), (0x80, raw[10:])):
        tmc.socket.sendall(bytes([head, 0x80 | len(part)]) + b"\0\0\0\0" + part)
    box.open()

    assert tmc.receive()["topic"]


def test_plain_http_is_refused(box):
    """Who speaks HTTP to the message port gets 400 and a closed connection."""
    address = urlsplit(box.tmc_url)
    with socket.create_connection((address.hostname, address.port), 10) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b""
        while data := client.recv(4096):
            answer += data
    assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("raw", [b"\x16\x03\x01\0\0", b"\0" * 100, b"POST / HTTP/1.1\r\n\r\n"])
def test_what_is_no_websocket_is_closed(box, raw):
    """TLS, zeros, another verb."""
    address = urlsplit(box.tmc_url)
    with socket.create_connection((address.hostname, address.port), 10) as client:
        client.sendall(raw)
        client.shutdown(socket.SHUT_WR)
        while client.recv(4096):
            pass


@pytest.mark.parametrize("number", [5, 2**63 - 1, -1])
def test_a_confirm_of_what_is_not_ones_own_changes_nothing(box, tmc, number):
    """It is named in the journal; the connection goes on."""
    tmc.confirm(number)
    box.open()

    assert tmc.receive()["topic"]
    [entry] = [one for one in box.requests if one["method"] == "tmc.confirm"]
    assert entry["outcome"] == "failed"


def test_a_double_confirm_is_harmless(box, tmc):
    """The second one changes nothing and is no failure."""
    box.open()
    number = tmc.receive()["id"]
    tmc.confirm(number)
    tmc.confirm(number)
    box.seller.agree()

    assert tmc.receive()["topic"] == "taobao_dispute_ExchangeAgree"
    assert not [one for one in box.requests if one["method"] == "tmc.confirm"]


def test_who_reads_nothing_makes_nobody_wait(box, tmc, dial):
    """A client whose buffers are full gets no more; another one and the gateway go on."""
    lazy = dial()
    lazy.connect(box.app_key, box.app_secret)
    for _ in range(3):
        lazy.send(encode(2, lazy.token, flag=1, kind_byte=3, topic="t", content="x" * 200_000))

    assert box.client().call("taobao.time.get")["time"]
    box.open()


def test_lax_lets_an_unknown_app_in():
    """Under --auth lax neither key nor sign is enforced."""
    with Server(tmc_port=0, auth="lax") as server:
        box = server.sandbox(attach="default")
        with TmcClient(box.tmc_url) as client:
            assert client.connect("nobody", "nothing")["token"]


def test_a_stop_closes_the_connections():
    """A stopped server says 1001 to its clients, within its half second."""
    server = Server(tmc_port=0).start()
    box = server.sandbox()
    client = TmcClient(box.tmc_url)
    client.connect(box.app_key, box.app_secret)
    server.stop()

    with client:
        assert client.receive() == {}
    assert client.closed[0] == 1001


def test_a_server_without_message_port_has_no_address():
    """The address is absent, and so is the variable."""
    with Server() as server:
        box = server.sandbox()
        assert box.tmc_url == ""
        assert "TOP_TMC_URL" not in box.env


@pytest.mark.parametrize("cut", [0, 1, 2, 3, 40])
def test_what_comes_with_the_handshake_is_read(box, cut):
    """A client that does not wait for the 101 is answered, wherever its bytes are cut."""
    head = (
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDAwMDAwMDAwMDAwMDAwMA==\r\n\r\n"
    )
    text_frame = b"\x81\x82\x00\x00\x00\x00hi"
    place = len(head) - cut
    address = urlsplit(box.tmc_url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as plug:
        plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plug.sendall(head[:place])
        plug.sendall(head[place:] + text_frame)
        answer = b""
        while block := plug.recv(4096):
            answer += block
    assert b"TMC has binary frames only" in answer
