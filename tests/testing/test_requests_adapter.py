"""Clients of users' own libraries reach an in-process sandbox.

requests, httpx, httpx2, sync and async.
"""

import asyncio
import hashlib
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from io import BytesIO

import httpx
import httpx2
import pytest
import requests

from mockserver import Sandbox, Server
from mockserver.testing.httpx2_transport import Httpx2Transport
from mockserver.testing.httpx_transport import HttpxTransport
from mockserver.testing.requests_adapter import RequestsAdapter

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"
GATEWAY = "https://eco.taobao.com/router/rest"
Post = Callable[..., "requests.Response | httpx.Response | httpx2.Response"]


def signed(sandbox: Sandbox, method: str, **business: object) -> dict[str, str]:
    """Parameters of a call, signed as an ISV's own client signs them."""
    now = datetime.now(timezone(timedelta(hours=8))).strftime("%Y-%m-%d %H:%M:%S")
    texts = {
        "method": method,
        "app_key": sandbox.app_key,
        "session": sandbox.session,
        "timestamp": now,
        "v": "2.0",
        "format": "json",
        "sign_method": "md5",
        **{name: str(value) for name, value in business.items()},
    }
    plain = "".join(name + texts[name] for name in sorted(texts))
    texts["sign"] = (
        hashlib.md5(f"{sandbox.app_secret}{plain}{sandbox.app_secret}".encode()).hexdigest().upper()
    )
    return texts


@pytest.fixture
def sandbox() -> Sandbox:
    """An in-process sandbox."""
    return Sandbox()


@pytest.fixture
def no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever connects or looks a name up fails the test."""

    def refuse(*args: object, **named: object) -> None:
        raise AssertionError("a socket was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture(params=["requests", "httpx", "httpx2", "httpx async", "httpx2 async"])
def post(request: pytest.FixtureRequest, sandbox: Sandbox, no_socket: None) -> Iterator[Post]:
    """Posts to a URL through each library's transport."""
    library = {"requests": requests, "httpx": httpx, "httpx2": httpx2}[request.param.split()[0]]
    if library is requests:
        with requests.Session() as session:
            session.mount("https://", RequestsAdapter(sandbox))
            yield session.post
        return
    transport = HttpxTransport(sandbox) if library is httpx else Httpx2Transport(sandbox)
    if "async" not in request.param:
        with library.Client(transport=transport) as client:
            yield client.post
        return

    def posted(url: str, **named: object):
        async def one():
            async with library.AsyncClient(transport=transport) as client:
                return await client.post(url, **named)

        return asyncio.run(one())

    yield posted


def test_a_signed_call_is_answered(post: Post, sandbox: Sandbox) -> None:
    """A client that keeps the production address plays on the sandbox, and no socket is used."""
    exchange = sandbox.open()
    params = signed(
        sandbox,
        "tmall.exchange.agree",
        dispute_id=exchange.dispute_id,
        address_id=10000002,
        fields="dispute_id,status",
    )

    reply = post(GATEWAY, data=params)

    assert reply.status_code == 200
    assert reply.json()["tmall_exchange_agree_response"]["result"]["success"] is True
    assert reply.headers["X-Sandbox-Id"] == sandbox.id
    assert exchange.status_text == "待买家退货"


def test_the_query_is_kept(post: Post, sandbox: Sandbox) -> None:
    """Parameters in the query arrive undamaged, Chinese included."""
    exchange = sandbox.open()
    params = signed(
        sandbox,
        "tmall.exchange.agree",
        dispute_id=exchange.dispute_id,
        address_id=10000002,
        fields="status",
        leave_message="你好 +&=%",
    )

    post(GATEWAY, params=params)

    assert exchange.messages[-1]["content"] == "你好 +&=%"


def test_a_picture_is_uploaded_and_seen_under_the_clients_host(
    post: Post, sandbox: Sandbox
) -> None:
    """A multipart file arrives whole.

    The URL handed out has the scheme and host that the client used.
    """
    exchange = sandbox.open()
    params = signed(
        sandbox,
        "tmall.exchange.message.add",
        dispute_id=exchange.dispute_id,
        content="看图",
        fields="id,pic_urls",
    )

    reply = post(GATEWAY, data=params, files={"message_pics": ("a.png", PNG, "image/png")})

    assert '"https://eco.taobao.com/pictures/' in reply.text


def test_a_compressed_reply_is_opened(post: Post, sandbox: Sandbox) -> None:
    """A client that offers gzip, as libraries do by themselves, reads the plain reply."""
    reply = post(
        GATEWAY, data=signed(sandbox, "taobao.time.get"), headers={"Accept-Encoding": "gzip"}
    )

    assert reply.headers["Content-Encoding"] == "gzip"
    assert "time" in reply.json()["time_get_response"]


def test_a_refusal_is_a_reply(post: Post) -> None:
    """A call without parameters gets the platform's error, status 200."""
    reply = post(GATEWAY, data={"format": "json"})

    assert (reply.status_code, reply.json()["error_response"]["code"]) == (200, 21)


