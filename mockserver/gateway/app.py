"""Answer the gateway's paths and the pictures it hands out.

The gateway is a WSGI layer in front of Flask's own dispatch, inside the same Flask app: routing,
request contexts and response objects would cost more than the call itself, and the layer may
answer every verb.  It turns the WSGI environ into an `Inbound` and a `Reply` into WSGI output;
everything between the two is `pipeline.Gateway.answer`, which knows no HTTP library.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from flask import Blueprint, Flask, Response
from msgspec.structs import replace

from ..protocol.messages import Inbound, Reply
from ..protocol.pictures import detect_picture_type
from ..protocol.request_flaws import (
    CONNECT,
    DOUBLE_SLASH,
    LENGTH_AND_CHUNKED,
    RAW_BYTES,
    UPGRADE,
    RequestFlaw,
)
from ..service.request import BodyBroken, base_url, read_body, requested_url, strip_prefix
from ..world.directory import Directory
from .faults.connection_control import send_disturbed

__all__ = ["GATEWAY_PATHS", "Answer", "add_gateway", "is_batch_path", "offers_gzip"]

_BATCH = "/router/batch"
GATEWAY_PATHS = ("/router/rest", "/top/router/rest", _BATCH, f"/top{_BATCH}")
_NO_GZIP = re.compile(r"gzip\s*;\s*q\s*=\s*0(?:\.0*)?\s*(?:,|$)")
Answer = Callable[[Inbound], Reply]
WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def offers_gzip(accept_encoding: str) -> bool:
    """Return True if the header value `Accept-Encoding` allows gzip."""
    return "gzip" in accept_encoding and not _NO_GZIP.search(accept_encoding)


def is_batch_path(path: str) -> bool:
    """Return True if the path of the gateway takes many calls in one request."""
    return path.rstrip("/").endswith(_BATCH)


def add_gateway(
    app: Flask, answer: Answer, directory: Directory, public_url: str, *, url_prefix: str = ""
) -> None:
    """Add the gateway's paths, under any Host and verb, and its pictures to `app`.

    All paths of the app are also answered below `url_prefix`.
    """
    app.wsgi_app = _layer(app.wsgi_app, answer, public_url, url_prefix)  # type: ignore[method-assign,assignment]  # Flask's own way to add a layer
    app.register_blueprint(_pictures(directory))


def _layer(flask_app: WsgiApp, answer: Answer, public_url: str, url_prefix: str) -> WsgiApp:
    """Return a WSGI app that answers the gateway's paths and hands all others to `flask_app`."""

    def gateway_layer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        double_slash = "//" in path
        if double_slash:  # Flask would answer with a redirect, and a page
            path = "/" + "/".join(filter(None, path.split("/")))
        path = strip_prefix(path, url_prefix)
        environ["PATH_INFO"] = path
        if path not in GATEWAY_PATHS and path.rstrip("/") not in GATEWAY_PATHS:
            return flask_app(environ, start)
        verb = environ["REQUEST_METHOD"]
        inbound = _inbound(verb, environ, base_url(environ, public_url, url_prefix))
        flaws = tuple(_find_flaws(environ, double_slash=double_slash))
        reply = answer(replace(inbound, remarks=flaws) if flaws else inbound)
        if reply.delivery is not None:
            return send_disturbed(reply, reply.delivery, environ, start)
        start(reply.status, [*reply.headers, ("Content-Length", str(len(reply.body)))])
        return () if verb == "HEAD" else (reply.body,)

    return gateway_layer


def _find_flaws(environ: Mapping[str, Any], *, double_slash: bool) -> Iterator[RequestFlaw]:
    """Yield what is no clean HTTP in the request, as far as a WSGI server lets it through."""
    if not environ.get("QUERY_STRING", "").isascii():
        yield RAW_BYTES
    if double_slash:
        yield DOUBLE_SLASH
    if "HTTP_UPGRADE" in environ:
        yield UPGRADE
    if environ["REQUEST_METHOD"] == "CONNECT":
        yield CONNECT
    if environ.get("HTTP_TRANSFER_ENCODING") and environ.get("CONTENT_LENGTH"):
        yield LENGTH_AND_CHUNKED


def _inbound(verb: str, environ: Mapping[str, Any], reached_url: str) -> Inbound:
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
        reached_url,
        offers_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")),
        broken,
        requested_url=requested_url(environ),
        batch=is_batch_path(environ["PATH_INFO"]),
        separator=environ.get("HTTP_TOP_API_SEPARATOR", ""),
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
        return Response(content, headers=headers, mimetype=detect_picture_type(content))

    return blueprint
