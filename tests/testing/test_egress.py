"""The egress lock over real sockets: what is stopped, what passes, what is left.

No name here leaves the machine: the resolver below answers.
"""

import _socket
import asyncio
import http.client
import inspect
import pickle
import socket
import threading
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import httpx
import httpx2
import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver import Server
from mockserver.testing.egress import EgressLock, EgressRefused

PATCHED = (
    [(socket, name) for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex")]
    + [(socket.socket, name) for name in ("connect", "connect_ex", "send", "sendall", "sendmsg")]
    + [(asyncio.BaseEventLoop, "getaddrinfo")]
)
FAR = "192.0.2.1"  # reserved for documentation: nobody's
HOSTS = (  # protocol pages: gateways, authorisation, message channel, sandbox
    "gw.api.taobao.com",
    "eco.taobao.com",
    "api.taobao.com",
    "oauth.taobao.com",
    "mc.api.taobao.com",
    "premc.api.taobao.com",
    "container.open.taobao.com",
    "gw.api.tbsandbox.com",
    "oauth.tbsandbox.com",
    "mc.api.tbsandbox.com",
)
GATEWAY = "http://gw.api.taobao.com/router/rest?session=5000secret"


@pytest.fixture
def name_table(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Names that resolve, with their address; all others do not."""
    names: dict[str, str] = {}
    real = _socket.getaddrinfo

    def resolve(host, *args, **named):
        text = host.decode() if isinstance(host, bytes) else host
        if text and not text[0].isdigit() and ":" not in text and text != "localhost":
            if text.lower().rstrip(".") not in names:
                raise socket.gaierror(socket.EAI_NONAME, "unknown here")
            return [
                answer
                for address in names[text.lower().rstrip(".")].split()
                for answer in real(address, *args, **named)
            ]
        return real(host, *args, **named)

    def resolve_one(host):
        return resolve(host, None)[0][4][0]

    monkeypatch.setattr(_socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "gethostbyname", resolve_one)
    monkeypatch.setattr(socket, "gethostbyname_ex", lambda host: (host, [], [resolve_one(host)]))
    return names


@pytest.fixture
def taobao(name_table: dict[str, str]) -> None:
    """The TOP hosts resolve to an address far away."""
    name_table.update(dict.fromkeys(HOSTS, FAR))


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Somebody on loopback who accepts connections and answers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as accepting:
        yield accepting


def standing() -> list[object]:
    """What stands in the places that a lock may patch; None where it is inherited."""
    return [vars(owner).get(name) for owner, name in PATCHED]


def url_of(listener: socket.socket) -> str:
    """The listener as a proxy."""
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def line() -> int:
    """The line of the caller."""
    return inspect.currentframe().f_back.f_lineno


@pytest.mark.parametrize("host", HOSTS)
def test_each_top_host_is_stopped(taobao: None, host: str) -> None:
    """Every documented host is refused before a connection, with host and port."""
    with EgressLock() as lock, pytest.raises(EgressRefused):
        socket.create_connection((host, 80))

    assert [(attempt.host, attempt.port) for attempt in lock.attempts] == [(host, "80")]


@pytest.mark.parametrize(
    "spelt", ["GW.API.Taobao.com", "gw.api.taobao.com.", b"gw.api.taobao.com", "gw。api.taobao.com"]
)
def test_a_host_is_known_however_it_is_spelt(taobao: None, spelt: str | bytes) -> None:
    """Case, the root's dot, bytes and the ideographic full stop change nothing."""
    with EgressLock() as lock, pytest.raises(EgressRefused):
        socket.getaddrinfo(spelt, 80)

    assert lock.attempts[0].host == "gw.api.taobao.com"


@pytest.mark.parametrize(
    "host",
    ["open.taobao.com", "eco.taobao.com.example.test", "myapi.taobao.com", "tbsandbox.com.test"],
)
def test_other_hosts_are_left_alone(name_table: dict[str, str], host: str) -> None:
    """Documentation and look-alikes are not TOP's: they resolve, or fail, as without a lock."""
    with EgressLock() as lock:
        with pytest.raises(socket.gaierror):
            socket.getaddrinfo(host, 80)
        name_table[host] = FAR
        assert socket.getaddrinfo(host, 80)[0][4][0] == FAR

    assert lock.attempts == ()


def test_the_error_says_test_host_and_place(taobao: None) -> None:
    """The text names test, host, port, file and line in both languages, nothing of the call."""
    here = line() + 2
    with EgressLock("test_agree[1]"), pytest.raises(EgressRefused) as refused:
        urllib.request.urlopen(GATEWAY)

    text = str(refused.value)
    assert "test_agree[1]" in text
    assert "gw.api.taobao.com:80" in text
    assert f"test_egress.py:{here}" in text
    assert "已阻止" in text and "was stopped" in text and "sandbox.gateway_url" in text
    assert "5000secret" not in text
    assert str(pickle.loads(pickle.dumps(refused.value))) == text


def test_a_name_that_cannot_be_looked_up_is_stopped(name_table: dict[str, str]) -> None:
    """Without a network the attempt is reported the same way, not as a failed lookup."""
    with EgressLock() as lock, pytest.raises(EgressRefused):
        socket.create_connection(("eco.taobao.com", 443))

    assert [(attempt.host, attempt.port) for attempt in lock.attempts] == [
        ("eco.taobao.com", "443")
    ]


@pytest.mark.parametrize(
    "ask",
    [
        lambda: socket.gethostbyname("eco.taobao.com"),
        lambda: socket.gethostbyname_ex("eco.taobao.com"),
        lambda: socket.socket().connect(("eco.taobao.com", 80)),
        lambda: socket.socket().connect_ex(("eco.taobao.com", 80)),
        lambda: http.client.HTTPSConnection("eco.taobao.com").request("GET", "/"),
        lambda: requests.get("https://eco.taobao.com/"),
        lambda: httpx.get("https://eco.taobao.com/"),
        lambda: httpx2.get("https://eco.taobao.com/"),
    ],
    ids=[
        "gethostbyname",
        "gethostbyname_ex",
        "connect",
        "connect_ex",
        "http.client",
        "requests",
        "httpx",
        "httpx2",
    ],
)
def test_every_way_is_stopped(taobao: None, ask: Callable[[], object]) -> None:
    """Each function that would reach a TOP host is stopped; the error names this file."""
    with EgressLock() as lock, pytest.raises(EgressRefused):
        ask()

    assert len(lock.attempts) == 1
    assert "test_egress.py:" in lock.attempts[0].place


async def _open() -> None:
    await asyncio.open_connection("mc.api.taobao.com", 80)


async def _httpx() -> None:
    async with httpx.AsyncClient() as client:
        await client.get("http://mc.api.taobao.com/")


@pytest.mark.parametrize("connect", [_open, _httpx])
def test_asyncio_is_stopped(taobao: None, connect: Callable) -> None:
    """A coroutine's connection is stopped and named by the coroutine's own line.

    Though a thread looked the name up.
    """
    with EgressLock() as lock, pytest.raises(EgressRefused):
        asyncio.run(connect())

    first = inspect.getsourcelines(connect)[1]
    assert int(lock.attempts[0].place.rpartition(":")[2]) in range(first + 1, first + 3)


def test_a_name_that_resolves_to_the_mock_passes(name_table: dict[str, str]) -> None:
    """A client with the production host reaches the server that the name leads to."""
    name_table["gw.api.taobao.com"] = "127.0.0.1"
    with Server() as server, EgressLock() as lock:
        sandbox = server.sandbox()
        url = f"http://gw.api.taobao.com:{server.port}/router/rest"
        reply = requests.post(url, data=sandbox.client().params("taobao.time.get", {}), timeout=10)

    assert "time_get_response" in reply.json()
    assert lock.attempts == ()


def test_a_name_that_also_leads_elsewhere_is_stopped(name_table: dict[str, str]) -> None:
    """One real address beside the mock's is enough to refuse.

    Which one a client takes is not known.
    """
    name_table["gw.api.taobao.com"] = f"127.0.0.1 {FAR}"
    with EgressLock(), pytest.raises(EgressRefused):
        socket.getaddrinfo("gw.api.taobao.com", 80)


def test_a_mock_on_another_machine_is_named(taobao: None) -> None:
    """A TOP name that resolves to a given mock's address passes; another address does not."""
    with EgressLock(mocks=[f"http://{FAR}:8420"]) as lock:
        assert socket.getaddrinfo("gw.api.taobao.com", 8420)[0][4][0] == FAR
    with EgressLock(mocks=["http://192.0.2.2:8420"]), pytest.raises(EgressRefused):
        socket.getaddrinfo("gw.api.taobao.com", 8420)

    assert lock.attempts == ()


def test_a_swallowed_error_is_remembered(taobao: None) -> None:
    """`except Exception` does not hide the error.

    What hides it leaves the attempt with the lock.
    """
    with EgressLock() as lock:
        with pytest.raises(EgressRefused), suppress(Exception):
            requests.get(GATEWAY)
        with suppress(BaseException):
            requests.get(GATEWAY)

    assert [attempt.host for attempt in lock.attempts] == ["gw.api.taobao.com"] * 2


def test_attempts_are_bounded(taobao: None) -> None:
    """A client that goes on trying fills no memory."""
    with EgressLock() as lock:
        for _ in range(150):
            with suppress(EgressRefused):
                socket.getaddrinfo("eco.taobao.com", 80)

    assert len(lock.attempts) == 100


def test_all_stops_every_other_machine(name_table: dict[str, str], listener: socket.socket) -> None:
    """`all` names the host that was looked up, or the bare address; this machine passes."""
    name_table["pay.example.test"] = FAR
    with EgressLock(mode="all") as lock:
        socket.create_connection(listener.getsockname()).close()
        for address in (
            ("pay.example.test", 443),
            ("192.0.2.9", 80),
            ("2001:db8::1", 80),
            ("nowhere.example.test", 80),
        ):
            with pytest.raises(EgressRefused):
                socket.create_connection(address)

    assert [(attempt.host, attempt.port) for attempt in lock.attempts] == [
        ("pay.example.test", "443"),
        ("192.0.2.9", "80"),
        ("2001:db8::1", "80"),
        ("nowhere.example.test", "80"),
    ]


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1", "localhost", "0.0.0.0"])
def test_this_machine_is_known_by_every_name(address: str, listener: socket.socket) -> None:
    """`all` lets every spelling of loopback pass."""
    with EgressLock(mode="all") as lock, socket.socket() as client:
        client.connect((address, listener.getsockname()[1]))

    assert lock.attempts == ()


def test_datagrams_pass(name_table: dict[str, str]) -> None:
    """Connecting a datagram socket sends nothing: programs so ask for their own address."""
    with (
        EgressLock(mode="all") as lock,
        socket.socket(type=socket.SOCK_DGRAM) as client,
        suppress(OSError),
    ):
        client.connect((FAR, 80))

    assert lock.attempts == ()


def _by_requests(proxy: str, url: str) -> object:
    with requests.Session() as session:
        return session.post(url, proxies={"http": proxy, "https": proxy}, timeout=10)


def _by_httpx(proxy: str, url: str) -> object:
    with httpx.Client(proxy=proxy) as client:
        return client.post(url)


def _by_urllib(proxy: str, url: str) -> object:
    return urllib.request.build_opener(
        urllib.request.ProxyHandler({"http": proxy, "https": proxy})
    ).open(url)


def _by_asyncio(proxy: str, url: str) -> object:
    async def post() -> None:
        async with httpx.AsyncClient(proxy=proxy) as client:
            await client.post(url)

    return asyncio.run(post())


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("ask", [_by_requests, _by_httpx, _by_urllib, _by_asyncio])
def test_a_proxy_is_not_asked_for_a_top_host(
    name_table: dict[str, str], listener: socket.socket, ask: Callable, scheme: str
) -> None:
    """A local proxy that is no mock gets neither a plain request nor a tunnel."""
    with (
        EgressLock() as lock,
        pytest.raises((EgressRefused, httpx.ReadError)),
    ):  # asyncio makes a lost connection of it
        ask(url_of(listener), f"{scheme}://eco.taobao.com/router/rest")

    listener.settimeout(5)
    with listener.accept()[0] as accepted:
        assert accepted.recv(10) == b""
    (attempt,) = lock.attempts
    assert (attempt.host, attempt.proxy) == (
        "eco.taobao.com",
        url_of(listener).removeprefix("http://"),
    )
    assert attempt.proxy in attempt.text


def test_a_socks_proxy_is_not_asked_for_a_top_host(
    name_table: dict[str, str], listener: socket.socket
) -> None:
    """A SOCKS 5 request by name is seen too."""
    with EgressLock() as lock, socket.create_connection(listener.getsockname()) as client:
        client.sendall(b"\x05\x01\x00")
        with pytest.raises(EgressRefused):
            client.sendall(b"\x05\x01\x00\x03\x0eeco.taobao.com\x01\xbb")

    assert [attempt.host for attempt in lock.attempts] == ["eco.taobao.com"]


def test_other_hosts_go_through_a_proxy(listener: socket.socket) -> None:
    """What is not TOP's is asked of a proxy as ever; `all` stops that too."""
    request_bytes = b"GET http://example.test/ HTTP/1.1\r\n\r\n"
    with EgressLock() as lock, socket.create_connection(listener.getsockname()) as client:
        client.sendall(request_bytes)
        with EgressLock(mode="all") as strict, pytest.raises(EgressRefused):
            client.sendmsg([request_bytes])

    assert lock.attempts == ()
    assert [attempt.host for attempt in strict.attempts] == ["example.test"]


def test_the_mock_may_be_the_proxy(name_table: dict[str, str]) -> None:
    """A client that uses the mock as its HTTP proxy keeps its production address."""
    with Server() as server, EgressLock(mocks=[server.url]) as lock:
        params = server.sandbox().client().params("taobao.time.get", {})
        reply = requests.post(
            "http://gw.api.taobao.com/router/rest",
            data=params,
            proxies={"http": server.url},
            timeout=10,
        )

    assert "time_get_response" in reply.json()
    assert lock.attempts == ()


def test_threads_are_stopped_too(taobao: None) -> None:
    """Sixteen threads are each stopped and remembered once.

    A thread of a library is reported by the main thread's place.
    """

    def attempt(host: str) -> None:
        with suppress(EgressRefused):
            socket.getaddrinfo(host, 80)

    with EgressLock() as lock:
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(attempt, ["eco.taobao.com"] * 64))
        with ThreadPoolExecutor(1) as pool, suppress(EgressRefused):
            pool.submit(socket.getaddrinfo, "oauth.taobao.com", 80).result()

    assert sorted(attempt.host for attempt in lock.attempts) == ["eco.taobao.com"] * 64 + [
        "oauth.taobao.com"
    ]
    assert all("test_egress.py:" in attempt.place for attempt in lock.attempts)
    assert "主线程" in next(
        attempt.place for attempt in lock.attempts if attempt.host == "oauth.taobao.com"
    )


def test_nothing_stays_after_an_error() -> None:
    """Python's own functions are back after an error, and untouched where the lock is off."""
    before = standing()
    with pytest.raises(RuntimeError), EgressLock():
        raise RuntimeError("any")
    assert standing() == before
    with EgressLock(mode="off"):
        assert standing() == before

    assert standing() == before


@settings(derandomize=True, database=None, deadline=None)
@given(
    st.lists(st.integers(0, 3), max_size=12).flatmap(
        lambda order: st.tuples(st.just(order), st.permutations(order))
    )
)
def test_locks_end_in_any_order(orders: tuple[list[int], list[int]]) -> None:
    """Something is patched while any lock is held, and nothing after.

    However locks are nested, repeated and overlap.
    """
    before, locks = standing(), [EgressLock() for _ in range(4)]
    for number in orders[0]:
        locks[number].__enter__()
    for number in orders[1]:
        assert standing() != before
        locks[number].__exit__(None, None, None)

    assert standing() == before


def test_locks_of_many_threads_leave_nothing(taobao: None) -> None:
    """Threads that lock and unlock at once are all locked, and nothing is patched at the end."""
    before = standing()
    start = threading.Barrier(16)

    def hold() -> int:
        start.wait()
        for _ in range(20):
            with EgressLock() as lock, suppress(EgressRefused):
                socket.getaddrinfo("eco.taobao.com", 80)
            assert lock.attempts
        return len(lock.attempts)

    with ThreadPoolExecutor(16) as pool:
        futures = [pool.submit(hold) for _ in range(16)]
        assert all(future.result() >= 1 for future in futures)
    assert standing() == before


def test_every_lock_held_remembers(taobao: None) -> None:
    """With two locks nested, both know of the attempt."""
    with EgressLock("outer") as outer, EgressLock("inner") as inner, pytest.raises(EgressRefused):
        socket.getaddrinfo("eco.taobao.com", 80)

    assert [attempt.test for attempt in (*outer.attempts, *inner.attempts)] == ["outer", "inner"]


def test_a_patch_over_ours_survives() -> None:
    """Somebody's own resolver, patched in while locked, is not taken away.

    Once undone, the next lock leaves nothing.
    """
    before = standing()
    with ExitStack() as held, pytest.MonkeyPatch.context() as patches:
        held.enter_context(EgressLock())
        inner = socket.getaddrinfo
        patches.setattr(socket, "getaddrinfo", lambda *args, **named: inner(*args, **named))
        own = socket.getaddrinfo
        held.close()
        assert socket.getaddrinfo is own
        assert socket.getaddrinfo("127.0.0.1", 80)
    with EgressLock():
        pass

    assert standing() == before


@pytest.mark.parametrize(
    ("wrong", "hint"), [({"mode": "some"}, "top, all, off"), ({"mocks": ["127.0.0.1:8420"]}, "URL")]
)
def test_a_wrong_setting_says_what_is_wanted(wrong: dict, hint: str) -> None:
    """An unknown mode lists the modes, a mock's address that is no URL shows one."""
    with pytest.raises(ValueError, match=hint):
        EgressLock(**wrong)
