"""Assembles the doors into one Flask app."""

import os
import secrets
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache

from flask import Blueprint, Flask, Response

from .control.blueprint import answer_errors, control_blueprint
from .control.in_process import InProcessControl
from .domain.table_index import SHIPPED_TABLE, TableIndex
from .gateway.app import add_gateway
from .gateway.batch import BatchGateway
from .gateway.checks import SandboxLookup
from .oauth.blueprint import oauth_blueprint
from .protocol.shapes import BEIJING
from .service.context import ServerContext
from .storage.open_store import open_store
from .world.directory import Directory
from .world.document import BadDocument, WorldDocument
from .world.journal import CAPACITY, Entry
from .world.world import World

__all__ = ["create_app", "make_context", "quiet", "report"]


def report(line: str) -> None:
    """Print a line about an error of our own on stderr, if there is one."""
    with suppress(OSError, ValueError):
        print(line, file=sys.stderr)  # noqa: T201  # the one line that has no command to go through


def quiet(entry: Entry) -> None:
    """Print nothing: refused calls of an embedded server are in its journal."""


def _real() -> datetime:
    return datetime.now(BEIJING)


def draw_instance() -> Callable[[], int]:
    """Return a function that gives this process a number of its own, and a fork of it another.

    From 1 to 2^24 - 1, drawn from the operating system's randomness at the first call.
    """

    @lru_cache(maxsize=1)
    def draw(process_id: int) -> int:
        return 1 + secrets.randbelow(2**24 - 1)

    return lambda: draw(os.getpid())


def _add_prefix(public_url: str, prefix: str) -> str:
    """Return the public address with the prefix at its end; nobody has to type it twice."""
    return public_url if not public_url or public_url.endswith(prefix) else public_url + prefix


def _make_default(directory: Directory, document: WorldDocument, journal: int) -> None:
    """Make the `default` sandbox, unless another process with the same store just did."""
    try:
        directory.add(World(directory, document, id="default", journal=journal))
    except BadDocument:
        if directory.store is None or directory.get("default") is None:
            raise


def make_context(
    *,
    document: WorldDocument | None = None,
    token: str = "",
    lax: bool = False,
    journal: int = CAPACITY,
    public_url: str = "",
    url_prefix: str = "",
    expire_after: timedelta | None = None,
    hosts: tuple[str, ...] = (),
    webhook_hosts: tuple[str, ...] = (),
    refused: Callable[[Entry], None] = quiet,
    table: TableIndex = SHIPPED_TABLE,
    store: str = "",
) -> ServerContext:
    """Return what the doors of one server share; with a document, make its `default` sandbox.

    `store` is the URL of a store; a `default` sandbox that it holds stays as it is.

    Raises:
        BadDocument: the document contradicts itself.
        StoreUnavailable: the store cannot be used.
    """
    directory = Directory(_real, draw_instance(), table, open_store(store), journal)
    directory.uses.expire_after = expire_after
    if document is not None and (directory.store is None or directory.get("default") is None):
        _make_default(directory, document, journal)
    token = token or secrets.token_urlsafe(24)
    directory.secrets.add(token)
    gateway = BatchGateway(SandboxLookup(directory, "default" if lax else ""), refused, journal)
    return ServerContext(
        directory,
        gateway.answer,
        gateway.journal,
        token,
        public_url=_add_prefix(public_url.rstrip("/"), url_prefix),
        url_prefix=url_prefix,
        hosts=hosts,
        webhook_hosts=webhook_hosts,
        journal=journal,
        lax=lax,
        number_call=gateway.number_call,
    )


def _console_blueprint(context: ServerContext) -> Blueprint:
    """Return the door to the console, whose pages are imported when somebody asks for one."""
    blueprint = Blueprint("console", __name__)

    @lru_cache(maxsize=1)
    def load_door() -> Callable[[str], Response]:
        from .console.door import ConsoleDoor

        return ConsoleDoor(context, lambda url: InProcessControl(context, url)).answer

    def answer(path: str = "") -> Response:
        return load_door()(path)

    for rule in ("/console", "/console/<path:path>"):
        blueprint.add_url_rule(rule, "console", answer, methods=("GET", "POST"))
    return blueprint


def create_app(context: ServerContext, report: Callable[[str], None]) -> Flask:
    """Return the WSGI app of all doors; `report` gets one line for each error of our own."""
    app = Flask("mockserver", static_folder=None, template_folder=None)
    app.url_map.strict_slashes = False
    app.register_blueprint(control_blueprint(context))
    app.register_blueprint(_console_blueprint(context))
    app.register_blueprint(oauth_blueprint(context))
    answer_errors(app, report)
    add_gateway(
        app, context.answer, context.directory, context.public_url, url_prefix=context.url_prefix
    )
    return app
