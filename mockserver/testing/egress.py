"""The egress lock: while it is held, no connection of this process goes to a real TOP host.

A name is looked up before it is judged, since one that resolves to the mock passes; nothing else is
sent.  Knows hosts, and nothing of pytest.  Not seen: other processes; name lookups and sockets that
are not Python's (uvloop; of Windows' proactor loop, the connection); a connection opened before; a proxy
spoken to over TLS; a tunnel; and, where only TOP hosts are refused, a bare address.
"""

import sys
from collections.abc import Iterable
from types import TracebackType
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
_KEPT = 100  # attempts of a client that goes on trying


class Attempt(Struct, frozen=True):
    """Where a client wanted to go: `proxy` is the peer that should have passed it on, `place` a file and line."""

    host: str
    port: str
    proxy: str
    place: str
    test: str

    @property
    def text(self) -> str:
        """What happened, where, and what is possible instead, in Chinese and English."""
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
            f"({test_en} wanted to reach the real host {target}{by_en} and was stopped, at {self.place}; "
            f"use sandbox.gateway_url, let the name resolve to the mock, or set the egress lock to off)"
        )


class EgressRefused(BaseException):
    """A connection was stopped.  Not an Exception, so that no retry and no `except Exception` hides it."""

    def __init__(self, attempt: Attempt) -> None:
        super().__init__(attempt)
        self.attempt = attempt

    def __str__(self) -> str:
        return self.attempt.text


class EgressLock:
    """`with EgressLock("the test's name") as lock:` stops connections, each at once, with an `EgressRefused`.

    `mode` `top` stops those to TOP hosts, `all` those to any host but this machine, `off` none.  What
    resolves to this machine or to one of `mocks`, URLs of mock servers, passes; so does a request that
    one of them is to pass on as a proxy.  `attempts` keeps what was stopped, even where the client
    swallowed it.  Locks may be nested, held by many threads, and entered again; after the last one
    nothing is patched.
    """

    def __init__(self, test: str = "", *, mode: str = "top", mocks: Iterable[str] = ()) -> None:
        if mode not in MODES:
            raise ValueError(
                f"出口锁没有 {mode!r} 方式；可用 (unknown mode; use): {', '.join(MODES)}"
            )
        self.test, self.mode = test, mode
        self._mocks = frozenset(
            (address, port)
            for host, port in map(_endpoint, mocks)
            for address in addresses_of(host)
        )
        self._attempts: list[Attempt] = []
        self._names: dict[str, str] = {}

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """What was stopped, the first hundred."""
        return tuple(self._attempts[:_KEPT])

    def __enter__(self) -> Self:
        if self.mode != "off":
            GATE.hold(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.mode != "off":
            GATE.release(self)

    def looked_up(self, host: str, port: str, addresses: tuple[str, ...]) -> EgressRefused | None:
        """Refused: a TOP host that is not the mock, or, when every host is locked, a name that has no address."""
        if _is_top(host) or (self.mode == "all" and not addresses):
            return (
                None
                if addresses and all(map(self._harmless, addresses))
                else self._refused(host, port)
            )
        if self.mode == "all":
            self._names.update(dict.fromkeys(addresses, host))
        return None

    def connecting(self, address: str, port: str) -> EgressRefused | None:
        """Refused, when every host is locked: an address that is neither this machine's nor the mock's."""
        if self.mode != "all" or self._harmless(address):
            return None
        return self._refused(self._names.get(address, address), port)

    def proxied(self, host: str, port: str, peer: tuple[str, int]) -> EgressRefused | None:
        """Refused: a locked host, by a peer that is not the mock."""
        locked = _is_top(host) or (self.mode == "all" and host != "localhost" and not is_own(host))
        if not locked or self._is_mock(*peer):
            return None
        return self._refused(host, port, f"{peer[0]}:{peer[1]}")

    def _harmless(self, address: str) -> bool:
        return is_own(address) or any(address == mock for mock, _ in self._mocks)

    def _is_mock(self, address: str, port: int) -> bool:
        return any(
            at == port and (mock == address or (is_own(mock) and is_own(address)))
            for mock, at in self._mocks
        )

    def _refused(self, host: str, port: str, proxy: str = "") -> EgressRefused:
        attempt = Attempt(host, port, proxy, _place(host), self.test)
        if len(self._attempts) < _KEPT:
            self._attempts.append(attempt)
        return EgressRefused(attempt)


def _is_top(host: str) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in TOP_DOMAINS)


def _endpoint(url: str) -> tuple[str, int]:
    """Host and port of a mock server's URL.

    Raises:
        ValueError: not a URL.
    """
    parts = urlsplit(url)
    if not parts.hostname:
        raise ValueError(
            f"mocks 应为 URL，例如 http://127.0.0.1:8420，不能是 {url!r} (URLs of mock servers are wanted)"
        )
    return parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def _place(host: str) -> str:
    """Where in the user's code somebody wants to go to `host`.

    A thread without any of the user's code is told by where the main thread is.
    """
    found = user_place(sys._getframe()) or GATE.noted(host)
    if found:
        return found
    main = main_place()
    return f"{main} (主线程此时在此 the main thread is here)" if main else "?"
