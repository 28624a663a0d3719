"""The gate before Python's sockets.

Its holders are asked before a lookup, connection or proxy request.

The model.  There is one `socket` module in a process, so there is one gate.  While at least one
holder has it, functions of ours stand in the place of Python's: name lookups, `connect`, `send`,
and the lookup of asyncio's event loop.  Each asks every holder; a holder answers with the error to
raise, or None.  The gate knows no host and no rule.  While nobody holds it, nothing is patched.

Why these functions.  A client's way to a host has three steps, and each can be the only one that
Python sees: it looks a name up; it connects to an address, maybe one that it looked up long ago; or
it asks a proxy, to which it may connect, to pass a request on.  The proxy request is text on a TCP
connection, so the first bytes of `send` are read: `CONNECT`, an absolute URL, or SOCKS 5 by name.

The name is asked about after its lookup, because a name that resolves to the mock is allowed; the
lookup is all that is sent.  asyncio looks names up in a thread in which the user's code is not on
the stack: the place in the user's code is noted before, when the loop is asked.

What would break.  Somebody else may patch `socket` after us (gevent, a recorder of cassettes).
Putting Python's function back would then remove their patch or leave ours below it; so ours is
undone only where it still stands on top.  Where it does not, it stays below, idle, and is used or
removed by a later holder.  A patch is placed once for an owner and name, so nested locks ask once.

What the gate does not see: other processes; lookups and sockets that are not Python's; connections
that were open before; what goes through TLS to a proxy.
"""

import _socket
import ipaddress
import re
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, Protocol

from msgspec import Struct

from ..client.user_code import user_place

__all__ = ["GATE", "Holder", "addresses_of", "is_own"]

_MAX_HEAD_BYTES = 300  # in which a request to a proxy names its target
_PROXY_REQUEST = re.compile(  # an HTTP request in absolute form, CONNECT, and SOCKS 5 by name
    rb"(?:CONNECT |[A-Z]+ (?:https?|wss?)://(?:[^@/ ]*@)?)(\[[^\]\s]*\]|[^\s/:?#]+)(?::(\d+))?"
    rb"|\x05\x01\x00\x03.([\w.-]+)",
    re.DOTALL,
)


class Holder(Protocol):
    """A holder of the gate; hosts are lower-case names or addresses.

    Each method returns the error to raise, or None.
    """

    def check_lookup(
        self, host: str, port: str, addresses: tuple[str, ...]
    ) -> BaseException | None:
        """Judge the lookup of a name that has these addresses, none if it failed."""
        ...

    def check_connection(self, address: str, port: str) -> BaseException | None:
        """Judge a TCP connection to an address."""
        ...

    def check_proxy(self, host: str, port: str, peer: tuple[str, int]) -> BaseException | None:
        """Judge a request to a peer to pass something on to a host."""
        ...


class _Patch(Struct):
    """A function of ours in the place of `before`.

    `own`: the owner had that itself, not inherited.
    """

    owner: Any
    name: str
    ours: Callable[..., Any]
    before: Any
    own: bool

    def is_on_top(self) -> bool:
        """Return True if our function still stands there, with nothing over it."""
        return vars(self.owner).get(self.name) is self.ours

    def undo(self) -> None:
        """Put back what was there before."""
        if self.own:
            setattr(self.owner, self.name, self.before)
        else:
            delattr(self.owner, self.name)


