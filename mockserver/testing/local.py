"""`Server`: a whole server in this process; and the sandbox server that needs no socket at all."""

import secrets
import sys
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Self

from ..control.route import Desk
from ..gateway.checks import Rules
from ..gateway.pipeline import Gateway
from ..protocol.shapes import BEIJING
from ..server import Embedded, create_app
from ..world.document import WorldDocument, read_document
from ..world.identity import Directory
from ..world.journal import CAPACITY, Entry
from ..world.world import World
from .sandbox import Control, Sandbox
from .transport import Http, Wsgi

__all__ = ["Server", "local_control", "make_desk"]


def _real() -> datetime:
    return datetime.now(BEIJING)


def _report(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201  # a fault of our own is told on the terminal


def _quiet(entry: Entry) -> None:
    """Refused calls of an embedded server are in its journal."""


def make_desk(
    *, document: WorldDocument | None = None, token: str = "", lax: bool = False, journal: int = CAPACITY,
    public_url: str = "", hosts: tuple[str, ...] = (), refused: Callable[[Entry], None] = _quiet,
) -> Desk:
    """A server's desk; with a document, its `default` sandbox is seeded."""
    directory = Directory(_real)
    if document is not None:
        directory.add(World(directory, document, id="default", journal=journal))
    gateway = Gateway(Rules(directory, "default" if lax else ""), refused)
    return Desk(
        directory, gateway, token or secrets.token_urlsafe(24), public_url=public_url.rstrip("/"), hosts=hosts,
        journal=journal, lax=lax,
    )


def local_control() -> Control:
    """The control API of a server without sockets and without sandboxes."""
    desk = make_desk()
    return Control(Wsgi(create_app(desk, _report)), desk.token)


class Server:
    """A server of this process with its `default` sandbox, for `with Server() as server: …`.

    `document` has the keys of the world document; the default sandbox's clock runs from the real now.
    """

    def __init__(
        self, *, host: str = "127.0.0.1", port: int = 0, token: str = "", auth: str = "strict",
        document: dict[str, object] | None = None, public_url: str = "", tls: tuple[str, str] | None = None,
        hosts: tuple[str, ...] = (), journal: int = CAPACITY, refused: Callable[[Entry], None] = _quiet,
    ) -> None:
        given = read_document({"clock": {"mode": "running"}, **(document or {})}, WorldDocument)
        self.desk = make_desk(
            document=given, token=token, lax=auth == "lax", journal=journal, public_url=public_url,
            hosts=(host, *hosts), refused=refused,
        )
        self._embedded = Embedded(create_app(self.desk, _report), host, port, tls)

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return self.desk.public_url or self._embedded.url

    @property
    def token(self) -> str:
        """The control API's token."""
        return self.desk.token

    @property
    def port(self) -> int:
        """The port listened on."""
        return self._embedded.port

    def start(self) -> Self:
        """The port is open, the data is seeded.

        Raises:
            CannotStart: the address is taken.
        """
        self._embedded.start()
        return self

    def stop(self) -> None:
        """No thread is left, the port is free.  Idempotent."""
        self._embedded.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def sandbox(self, **document: object) -> Sandbox:
        """A fresh sandbox of this server, over HTTP; `attach="default"` gives the one made at start."""
        return Sandbox(control=Control(Http(self._embedded.url), self.token), **document)  # type: ignore[arg-type]  # `attach` is a text
