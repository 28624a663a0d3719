"""Under which Hosts a request without a token is answered.

A page of another site may let a browser send requests to a server on this machine, under a name
that it lets resolve to it.  Its Host gives it away.
"""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from .context import ServerContext

__all__ = ["is_allowed_host", "named_host"]


def named_host(environ: Mapping[str, Any]) -> str:
    """Return the request's Host in lower case, without port and brackets; "" without one."""
    return re.sub(r":\d+$", "", environ.get("HTTP_HOST", "")).strip("[]").lower()


def is_allowed_host(host: str, context: ServerContext) -> bool:
    """Return True for no Host, localhost, an address, and the names that the server was given."""
    own = urlsplit(context.public_url).hostname
    return (
        "*" in context.hosts or host in ("", "localhost", own, *context.hosts) or _is_address(host)
    )


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
