"""All routes of the control API, and how a verb and a path find theirs.

`ROUTES` is the one list: Flask's door, the OpenAPI document and calls in process read it.  Each
of them finds a route by `resolve`, so an address that one of them serves is served by all, and an
address that does not exist is refused by all with the same problem document.

The list is turned into a tree once, at import.  A node is one segment of a path: its children by
the segment's text, the child for a path argument such as `{id}`, and the routes that end there by
verb.  A literal segment wins over an argument.
"""

from collections.abc import Iterable
from typing import Any

from ..service.problem import Problem
from ..service.reply_documents import JsonObject
from . import (
    clock,
    coverage,
    events,
    exchanges,
    faults,
    health,
    journal,
    message_routing,
    messages,
    play_scenario,
    revision,
    robots,
    sandboxes,
    stock,
    stubs,
    tokens,
)
from .openapi import describe
from .route import ControlRequest, Route

__all__ = ["ROUTES", "NoSuchRoute", "resolve"]


class NoSuchRoute(Problem):
    """No route has this path (404), or none of its routes has this verb (405).

    `verbs` are those that the path has, empty with 404.
    """

    def __init__(self, verbs: Iterable[str] = ()) -> None:
        self.verbs = tuple(verbs)
        if self.verbs:
            super().__init__(405, "这个地址不支持该 HTTP 方法", "Method Not Allowed")
        else:
            super().__init__(
                404,
                "没有这个地址；网关在 /router/rest，控制接口在 /_sandbox/openapi.json，"
                "控制台在 /console",
                "no such address; the gateway is at /router/rest, the control API at"
                " /_sandbox/openapi.json, the console at /console",
            )


def _describe(request: ControlRequest) -> tuple[int, Any]:
    return 200, describe(ROUTES, request.base_url)


ROUTES: tuple[Route, ...] = (
    *sandboxes.ROUTES,
    *clock.ROUTES,
    *revision.ROUTES,
    *exchanges.ROUTES,
    *stock.ROUTES,
    *events.ROUTES,
    *messages.ROUTES,
    *message_routing.ROUTES,
    *robots.ROUTES,
    *journal.ROUTES,
    *health.ROUTES,
    *tokens.ROUTES,
    *stubs.ROUTES,
    *coverage.ROUTES,
    *faults.ROUTES,
    *play_scenario.ROUTES,
    Route(
        "GET",
        "/_sandbox/openapi.json",
        _describe,
        "本接口的 OpenAPI 3.1 描述",
        "this API as OpenAPI 3.1",
        reply=JsonObject,
    ),
)


class _Node:
    """One segment of the paths of all routes."""

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.argument: _Node | None = None
        self.routes: dict[str, Route] = {}


def _is_argument(segment: str) -> bool:
    return segment.startswith("{")


def _argument_names(route: Route) -> tuple[str, ...]:
    return tuple(part[1:-1] for part in route.path.split("/") if _is_argument(part))


def _build_tree(routes: Iterable[Route]) -> _Node:
    root = _Node()
    for route in routes:
        node = root
        for segment in route.path.removeprefix("/").split("/"):
            if _is_argument(segment):
                node.argument = node.argument or _Node()
                node = node.argument
            else:
                node = node.children.setdefault(segment, _Node())
        node.routes[route.verb] = route
    return root


_TREE = _build_tree(ROUTES)
_NAMES = {(route.verb, route.path): _argument_names(route) for route in ROUTES}


def resolve(verb: str, path: str) -> tuple[Route, dict[str, str]]:
    """Return the route of `verb` and `path`, and the arguments in its path by name.

    `path` is decoded (no `%2F`) and begins with `/_sandbox`; one slash at its end is ignored.
    HEAD is answered as GET.

    Raises:
        NoSuchRoute: 404 or 405.
    """
    node: _Node | None = _TREE
    arguments = []
    for segment in path.removesuffix("/").removeprefix("/").split("/"):
        assert node is not None
        child = node.children.get(segment)
        if child is None and segment:
            child = node.argument
            arguments.append(segment)
        node = child
        if node is None:
            raise NoSuchRoute
    assert node is not None
    if not node.routes:
        raise NoSuchRoute
    route = node.routes.get("GET" if verb == "HEAD" else verb)
    if route is None:
        raise NoSuchRoute(node.routes)
    return route, dict(zip(_NAMES[route.verb, route.path], arguments, strict=True))
