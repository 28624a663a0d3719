"""The gateway's door for Flask: turns a WSGI request into `Inbound`, and `Reply` into a response.

Reads the body itself: parsing forms is most of what Flask would cost here.
"""

import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from ..protocol.pictures import picture_type
from ..world.identity import Directory
from .call import BODY_AT_MOST, Inbound
from .pipeline import Gateway

__all__ = ["base_url", "gateway_blueprint", "read_body"]

VERBS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
PATHS = ("/router/rest", "/top/router/rest")
_HOST = re.compile(r"[\w.\-]+(?::\d{1,5})?|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?", re.ASCII)
_NO_GZIP = re.compile(r"gzip\s*;\s*q\s*=\s*0(?:\.0*)?\s*(?:,|$)")


def base_url(environ: Mapping[str, Any], public_url: str) -> str:
    """The address under which the caller knows this server: the public one, else the request's own."""
    if public_url:
        return public_url
    host = environ.get("HTTP_HOST", "")
    if not _HOST.fullmatch(host):
        host = f"{environ.get('SERVER_NAME', '127.0.0.1')}:{environ.get('SERVER_PORT', '80')}"
    return f"{environ.get('wsgi.url_scheme', 'http')}://{host}"


def read_body(environ: Mapping[str, Any], most: int = BODY_AT_MOST) -> bytes | None:
    """The request's body; None when it is longer than `most` bytes."""
    stream, length = environ["wsgi.input"], environ.get("CONTENT_LENGTH") or ""
    if length.isascii() and length.isdigit():
        size = int(length)
        return None if size > most else stream.read(size)
    if not environ.get("wsgi.input_terminated") and not environ.get("HTTP_TRANSFER_ENCODING"):
        return b""
    body: bytes = stream.read(most + 1)
    return None if len(body) > most else body


def _offers_gzip(accepted: str) -> bool:
    return "gzip" in accepted and not _NO_GZIP.search(accepted)


def gateway_blueprint(gateway: Gateway, directory: Directory, public_url: str) -> Blueprint:
    """The routes of the gateway, under any Host, and of the pictures it hands out."""
    blueprint = Blueprint("gateway", __name__)

    def rest() -> Response:
        environ = request.environ
        reply = gateway.answer(
            Inbound(
                environ["REQUEST_METHOD"], environ.get("QUERY_STRING", "").encode("latin-1"),
                environ.get("CONTENT_TYPE", ""), read_body(environ), base_url(environ, public_url),
                _offers_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")),
            )
        )
        return Response(reply.body, headers=list(reply.headers))

    def picture(sandbox: str, name: str) -> Response:
        world = directory.worlds.get(sandbox)
        content = world.state.pictures.get(name) if world else None
        if content is None:
            return Response("没有这张图片 (no such picture)\n", 404, mimetype="text/plain")
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}
        return Response(content, headers=headers, mimetype=picture_type(content))

    for number, path in enumerate(PATHS):
        blueprint.add_url_rule(path, f"rest{number}", rest, methods=VERBS, provide_automatic_options=False)
    blueprint.add_url_rule("/pictures/<sandbox>/<name>", "picture", picture, methods=("GET",))
    return blueprint
