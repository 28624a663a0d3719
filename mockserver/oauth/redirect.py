"""Which addresses an authorisation may send the browser to: loopback, and hosts that a rule names.

Anything else would let a page of a stranger collect codes through this server.
"""

import ipaddress
from urllib.parse import urlsplit

__all__ = ["is_allowed_redirect", "redirect_origin"]

_LONGEST = 2_000  # characters


def is_allowed_redirect(address: str, registered: str) -> bool:
    """Return True for an http(s) address on loopback or on a host of `registered`.

    `registered` is the rule `redirect_hosts`: names joined by commas; the word `loopback` names
    none.  An address with user data, a fragment, blanks, backslashes or control characters is not
    allowed: browsers read those otherwise than servers do.
    """
    plain = address.isascii() and address.isprintable() and not set(address) & set(' \\"<>#@')
    if not plain or len(address) > _LONGEST:
        return False
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").rstrip(".")
        _ = parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not host:
        return False
    hosts = {name.strip().lower() for name in registered.split(",")}
    return host == "localhost" or host in hosts or _is_loopback(host)


def redirect_origin(address: str) -> str:
    """Return scheme, host and port of an address that is allowed."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
