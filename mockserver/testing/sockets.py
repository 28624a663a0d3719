"""The gate before Python's sockets: who holds it is asked before any lookup, connection or proxy request.

One gate for the process, as there is one `socket` module.  While nobody holds it, nothing is patched.
Knows no host and no rule: a holder answers with the error to raise, or None.
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

_BEGINS = 300  # bytes in which a request to a proxy names its target
_PROXIED = re.compile(  # an HTTP request in absolute form, CONNECT, and SOCKS 5 by name
    rb"(?:CONNECT |[A-Z]+ (?:https?|wss?)://(?:[^@/ ]*@)?)(\[[^\]\s]*\]|[^\s/:?#]+)(?::(\d+))?"
    rb"|\x05\x01\x00\x03.([\w.-]+)",
    re.DOTALL,
)


class Holder(Protocol):
    """Whoever wants to be asked; hosts are lower-case names or addresses."""

    def looked_up(self, host: str, port: str, addresses: tuple[str, ...]) -> BaseException | None:
        """A name has these addresses; none when the lookup failed."""
        ...

    def connecting(self, address: str, port: str) -> BaseException | None:
        """A TCP connection to an address is about to be made."""
        ...

    def proxied(self, host: str, port: str, peer: tuple[str, int]) -> BaseException | None:
        """A peer is about to be asked to pass something on to a host."""
        ...


class _Placed(Struct):
    """A function of ours and what it stands for; `own` tells whether the owner had that itself or inherited it."""

    owner: Any
    name: str
    ours: Callable[..., Any]
    before: Any
    own: bool

    def holds(self) -> bool:
        """Whether it still stands there, and nothing over it."""
        return vars(self.owner).get(self.name) is self.ours

    def undo(self) -> None:
        """What was there before is there again."""
        if self.own:
            setattr(self.owner, self.name, self.before)
        else:
            delattr(self.owner, self.name)


class _Gate:
    """Who holds it, and the functions that stand in the place of Python's meanwhile."""

    def __init__(self) -> None:
        self._holders: tuple[Holder, ...] = ()
        self._noted: dict[str, str] = {}
        self._placed: list[_Placed] = []
        self._mutex = threading.Lock()

    def hold(self, holder: Holder) -> None:
        """`holder` is asked from now on; one that holds twice has to release twice."""
        with self._mutex:
            if not self._holders:
                self._place()
            self._holders = (*self._holders, holder)

    def release(self, holder: Holder) -> None:
        """`holder` is asked once less; after the last, Python's own functions are back.

        Where somebody has patched over ours, ours stays below, idle, until a later holder takes it away.
        """
        with self._mutex:
            first = next(place for place, each in enumerate(self._holders) if each is holder)
            self._holders = self._holders[:first] + self._holders[first + 1 :]
            if not self._holders:
                self._noted.clear()
                for placed in [each for each in self._placed if each.holds()]:
                    placed.undo()
                    self._placed.remove(placed)

    def noted(self, host: str) -> str:
        """The place from which asyncio was last asked to look a host up, which it does in another thread."""
        return self._noted.get(host, "")

    def _place(self) -> None:
        standing = [(each.owner, each.name) for each in self._placed if each.holds()]
        for owner, name, make in self._targets():
            if (owner, name) not in standing:
                before = getattr(owner, name)
                placed = _Placed(
                    owner, name, wraps(before)(make(before)), before, name in vars(owner)
                )
                setattr(owner, name, placed.ours)
                self._placed.append(placed)

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
            yield loops.BaseEventLoop, "getaddrinfo", self._note

    def _lookup(self, before: Callable[..., Any]) -> Callable[..., Any]:
        def lookup(host: Any, *args: Any, **named: Any) -> Any:
            name = "" if host is None else _name(host)
            if not self._holders or not name or _ip(name):
                return before(host, *args, **named)
            port = str((*args, named.get("port"))[0] or "")
            try:
                found = before(host, *args, **named)
            except OSError:
                self._ask("looked_up", name, port, ())
                raise
            self._ask("looked_up", name, port, tuple(_addresses_in(found)))
            return found

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
            asked = _PROXIED.match(_beginning(data)) if self._holders and _is_stream(sock) else None
            if asked:
                name, port = _name(asked[1] or asked[3]).strip("[]"), (asked[2] or b"").decode()
                self._ask("proxied", name, port, _peer(sock))
            return before(sock, data, *args)

        return send

    def _note(self, before: Callable[..., Any]) -> Callable[..., Any]:
        def getaddrinfo(loop: Any, host: Any, *args: Any, **named: Any) -> Any:
            if self._holders and isinstance(host, str | bytes):
                self._noted[_name(host)] = user_place(sys._getframe())
            return before(loop, host, *args, **named)

        return getaddrinfo

    def _ask_address(self, host: str, port: str) -> None:
        addresses = addresses_of(host)
        if not _ip(host):
            self._ask("looked_up", host, port, addresses)
        for each in addresses:
            self._ask("connecting", each, port)

    def _ask(self, question: str, *about: Any) -> None:
        """Every holder is asked; the first error is raised."""
        errors = [error for holder in self._holders if (error := getattr(holder, question)(*about))]
        if errors:
            raise errors[0]


GATE = _Gate()


def addresses_of(host: str) -> tuple[str, ...]:
    """A host's addresses as the system resolves it, itself if it is one; none if it cannot."""
    if _ip(host):
        return (host,)
    try:
        return tuple(
            str(each[4][0]) for each in _socket.getaddrinfo(host, None, 0, socket.SOCK_STREAM)
        )
    except (OSError, UnicodeError):
        return ()


def is_own(address: str) -> bool:
    """Whether an address is this machine's loopback."""
    found = _ip(address)
    found = getattr(found, "ipv4_mapped", None) or found
    return found is not None and (found.is_loopback or found.is_unspecified)


def _name(host: Any) -> str:
    """A host as it is compared: lower case, ASCII, without the root's dot."""
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


def _addresses_in(found: Any) -> Iterator[str]:
    """The addresses in what getaddrinfo, gethostbyname or gethostbyname_ex gave."""
    if isinstance(found, str):
        yield found
    elif isinstance(found, tuple):
        yield from found[2]
    else:
        yield from (str(each[4][0]) for each in found)


def _is_stream(sock: socket.socket) -> bool:
    return sock.family in (socket.AF_INET, socket.AF_INET6) and sock.type == socket.SOCK_STREAM


def _beginning(data: Any) -> bytes:
    """The first bytes to be sent; of `sendmsg`, those of its first buffer."""
    try:
        return bytes(
            memoryview(data if isinstance(data, bytes | bytearray | memoryview) else data[0])[
                :_BEGINS
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
