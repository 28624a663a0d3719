"""Heads and chunked bodies are read alike, in whatever pieces they arrive.  Source: RFC 9112."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.embedded.request_parser import ChunkDecoder, ChunkError, find_head_end, parse_head
from mockserver.protocol.request_flaws import (
    BAD_CODING,
    BAD_LENGTH,
    BAD_REQUEST_LINE,
    BAD_VERSION,
    HEAD_TOO_LARGE,
    TLS_ON_PLAIN_PORT,
)

HEAD = b"POST /router/rest?a=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n"


def test_a_clean_head():
    """A clean head gives verb, path, query, headers and length, and no remark."""
    head = parse_head(HEAD)

    assert (head.verb, head.path, head.query) == ("POST", "/router/rest", b"a=1")
    assert head.headers == {"host": "x", "content-length": "3"}
    assert (head.length, head.chunked, head.keep_alive) == (3, False, True)
    assert (head.remarks, head.refusal) == ((), None)


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        (b"hello", BAD_REQUEST_LINE),
        (b"GET /", BAD_REQUEST_LINE),
        (b"G(T / HTTP/1.1", BAD_REQUEST_LINE),
        (b" / HTTP/1.1", BAD_REQUEST_LINE),
        (b"GET / HTTP/3", BAD_VERSION),
        (b"\x16\x03\x01 x", TLS_ON_PLAIN_PORT),
        (b"GET / HTTP/1.1\r\nContent-Length: 1_0", BAD_LENGTH),
        (b"GET / HTTP/1.1\r\nContent-Length: 1, 2", BAD_LENGTH),
        ("GET / HTTP/1.1\r\nContent-Length: ٣".encode(), BAD_LENGTH),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: gzip", BAD_CODING),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 201, HEAD_TOO_LARGE),
    ],
)
def test_heads_that_end_a_connection(line, refusal):
    """After these nothing more of the connection can be understood."""
    assert parse_head(line + b"\r\n\r\n").refusal == refusal


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"/a//b", "/a/b", b""),
        (b"http://host/a?b=//c", "/a", b"b=//c"),
        (b"http://host", "/", b""),
        (b"/a?b#c", "/a", b"b"),
        (b"/a?b=c d", "/a", b"b=c%20d"),
        ("/卡?卡".encode(), "/卡".encode().decode("latin-1"), "卡".encode()),
    ],
)
def test_targets(target, path, query):
    """Path and query of targets that are not in plain form."""
    head = parse_head(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n")

    assert (head.path, head.query, head.refusal) == (path, query, None)


@given(st.binary(max_size=300))
def test_any_bytes(data):
    """No bytes make the parser raise."""
    parse_head(data + b"\r\n\r\n")


@given(st.lists(st.integers(1, 20), max_size=10), st.booleans())
def test_the_end_of_a_head_in_any_pieces(sizes, bare):
    """The end of a head is found in the same place, however its bytes arrive."""
    data = (HEAD.replace(b"\r\n", b"\n") if bare else HEAD) + b"abc"
    buffer = bytearray()
    scanned = 0
    for size in [*sizes, len(data)]:
        buffer += data[len(buffer) : len(buffer) + size]
        end = find_head_end(buffer, max(scanned - 3, 0))
        scanned = len(buffer)
        if end >= 0:
            break

    assert end == len(data) - 3


@given(
    st.lists(st.binary(min_size=1, max_size=50), max_size=8),
    st.lists(st.integers(1, 40), max_size=20),
    st.booleans(),
)
def test_chunks_in_any_pieces(chunks, sizes, trailers):
    """A chunked body is decoded alike in whatever pieces it arrives; what follows it stays."""
    data = b"".join(b"%x;x=y\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    data += b"0\r\n" + (b"X-Sum: 1\r\n" if trailers else b"") + b"\r\n" + b"GET /next"
    decoder = ChunkDecoder(10_000)
    buffer = bytearray()
    position = 0
    for size in [*sizes, len(data)]:
        buffer += data[position : position + size]
        position += size
        decoder.feed(buffer)

    assert decoder.done
    assert bytes(decoder.body) == b"".join(chunks)
    assert decoder.has_trailers is trailers
    assert bytes(buffer) == b"GET /next"


@pytest.mark.parametrize(
    "data",
    [
        b"zz\r\n",
        b"\r\n",
        b"-1\r\n",
        b"1\r\nab\r\n",
        b"f" * 17 + b"\r\n",
        b"1;" + b"x" * 5000,
        b"1\r\nx\r\n" * 20_000,
        b"0\r\n" + b"X-Sum: 1\r\n" * 3000,
    ],
)
def test_chunks_that_cannot_be_read(data):
    """Sizes that are no numbers, lines too long, too many chunks or trailers raise ChunkError."""
    with pytest.raises(ChunkError):
        ChunkDecoder(100_000).feed(bytearray(data))


@pytest.mark.parametrize("size", [b"b", b"ffffffffffffffff"])
def test_chunks_beyond_the_limit(size):
    """A body above the limit is known by its chunk's size, before its bytes have come."""
    decoder = ChunkDecoder(10)
    decoder.feed(bytearray(size + b"\r\nabc"))

    assert decoder.too_long
    assert len(decoder.body) <= 11
