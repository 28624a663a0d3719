"""What a control route is, and what its handler gets."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Any

from msgspec import Struct, field

from ..gateway.pipeline import Gateway
from ..service.problem import Problem
from ..world.directory import Directory
from ..world.document import read_document
from ..world.journal import CAPACITY
from ..world.world import World

__all__ = ["ControlRequest", "Route", "ServerContext", "bounded", "shaped"]

_WAITERS = 8  # a third of the embedded server's threads


class ServerContext(Struct, frozen=True):
    """What all routes share.  `hosts` are names that may stand in Host without a token."""

    directory: Directory
    gateway: Gateway
    token: str
    public_url: str = ""
    hosts: tuple[str, ...] = ()
    journal: int = CAPACITY
    lax: bool = False
    waiters: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(_WAITERS))

    @contextmanager
    def waiting(self, seconds: float) -> Iterator[float]:
        """How long one may wait: `seconds`, or not at all while too many do, so that calls find threads."""
        free = seconds > 0 and self.waiters.acquire(blocking=False)
        try:
            yield seconds if free else 0.0
        finally:
            if free:
                self.waiters.release()

    def close(self) -> None:
        """Nobody waits for a call any more: the server is about to stop."""
        for journal in (self.gateway.journal, *(world.journal for world in self.directory.all())):
            journal.close()


class ControlRequest(Struct, frozen=True):
    """One control call, read: `path` and `query` are texts, `body` what the route declares."""

    desk: ServerContext
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    base_url: str

    @property
    def world(self) -> World:
        """The sandbox of the path.

        Raises:
            Problem: 404, with the sandboxes there are.
        """
        world = self.desk.directory.get(self.path["id"])
        if world is None:
            known = [each.id for each in self.desk.directory.all()[:20]]
            raise Problem(
                404,
                f"没有独立环境 {self.path['id']}；可用：{'、'.join(known)}",
                f"no sandbox {self.path['id']}; use: {', '.join(known)}",
                field="id",
            )
        return world


class Route(Struct, frozen=True):
    """One route: `run` gives status and JSON (None for no content); `open` needs no token.

    `body` is the shape of the JSON body; with `raw` the handler reads the JSON value itself.  A route of another `kind`
    than JSON gives a text.
    """

    verb: str
    path: str
    run: Callable[[ControlRequest], tuple[int, Any]]
    zh: str
    en: str
    body: Any = None
    raw: bool = False
    query: tuple[str, ...] = ()
    open: bool = False
    status: int = 200
    kind: str = "application/json"


def shaped(route: Route, value: Any) -> Any:
    """A decoded body as the route declares it; of a raw route, as it is.

    Raises:
        BadDocument: not of that shape.
    """
    return (
        value
        if route.raw or route.body is None
        else read_document({} if value is None else value, route.body)
    )


def bounded(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    """A whole number of the query, from 0 to `most`.

    Raises:
        Problem: 400, naming the parameter.
    """
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or int(text) > most:
        raise Problem(
            400,
            f"{name} 应为 0 到 {most} 的整数",
            f"{name}: a whole number from 0 to {most}",
            field=name,
        )
    return int(text)
