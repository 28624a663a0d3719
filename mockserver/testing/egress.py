"""The egress lock: while it is held, no connection of this process goes to a real TOP host.

Why.  A test that is configured wrongly must not change exchanges of a real shop.  Production hosts
are few and known, so the lock refuses those (`TOP_DOMAINS`) and lets everything else pass; with
`mode="all"` it refuses every host but this machine and the mock servers.

A name is looked up before it is judged, since one that resolves to the mock (an entry in
/etc/hosts) is allowed; nothing else is sent.  What is refused raises `EgressRefused` at once and is
kept in `attempts`, because a client may swallow the error: the pytest plugin fails the test all the
same.  How lookups and connections are seen is the subject of `sockets.py`; this module knows hosts,
and nothing of pytest.

Not seen: other processes; name lookups and sockets that are not Python's (uvloop; of Windows'
proactor loop, the connection); a connection opened before; a proxy spoken to over TLS; a tunnel;
and, where only TOP hosts are refused, a bare address.
"""

import sys
from collections.abc import Iterable
from typing import Self
from urllib.parse import urlsplit

from msgspec import Struct

from ..client.user_code import main_place, user_place
from .sockets import GATE, addresses_of, is_own

__all__ = ["MODES", "TOP_DOMAINS", "Attempt", "EgressLock", "EgressRefused"]

TOP_DOMAINS = (  # each with all below it.  Source: docs/spec/top-protocol.md#top-1.1
    "api.taobao.com",  # gateways (gw., and the bare name overseas), message channels (mc., premc.)
    "eco.taobao.com",
    "oauth.taobao.com",
    "container.open.taobao.com",
    "tbsandbox.com",  # gateway, authorisation and message channel of the official sandbox
)
MODES = ("top", "all", "off")
_MAX_ATTEMPTS = 100  # kept, of a client that goes on trying


class Attempt(Struct, frozen=True):
    """A connection that was refused.

    `proxy` is the peer that was to pass it on, "" without one; `place` is a file and line.
    """

    host: str
    port: str
    proxy: str
    place: str
    test: str

    @property
    def text(self) -> str:
        """A sentence in Chinese and English: what happened, where, and what to do instead."""
        target = f"{self.host}:{self.port}" if self.port else self.host
        by_zh, by_en = (
            (f"经代理 {self.proxy} ", f" through the proxy {self.proxy}")
            if self.proxy
            else ("", "")
        )
        test_zh, test_en = (
            (f"测试 {self.test} ", f"test {self.test}") if self.test else ("有代码", "something")
        )
        return (
            f"{test_zh}要{by_zh}连接真实主机 {target}，已阻止；位置：{self.place}。"
            f"请让客户端使用 sandbox.gateway_url，或让该主机名解析到本工具，或把出口锁设为 off。 "
            f"({test_en} wanted to reach the real host {target}{by_en} and was stopped, "
            f"at {self.place}; use sandbox.gateway_url, let the name resolve to the mock, or "
            f"set the egress lock to off)"
        )


class EgressRefused(BaseException):
    """A connection was stopped.

    Not an Exception, so that no retry and no `except Exception` hides it.
    """

    def __init__(self, attempt: Attempt) -> None:
        super().__init__(attempt)
        self.attempt = attempt

    def __str__(self) -> str:
        return self.attempt.text


class EgressLock:
    """Refuse connections while held, each at once, with an `EgressRefused`.

        with EgressLock("the test's name") as lock:
            …

    `mode` `top` refuses TOP hosts, `all` every host but this machine, `off` none.  What resolves to
    this machine or to one of `mocks` (URLs of mock servers) is allowed; so is a request that one of
    them is to pass on as a proxy.  Locks may be nested, held by many threads, and entered again;
    after the last one nothing is patched.

    Raises:
        ValueError: an unknown mode, or a mock that is no URL.
    """

    def __init__(self, test: str = "", *, mode: str = "top", mocks: Iterable[str] = ()) -> None:
        if mode not in MODES:
            raise ValueError(
                f"出口锁没有 {mode!r} 方式；可用 (unknown mode; use): {', '.join(MODES)}"
            )
        self.test = test
        self.mode = mode
        self._mocks = frozenset(
            (address, port)
            for host, port in map(_endpoint, mocks)
            for address in addresses_of(host)
        )
        self._attempts: list[Attempt] = []
        self._names: dict[str, str] = {}

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """The connections that were refused, at most the first 100."""
        return tuple(self._attempts[:_MAX_ATTEMPTS])

    def __enter__(self) -> Self:
        if self.mode != "off":
            GATE.hold(self)
        return self

    def __exit__(self, *error: object) -> None:
        if self.mode != "off":
            GATE.release(self)

    def check_lookup(
        self, host: str, port: str, addresses: tuple[str, ...]
    ) -> EgressRefused | None:
        """Refuse a TOP host that is not the mock; in mode `all`, also a name without an address."""
        if _is_top(host) or (self.mode == "all" and not addresses):
            return (
                None
                if addresses and all(map(self._is_allowed, addresses))
                else self._refuse(host, port)
            )
        if self.mode == "all":
            self._names.update(dict.fromkeys(addresses, host))
        return None

    def check_connection(self, address: str, port: str) -> EgressRefused | None:
        """Refuse, in mode `all`, an address that is neither this computer's nor the mock's."""
        if self.mode != "all" or self._is_allowed(address):
            return None
        return self._refuse(self._names.get(address, address), port)

    def check_proxy(self, host: str, port: str, peer: tuple[str, int]) -> EgressRefused | None:
        """Refuse a request for a refused host through a peer that is not the mock."""
        locked = _is_top(host) or (self.mode == "all" and host != "localhost" and not is_own(host))
        if not locked or self._is_mock(*peer):
            return None
        return self._refuse(host, port, f"{peer[0]}:{peer[1]}")

    def _is_allowed(self, address: str) -> bool:
        return is_own(address) or any(address == mock for mock, _ in self._mocks)

    def _is_mock(self, address: str, port: int) -> bool:
        return any(
            at == port and (mock == address or (is_own(mock) and is_own(address)))
            for mock, at in self._mocks
        )

    def _refuse(self, host: str, port: str, proxy: str = "") -> EgressRefused:
        attempt = Attempt(host, port, proxy, _place(host), self.test)
        if len(self._attempts) < _MAX_ATTEMPTS:
            self._attempts.append(attempt)
        return EgressRefused(attempt)


def _is_top(host: str) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in TOP_DOMAINS)


def _endpoint(url: str) -> tuple[str, int]:
    """Return host and port of a mock server's URL.

    Raises:
        ValueError: not a URL.
    """
    parts = urlsplit(url)
    if not parts.hostname:
        raise ValueError(
            f"mocks 应为 URL，例如 http://127.0.0.1:8420，不能是 {url!r} "
            "(URLs of mock servers are wanted)"
        )
    return parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def _place(host: str) -> str:
    """Return the place in the user's code that wants to go to `host`, `?` if there is none.

    For a thread without any of the user's code it is where the main thread is.
    """
    place = user_place(sys._getframe()) or GATE.lookup_place(host)
    if place:
        return place
    main = main_place()
    return f"{main} (主线程此时在此 the main thread is here)" if main else "?"