def test_an_unknown_address_is_404(post: Post) -> None:
    """A path that is not the gateway's gets a problem document, not a page."""
    reply = post("https://eco.taobao.com/nothing", data={"a": "b"})

    assert (reply.status_code, reply.headers["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(lambda text: text, id="text"),
        pytest.param(lambda text: text.encode(), id="bytes"),
        pytest.param(lambda text: BytesIO(text.encode()), id="file"),
        pytest.param(
            lambda text: (piece for piece in (text[:7].encode(), text[7:].encode())), id="pieces"
        ),
    ],
)
def test_every_kind_of_body_arrives(sandbox: Sandbox, body: Callable[[str], object]) -> None:
    """requests takes text, bytes, files and pieces as a body: each arrives whole."""
    form = requests.Request("POST", GATEWAY, data=signed(sandbox, "taobao.time.get")).prepare().body
    session = requests.Session()
    session.mount("https://", RequestsAdapter(sandbox))

    reply = session.post(
        GATEWAY, data=body(str(form)), headers={"Content-Type": "application/x-www-form-urlencoded"}
    )

    assert "time_get_response" in reply.json()


def test_head_has_no_body(sandbox: Sandbox) -> None:
    """HEAD gets headers and an empty body."""
    session = requests.Session()
    session.mount("http://", RequestsAdapter(sandbox))

    reply = session.head(sandbox.gateway_url)

    assert (reply.status_code, reply.content) == (200, b"")


def test_other_hosts_stay_with_the_session(sandbox: Sandbox) -> None:
    """An adapter mounted below one host leaves the session's others alone."""
    session = requests.Session()
    session.mount("https://eco.taobao.com", RequestsAdapter(sandbox))

    assert isinstance(session.get_adapter(GATEWAY), RequestsAdapter)
    assert not isinstance(session.get_adapter("https://example.test/"), RequestsAdapter)


def test_async_calls_run_side_by_side(sandbox: Sandbox) -> None:
    """Fifty concurrent calls of one AsyncClient are all answered and all journalled."""

    async def many() -> list[int]:
        async with httpx.AsyncClient(transport=HttpxTransport(sandbox)) as client:
            calls = (
                client.post(GATEWAY, data=signed(sandbox, "taobao.time.get")) for _ in range(50)
            )
            return [reply.status_code for reply in await asyncio.gather(*calls)]

    assert asyncio.run(many()) == [200] * 50
    assert len(sandbox.requests(outcome="ok")) == 50


def test_over_http_there_is_nothing_to_mount() -> None:
    """A sandbox over HTTP has no WSGI app, and says so."""
    with Server() as server:
        sandbox = server.sandbox()
        for adapter in (RequestsAdapter, HttpxTransport, Httpx2Transport):
            with pytest.raises(AttributeError, match="HTTP"):
                adapter(sandbox)


def test_the_libraries_are_not_needed_without_them() -> None:
    """Whoever uses Sandbox, Server and TopClient imports none of the three libraries."""
    program = (
        "import sys; from mockserver import Sandbox, Server, TopClient; "
        "Sandbox().client().call('taobao.time.get');"
        "assert not {'requests', 'httpx', 'httpx2', 'urllib3', 'anyio'} & set(sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


ERRORS = {  # how a reply is lost: the errors with which each library reports it
    "reset": (requests.ConnectionError, httpx.ReadError, httpx2.ReadError),
    "empty_reply": (
        requests.ConnectionError,
        httpx.RemoteProtocolError,
        httpx2.RemoteProtocolError,
    ),
    "truncated": (
        requests.exceptions.ChunkedEncodingError,
        httpx.RemoteProtocolError,
        httpx2.RemoteProtocolError,
    ),
    "latency": (requests.ReadTimeout, httpx.ReadTimeout, httpx2.ReadTimeout),
}


@pytest.mark.parametrize("fault", ERRORS)
def test_a_lost_reply_is_the_librarys_own_error(post: Post, sandbox: Sandbox, fault: str) -> None:
    """A planned fault reaches the client as the error that its library raises over a socket.

    Timeouts take no time.
    """
    sandbox.faults.add(fault, **({"seconds": 60} if fault == "latency" else {}))
    with pytest.raises(ERRORS[fault]):
        post(GATEWAY, data=signed(sandbox, "taobao.time.get"), timeout=20)
    assert [call["fault"]["name"] for call in sandbox.requests()] == [fault]
    assert post(GATEWAY, data=signed(sandbox, "taobao.time.get"), timeout=20).status_code == 200


def test_a_patient_client_waits_for_nothing(post: Post, sandbox: Sandbox) -> None:
    """A late reply within the client's patience comes at once."""
    sandbox.faults.add("latency", seconds=15)
    assert post(GATEWAY, data=signed(sandbox, "taobao.time.get"), timeout=20).status_code == 200


def test_requests_without_a_timeout_wait_for_ever(sandbox: Sandbox) -> None:
    """A session without a timeout gets the late reply; the second of a pair counts."""
    with requests.Session() as session:
        session.mount("https://", RequestsAdapter(sandbox))
        sandbox.faults.add("latency", seconds=60, times=2)
        assert session.post(GATEWAY, data=signed(sandbox, "taobao.time.get")).status_code == 200
        with pytest.raises(requests.ReadTimeout):
            session.post(GATEWAY, data=signed(sandbox, "taobao.time.get"), timeout=(90, 59))
