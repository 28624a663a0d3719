"""The route of a sandbox's revision: whether anything is new, asked now or waited for."""

from typing import Any

from ..service.route_replies import RevisionDocument
from ..world.real_clock import monotonic_seconds
from ..world.revision import compute_revision
from .route import ControlRequest, Route, parse_count, parse_seconds

__all__ = ["MAX_REVISION", "ROUTES"]

_LOOK_SECONDS = 0.1  # between two looks while a request waits
MAX_REVISION = 2**48 - 1


def _revision(request: ControlRequest) -> tuple[int, Any]:
    """Return the revision; 204 without content if it is still `since` after `wait` seconds."""
    world, context = request.world, request.context
    seconds = parse_seconds(request.query.get("wait", "0"))
    if "since" not in request.query:
        return 200, {"revision": compute_revision(world)}
    since = parse_count(request.query, "since", 0, MAX_REVISION)
    with context.waiting(seconds) as patience:
        until = monotonic_seconds() + patience
        while (revision := compute_revision(world)) == since:
            left = until - monotonic_seconds()
            if left <= 0 or context.stopping.wait(min(left, _LOOK_SECONDS)):
                return 204, None
    return 200, {"revision": revision}


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/_sandbox/sandboxes/{id}/revision",
        _revision,
        "随状态、时钟、请求记录变化的数；与 since 相同则 204，可等待",
        "a number that changes with state, clock and journal; 204 while it is `since`",
        query=("since", "wait"),
        reply=RevisionDocument,
    ),
)
