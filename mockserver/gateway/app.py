"""The gateway's door for Flask: turns a WSGI request into `Inbound`, and `Reply` into a response.

Reads the body itself: parsing forms is most of what Flask would cost here.
"""

import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.routing import Rule

from ..protocol.messages import MAX_BODY_BYTES, Delivery, Inbound, Reply
from ..protocol.pictures import picture_type
from ..world.directory import Directory
from .faults.connection_control import send
from .pipeline import Gateway

__all__ = ["BodyBroken", "base_url", "gateway_blueprint", "read_body"]

_PIECE, _READ_AWAY_AT_MOST = 64 * 1024, 64 * 1024 * 1024
PATHS = ("/router/rest", "/top/router/rest")
_HOST = re.compile(r"[\w.\-]+(?::\d{1,5})?|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?", re.ASCII)
_NO_GZIP = re.compile(r"gzip\s*;\s*q\s*=\s*0(?:\.0*)?\s*(?:,|$)")


class _Final(Response):
    """A reply that needs no completing: Flask's own way of sending costs a tenth of a call."""

    def __call__(self, environ: Any, start_response: Any) -> Any:
        start_response(self.status, list(self.headers))
        return () if environ["REQUEST_METHOD"] == "HEAD" else self.response


class _Harmed(Response):
    """A reply that a planned fault harms on its way out."""

    def __init__(self, reply: Reply, sending: Delivery) -> None:
        super().__init__()
        self._reply, self._sending = reply, sending

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return send(self._reply, self._sending, environ, start_response)


def base_url(environ: Mapping[str, Any], public_url: str) -> str:
    """The address under which the caller knows this server: the public one, else the request's own."""
    if public_url:
        return public_url
    host = environ.get("HTTP_HOST", "")
    if not _HOST.fullmatch(host):
        host = f"127.0.0.1:{environ.get('SERVER_PORT', '80')}"
    return f"{environ.get('wsgi.url_scheme', 'http')}://{host}"


class BodyBroken(ConnectionError):
    """The body broke off, or its chunks cannot be read."""


def read_body(environ: Mapping[str, Any], most: int = MAX_BODY_BYTES) -> bytes | None:
    """The request's body; None when it is longer than `most` bytes.

    The rest of a longer body is read away.

    Raises:
        BodyBroken: less came than was announced.
    """
    stream, length = environ["wsgi.input"], environ.get("CONTENT_LENGTH") or ""
    try:
        if length.isascii() and length.isdigit():
            size = int(length)
            if size > most:
                _read_away(stream, size)
                return None
            body: bytes = stream.read(size)
            if len(body) < size:
                raise BodyBroken
            return body
        if not environ.get("wsgi.input_terminated") and not environ.get("HTTP_TRANSFER_ENCODING"):
            return b""
        body = stream.read(most + 1)
        if len(body) <= most:
            return body
        _read_away(stream, _READ_AWAY_AT_MOST)
        return None
    except (OSError, ValueError):
        raise BodyBroken from None


def _read_away(stream: Any, size: int) -> None:
    """A body too long is read and dropped, so that its client gets to read the answer.

    Of one without end only so much; the server closes a connection whose body was not read.
    """
    left = min(size, _READ_AWAY_AT_MOST)
    while left > 0 and (piece := stream.read(min(_PIECE, left))):
        left -= len(piece)


def _offers_gzip(accepted: str) -> bool:
    return "gzip" in accepted and not _NO_GZIP.search(accepted)


def gateway_blueprint(gateway: Gateway, directory: Directory, public_url: str) -> Blueprint:
    """The routes of the gateway, under any Host, and of the pictures it hands out."""
    blueprint = Blueprint("gateway", __name__)

    def rest() -> Response:
        environ = request.environ
        try:
            body, broken = read_body(environ), False
        except BodyBroken:
            body, broken = None, True
        reply = gateway.answer(
            Inbound(
                environ["REQUEST_METHOD"],
                environ.get("QUERY_STRING", "").encode("latin-1"),
                environ.get("CONTENT_TYPE", ""),
                body,
                base_url(environ, public_url),
                _offers_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")),
                broken,
            )
        )
        if reply.sending is not None:
            return _Harmed(reply, reply.sending)
        return _Final(
            [reply.body], headers=[*reply.headers, ("Content-Length", str(len(reply.body)))]
        )

    def picture(sandbox: str, name: str) -> Response:
        world = directory.get(sandbox)
        content = world.state.pictures.get(name) if world else None
        if content is None:
            return Response("没有这张图片 (no such picture)\n", 404, mimetype="text/plain")
        headers = {
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }
        return Response(content, headers=headers, mimetype=picture_type(content))

    def any_verb(setup: BlueprintSetupState) -> None:
        # Flask's own way names the verbs; here the platform's error 9 answers those that it would leave out
        for number, path in enumerate(PATHS):
            setup.app.url_map.add(Rule(path, endpoint=f"rest{number}"))
            setup.app.view_functions[f"rest{number}"] = rest

    blueprint.record(any_verb)
    blueprint.add_url_rule("/pictures/<sandbox>/<name>", "picture", picture, methods=("GET",))
    return blueprint
