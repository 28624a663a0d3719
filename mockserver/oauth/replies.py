"""What the doors of OAuth answer with: JSON, a redirect, or the page; nobody may keep any of it."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode, urlsplit

from flask import Response, request

from .page import choose_language, write_page, write_policy
from .redirect import redirect_origin

__all__ = ["json_response", "page_response", "redirect_response"]


def _make_private(response: Response) -> Response:
    """Return the response with headers that keep codes and tokens out of caches and referrers."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def json_response(status: int, text: str) -> Response:
    """Return a reply of JSON text."""
    return _make_private(Response(text, status, content_type="application/json;charset=UTF-8"))


def redirect_response(
    address: str, members: Mapping[str, str], *, in_fragment: bool = False
) -> Response:
    """Send the browser to an address that is allowed, with `members` in its query or fragment."""
    separator = "&" if urlsplit(address).query else "?"
    text = f"{address}{'#' if in_fragment else separator}{urlencode(members)}"
    return _make_private(Response(status=302, headers={"Location": text}))


def page_response(
    app_key: str,
    accounts: Iterable[tuple[str, str, bool]],
    fields: Mapping[str, str],
    *,
    action: str,
    address: str,
) -> Response:
    """Return the page; its form goes to `action` with `fields`, then to `address`."""
    accepted = request.headers.get("Accept-Language", "")
    lang = choose_language(fields.get("lang", ""), accepted)
    page = write_page(lang, app_key, accounts, fields, action=action)
    response = Response(page, 200, content_type="text/html;charset=UTF-8")
    response.headers["Content-Security-Policy"] = write_policy(redirect_origin(address))
    response.headers["X-Frame-Options"] = "DENY"
    return _make_private(response)
