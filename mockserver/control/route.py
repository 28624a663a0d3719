"""What a control route is, what its handler gets, and how its query and body are read."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from ..service.context import ServerContext
from ..service.control_function import ControlCall
from ..service.problem import Problem
from ..world.document import BadDocument, read_document
from ..world.world import World

__all__ = [
    "DISPUTE_ID",
    "MAX_ITEMS",
    "ControlRequest",
    "Route",
    "parse_body",
    "parse_count",
    "parse_dispute_id",
    "parse_seconds",
]

DISPUTE_ID = r"[0-9]{1,19}"  # the spelling of an exchange's id

MAX_ITEMS = 20_000  # items of one reply
_MAX_WAIT_SECONDS = 30
_SECONDS = r"[0-9]{1,2}(\.[0-9]{1,20})?(e-[0-9]{1,3})?"  # as JSON and Python write numbers


class ControlRequest(Struct, frozen=True):
    """One control call, read: `path` and `query` are texts, `body` is what the route declares.

    `call` calls other routes in process with the same base URL, for handlers that play scenarios.
    """

    context: ServerContext
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    base_url: str
    call: ControlCall

    @property
    def world(self) -> World:
        """The sandbox of the path.

        Raises:
            Problem: 404, with the sandboxes there are.
        """
        world = self.context.directory.get(self.path["id"])
        if world is None:
            ids = [sandbox.id for sandbox in self.context.directory.all()[:20]]
            raise Problem(
                404,
                f"没有独立环境 {self.path['id']}；可用：{'、'.join(ids)}",
                f"no sandbox {self.path['id']}; use: {', '.join(ids)}",
                field="id",
            )
        return world


class Route(Struct, frozen=True):
    """One route: `run` returns status and JSON value (None for no content); `open` needs no token,
    `own_token` the server's own, not a named one.

    `body` is the shape of the JSON body; with `raw` the handler reads the JSON value itself.
    `reply` is the shape of the JSON reply, or a tuple of those that it may have.
    `describe_body` returns the JSON schema of the body where its shape does not say all; it takes
    the schemas made so far, by name, and may change those of its shape.
    With `verbatim` numbers of the body stay as they are written (`json_form.parse_json`).
    A route of another `kind` than JSON returns a text.
    """

    verb: str
    path: str
    run: Callable[[ControlRequest], tuple[int, Any]]
    zh: str
    en: str
    body: Any = None
    raw: bool = False
    verbatim: bool = False
    reply: Any = None
    describe_body: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    query: tuple[str, ...] = ()
    open: bool = False
    own_token: bool = False
    status: int = 200
    kind: str = "application/json"


def parse_body(route: Route, value: Any) -> Any:
    """Return a decoded JSON body as the route declares it; that of a raw route as it is.

    Raises:
        BadDocument: the value is not of that shape.
    """
    if route.raw or route.body is None:
        return value
    return read_document({} if value is None else value, route.body)


def parse_count(query: Mapping[str, str], name: str, default: int, maximum: int) -> int:
    """Return the whole number that `name` has in the query, from 0 to `maximum`.

    Raises:
        Problem: 400, naming the parameter.
    """
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit()) or len(text) > 15 or int(text) > maximum:
        raise Problem(
            400,
            f"{name} 应为 0 到 {maximum} 的整数",
            f"{name}: a whole number from 0 to {maximum}",
            field=name,
        )
    return int(text)


def parse_seconds(text: str) -> float:
    """Return the seconds that a request may wait, from 0 to 30.

    Raises:
        Problem: 400, naming the parameter `wait`.
    """
    if not re.fullmatch(_SECONDS, text) or float(text) > _MAX_WAIT_SECONDS:
        raise Problem(
            400,
            f"wait 应为 0 到 {_MAX_WAIT_SECONDS} 秒",
            f"wait: seconds from 0 to {_MAX_WAIT_SECONDS}",
            field="wait",
        )
    return float(text)


def parse_dispute_id(text: str, field: str) -> int:
    """Return the id of an exchange, at most 19 digits.

    Raises:
        BadDocument: naming `field`.
    """
    if not re.fullmatch(DISPUTE_ID, text):
        raise BadDocument(field, "换货单号应为数字", "a dispute id is a number")
    return int(text)
