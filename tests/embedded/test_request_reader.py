"""Requests of one connection are the same, in whatever pieces their bytes arrive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.embedded.request_reader import Progress, RequestReader
from mockserver.protocol.request_flaws import BARE_LF, BODY_TOO_LARGE, LENGTH_AND_CHUNKED, TRAILERS

LIMIT = 20
HEAD = b"POST /router/rest HTTP/1.1\r\nHost: x\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
# bytes, verb, body, remarks, refusal
CLEAN = (
    (HEAD + b"Content-Length: 3\r\n\r\na=1", "POST", b"a=1", (), None),
    (HEAD + b"\r\n", "POST", b"", (), None),
    (b"GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n", "GET", b"", (), None),
    (CHUNKED + b"3\r\na=1\r\n0\r\n\r\n", "POST", b"a=1", (), None),
    (CHUNKED + b"3\r\na=1\r\n0\r\nT: 1\r\n\r\n", "POST", b"a=1", (TRAILERS,), None),
    (b"POST /a HTTP/1.1\nHost: x\nContent-Length: 2\n\nab", "POST", b"ab", (BARE_LF,), None),
    (b"\r\n" + HEAD + b"Content-Length: 2\r\n\r\n\r\n", "POST", b"\r\n", (), None),
)
LAST = (
    (HEAD + b"Content-Length: 21\r\n\r\n" + b"x" * 21, "POST", None, (), BODY_TOO_LARGE),
    (
        HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST",
        b"",
        (LENGTH_AND_CHUNKED,),
        None,
    ),
)


class AnyDoor:
    """A door for everything, with a small limit."""

    body_limit = LIMIT


def read_all(pieces):
    """Verb, body, remarks and refusal of every request."""
    reader = RequestReader(lambda head: AnyDoor())
    requests = []
    for piece in pieces:
        reader.feed(piece)
        while reader.waiting or reader.request:
            if reader.read() not in (Progress.COMPLETE, Progress.REFUSED):
                break
            request = reader.request
            head = request.head
            requests.append((head.verb, request.body, head.remarks, request.refusal))
            if request.refusal is not None:
                return requests
            reader.begin_next()
    return requests


def cut(data, places):
    """The pieces of `data` between these places."""
    ends = sorted({place % (len(data) + 1) for place in places} | {len(data)})
    return [data[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]


@given(
    st.lists(st.sampled_from(CLEAN), max_size=4),
    st.lists(st.sampled_from(LAST), max_size=1),
    st.lists(st.integers(0, 1000), max_size=8),
)
def test_pieces_do_not_matter(first, last, places):
    """Whole requests, several at once and single bytes give the same requests."""
    requests = [*first, *last]
    data = b"".join(request[0] for request in requests)
    expected = [request[1:] for request in requests]

    assert read_all(cut(data, places)) == expected
    assert read_all([request[0] for request in requests]) == expected
    assert read_all([data[place : place + 1] for place in range(len(data))]) == expected


@pytest.mark.parametrize("pieces", [1, 2])
def test_trailers_belong_to_one_request(pieces):
    """Of two requests with the same head only the one with trailers has the remark."""
    plain, remarked = CLEAN[3], CLEAN[4]
    datas = [remarked[0], plain[0], remarked[0], plain[0]]

    requests = read_all(
        piece for data in datas for piece in cut(data, range(0, 300, 300 // pieces))
    )

    assert [remarks for _, _, remarks, _ in requests] == [(TRAILERS,), (), (TRAILERS,), ()]


def test_a_head_that_comes_again_has_its_own_body():
    """The same head with another body, another length, another header is another request."""
    datas = [HEAD + b"Content-Length: 2\r\n\r\n" + body for body in (b"ab", b"cd")]
    datas.append(HEAD + b"Content-Length: 1\r\n\r\ne")
    datas.append(HEAD + b"X-Pad: 1\r\nContent-Length: 2\r\n\r\nab")

    assert [body for _, body, _, _ in read_all(datas * 2)] == [b"ab", b"cd", b"e", b"ab"] * 2
