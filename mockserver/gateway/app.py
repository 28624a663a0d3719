"""Answer the gateway's paths and the pictures it hands out.

The gateway is a WSGI layer in front of Flask's own dispatch, inside the same Flask app: routing,
request contexts and response objects would cost more than the call itself, and the layer may
answer every verb.  It turns the WSGI environ into an `Inbound` and a `Reply` into WSGI output;
everything between the two is `pipeline.Gateway.answer`, which knows no HTTP library.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask import Blueprint, Flask, Response

from ..protocol.messages import MAX_BODY_BYTES, Inbound
from ..protocol.pictures import picture_type
from ..world.directory import Directory
from .faults.connection_control import send_disturbed
from .pipeline import Gateway

__all__ = ["GATEWAY_PATHS", "BodyBroken", "add_gateway", "base_url", "offers_gzip", "read_body"]

GATEWAY_PATHS = ("/router/rest", "/top/router/rest")
_CHUNK_BYTES = 64 * 1024
_MAX_DISCARDED_BYTES = 64 * 1024 * 1024
_HOST = re.compile(r"[\w.\-]+(?::\d{1,5})?|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?", re.ASCII)
_NO_GZIP = re.compile(r"gzip\s*;\s*q\s*=\s*0(?:\.0*)?\s*(?:,|$)")
WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def base_url(environ: Mapping[str, Any], public_url: str) -> str:
    """Return scheme, host and port under which the caller knows this server.

    It is `public_url` if one is set, else the request's Host; an unusable Host counts as loopback.
    """
    if public_url:
        return public_url
    host = environ.get("HTTP_HOST", "")
    if not _HOST.fullmatch(host):
        host = f"127.0.0.1:{environ.get('SERVER_PORT', '80')}"
    return f"{environ.get('wsgi.url_scheme', 'http')}://{host}"


class BodyBroken(ConnectionError):
    """The body ended before its announced length, or its chunks cannot be read."""


def read_body(environ: Mapping[str, Any], limit: int = MAX_BODY_BYTES) -> bytes | None:
    """Return the request's body, or None if it is longer than `limit` bytes.

    The rest of a body that is too long is read and dropped, so that its client reads the answer.

    Raises:
        BodyBroken: fewer bytes came than were announced, or the chunks cannot be read.
    """
    stream, length = environ["wsgi.input"], environ.get("CONTENT_LENGTH") or ""
    try:
        if length.isascii() and length.isdigit():
            size = int(length)
            if size > limit:
                _discard(stream, size)
                return None
            body: bytes = stream.read(size)
            if len(body) < size:
                raise BodyBroken
            return body
        if not environ.get("wsgi.input_terminated") and not environ.get("HTTP_TRANSFER_ENCODING"):
            return b""
        body = stream.read(limit + 1)
        if len(body) <= limit:
            return body
        _discard(stream, _MAX_DISCARDED_BYTES)
        return None
    except (OSError, ValueError):
        raise BodyBroken from None


def _discard(stream: Any, size: int) -> None:
    """Read and drop `size` bytes, at most _MAX_DISCARDED_BYTES; the server closes after more."""
    left = min(size, _MAX_DISCARDED_BYTES)
    while left > 0 and (chunk := stream.read(min(_CHUNK_BYTES, left))):
        left -= len(chunk)


def offers_gzip(accept_encoding: str) -> bool:
    """Return True if the header value `Accept-Encoding` allows gzip."""
    return "gzip" in accept_encoding and not _NO_GZIP.search(accept_encoding)


def add_gateway(app: Flask, gateway: Gateway, directory: Directory, public_url: str) -> None:
    """Add the gateway's paths, under any Host and verb, and its pictures to `app`."""
    app.wsgi_app = _layer(app.wsgi_app, gateway, public_url)  # type: ignore[method-assign,assignment]  # Flask's own way to add a layer
    app.register_blueprint(_pictures(directory))


def _layer(flask_app: WsgiApp, gateway: Gateway, public_url: str) -> WsgiApp:
    """Return a WSGI app that answers the gateway's paths and hands all others to `flask_app`."""

    def gateway_layer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"].rstrip("/") not in GATEWAY_PATHS:
            return flask_app(environ, start)
        verb = environ["REQUEST_METHOD"]
        reply = gateway.answer(_inbound(verb, environ, public_url))
        if reply.delivery is not None:
            return send_disturbed(reply, reply.delivery, environ, start)
        start(reply.status, [*reply.headers, ("Content-Length", str(len(reply.body)))])
        return () if verb == "HEAD" else (reply.body,)

    return gateway_layer


def _inbound(verb: str, environ: Mapping[str, Any], public_url: str) -> Inbound:
    broken = False
    body: bytes | None
    try:
        body = read_body(environ)
    except BodyBroken:
        body = None
        broken = True
    return Inbound(
        verb,
        environ.get("QUERY_STRING", "").encode("latin-1"),
        environ.get("CONTENT_TYPE", ""),
        body,
        base_url(environ, public_url),
        offers_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")),
        broken,
    )


def _pictures(directory: Directory) -> Blueprint:
    """Return the route under which messages' pictures are read; their names are not guessable."""
    blueprint = Blueprint("pictures", __name__)

    @blueprint.get("/pictures/<sandbox>/<name>")
    def picture(sandbox: str, name: str) -> Response:
        world = directory.get(sandbox)
        content = world.view.picture(name) if world else None
        if content is None:
            return Response("没有这张图片 (no such picture)\n", 404, mimetype="text/plain")
        headers = {
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }
        return Response(content, headers=headers, mimetype=picture_type(content))

    return blueprint