class _Gate:
    """The holders, and our functions in the place of Python's while there are any."""

    def __init__(self) -> None:
        self._holders: tuple[Holder, ...] = ()
        self._lookup_places: dict[str, str] = {}
        self._patches: list[_Patch] = []
        self._mutex = threading.Lock()

    def hold(self, holder: Holder) -> None:
        """Ask `holder` from now on; one that holds twice has to release twice."""
        with self._mutex:
            if not self._holders:
                self._patch()
            self._holders = (*self._holders, holder)

    def release(self, holder: Holder) -> None:
        """Ask `holder` once less; after the last one, put Python's functions back.

        Where somebody has patched over ours, ours stays below, idle.
        """
        with self._mutex:
            first = next(index for index, other in enumerate(self._holders) if other is holder)
            self._holders = self._holders[:first] + self._holders[first + 1 :]
            if not self._holders:
                self._lookup_places.clear()
                for patch in [patch for patch in self._patches if patch.is_on_top()]:
                    patch.undo()
                    self._patches.remove(patch)

    def lookup_place(self, host: str) -> str:
        """Return the place in the user's code that last looked the host up with asyncio, or ""."""
        return self._lookup_places.get(host, "")

    def _patch(self) -> None:
        standing = [(patch.owner, patch.name) for patch in self._patches if patch.is_on_top()]
        for owner, name, make in self._targets():
            if (owner, name) not in standing:
                before = getattr(owner, name)
                patch = _Patch(
                    owner, name, wraps(before)(make(before)), before, name in vars(owner)
                )
                setattr(owner, name, patch.ours)
                self._patches.append(patch)

    def _targets(self) -> Iterator[tuple[Any, str, Callable[[Any], Callable[..., Any]]]]:
        for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
            yield socket, name, self._lookup
        for name in ("connect", "connect_ex"):
            yield socket.socket, name, self._connect
        for name in ("send", "sendall", "sendmsg"):
            if hasattr(socket.socket, name):
                yield socket.socket, name, self._send
        loops = sys.modules.get("asyncio.base_events")
        if loops is not None:
            yield loops.BaseEventLoop, "getaddrinfo", self._note_place

    def _lookup(self, before: Callable[..., Any]) -> Callable[..., Any]:
        def lookup(host: Any, *args: Any, **named: Any) -> Any:
            name = "" if host is None else _name(host)
            if not self._holders or not name or _ip(name):
                return before(host, *args, **named)
            port = str((*args, named.get("port"))[0] or "")
            try:
                result = before(host, *args, **named)
            except OSError:
                self._ask("check_lookup", name, port, ())
                raise
            self._ask("check_lookup", name, port, tuple(_addresses_in(result)))
            return result

        return lookup

    def _connect(self, before: Callable[..., Any]) -> Callable[..., Any]:
        def connect(sock: socket.socket, address: Any) -> Any:
            if (
                self._holders
                and _is_stream(sock)
                and isinstance(address, tuple)
                and len(address) > 1
                and address[0]
            ):
                try:
                    self._ask_address(_name(address[0]), str(address[1]))
                except BaseException:
                    sock.close()  # create_connection closes it after an OSError only
                    raise
            return before(sock, address)

        return connect

    def _send(self, before: Callable[..., Any]) -> Callable[..., Any]:
        def send(sock: socket.socket, data: Any, *args: Any) -> Any:
            request = (
                _PROXY_REQUEST.match(_beginning(data))
                if self._holders and _is_stream(sock)
                else None
            )
            if request:
                name = _name(request[1] or request[3]).strip("[]")
                port = (request[2] or b"").decode()
                self._ask("check_proxy", name, port, _peer(sock))
            return before(sock, data, *args)

        return send

    def _note_place(self, before: Callable[..., Any]) -> Callable[..., Any]:
        def getaddrinfo(loop: Any, host: Any, *args: Any, **named: Any) -> Any:
            if self._holders and isinstance(host, str | bytes):
                self._lookup_places[_name(host)] = user_place(sys._getframe())
            return before(loop, host, *args, **named)

        return getaddrinfo

    def _ask_address(self, host: str, port: str) -> None:
        addresses = addresses_of(host)
        if not _ip(host):
            self._ask("check_lookup", host, port, addresses)
        for address in addresses:
            self._ask("check_connection", address, port)

    def _ask(self, check: str, *arguments: Any) -> None:
        """Ask every holder and raise the first error."""
        errors = [
            error for holder in self._holders if (error := getattr(holder, check)(*arguments))
        ]
        if errors:
            raise errors[0]


GATE = _Gate()


def addresses_of(host: str) -> tuple[str, ...]:
    """Return the addresses of a host as the system resolves it, none if it cannot.

    An address is its own.
    """
    if _ip(host):
        return (host,)
    try:
        return tuple(
            str(info[4][0]) for info in _socket.getaddrinfo(host, None, 0, socket.SOCK_STREAM)
        )
    except (OSError, UnicodeError):
        return ()


def is_own(address: str) -> bool:
    """Return True if an address is this computer's loopback."""
    ip = _ip(address)
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return ip is not None and (ip.is_loopback or ip.is_unspecified)


def _name(host: Any) -> str:
    """Return a host as it is compared: lower case, ASCII, without the root's dot."""
    text = (
        bytes(host).decode("ascii", "replace") if isinstance(host, bytes | bytearray) else str(host)
    )
    if not text.isascii():
        try:
            text = text.encode("idna").decode()
        except UnicodeError:
            return text
    return text.lower().rstrip(".")


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _addresses_in(result: Any) -> Iterator[str]:
    """Yield the addresses in a result of getaddrinfo, gethostbyname or gethostbyname_ex."""
    if isinstance(result, str):
        yield result
    elif isinstance(result, tuple):
        yield from result[2]
    else:
        yield from (str(info[4][0]) for info in result)


def _is_stream(sock: socket.socket) -> bool:
    return sock.family in (socket.AF_INET, socket.AF_INET6) and sock.type == socket.SOCK_STREAM


def _beginning(data: Any) -> bytes:
    """Return the first bytes to be sent; for `sendmsg`, those of its first buffer."""
    try:
        return bytes(
            memoryview(data if isinstance(data, bytes | bytearray | memoryview) else data[0])[
                :_MAX_HEAD_BYTES
            ]
        )
    except (TypeError, IndexError, KeyError):
        return b""


def _peer(sock: socket.socket) -> tuple[str, int]:
    try:
        host, port = sock.getpeername()[:2]
    except OSError:
        return "?", 0
    return str(host), int(port)
