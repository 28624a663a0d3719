"""Where a webhook posts to: an address that was resolved once, and one signed POST.

The bridge must not become a way into a network: a name is resolved when the webhook is made, and
never again, so that it cannot lead elsewhere later.  It may be an address of this machine
(loopback) or a host that the server allows (`--webhook-host`).  Redirects are not followed, no
proxy is used, and nothing of the answer is read but its status.
"""

import hashlib
import hmac
import http.client
import socket
import ssl
from collections.abc import Collection, Mapping
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from msgspec import Struct

from ..world.document import BadDocument

__all__ = ["WebhookTarget", "make_signature", "post", "resolve_target"]

SECONDS = 5.0  # for the connection, and for each read of the answer
MAX_URL_CHARACTERS = 500


class WebhookTarget(Struct, frozen=True):
    """An address, with what a request to it needs: `place` is path and query."""

    url: str
    scheme: str
    host: str
    address: str
    port: int
    place: str


def resolve_target(url: str, allowed: Collection[str]) -> WebhookTarget:
    """Return the address that a webhook's URL leads to; hosts in `allowed` may be elsewhere.

    Raises:
        BadDocument: no URL of http or https, a name that leads nowhere, or another machine.
    """
    try:
        parts = urlsplit(url)
        usual_port = {"http": 80, "https": 443}[parts.scheme]
        port = usual_port if parts.port is None else parts.port
    except (ValueError, KeyError):
        raise _refuse("应为 http:// 或 https:// 地址", "an http:// or https:// address") from None
    host = parts.hostname or ""
    if not host or parts.username is not None or len(url) > MAX_URL_CHARACTERS:
        raise _refuse(
            f"应有主机，不带用户名，最多 {MAX_URL_CHARACTERS} 字符",
            f"a host, no user name, at most {MAX_URL_CHARACTERS} characters",
        )
    if not url.isascii() or any(character <= " " or character == "\x7f" for character in url):
        raise _refuse("应为 ASCII，不含空白", "ASCII without blanks")
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise _refuse(f"找不到主机 {host}", f"there is no host {host}") from None
    addresses = [str(entry[4][0]).partition("%")[0] for entry in entries]
    if host not in allowed and not all(map(_is_loopback, addresses)):
        raise _refuse(
            f"{host} 不是本机；服务启动时用 --webhook-host {host} 允许",
            f"{host} is not this machine; allow it with --webhook-host {host} at the start",
        )
    place = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return WebhookTarget(url, parts.scheme, host, addresses[0], port, place)


def _refuse(zh: str, en: str) -> BadDocument:
    return BadDocument("url", zh, en)


def _is_loopback(text: str) -> bool:
    address = ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def make_signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return the HMAC-SHA256 over timestamp, a line feed and body, in hex."""
    return hmac.new(secret.encode(), timestamp.encode() + b"\n" + body, hashlib.sha256).hexdigest()


def post(target: WebhookTarget, body: bytes, headers: Mapping[str, str]) -> int:
    """Send a POST and return the status of its answer.

    Raises:
        OSError: no connection, or no answer in time.
    """
    connection = http.client.HTTPConnection(target.address, target.port, timeout=SECONDS)
    try:
        connection.connect()
        if target.scheme == "https":
            context = ssl.create_default_context()
            connection.sock = context.wrap_socket(connection.sock, server_hostname=target.host)
        own = f"[{target.host}]" if ":" in target.host else target.host
        connection.request("POST", target.place, body, {"Host": f"{own}:{target.port}", **headers})
        return connection.getresponse().status
    except http.client.HTTPException as wrong:
        raise OSError(f"no HTTP: {type(wrong).__name__}") from None
    finally:
        connection.close()
