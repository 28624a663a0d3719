"""The route of the timeline: events and messages of a sandbox."""

from collections.abc import Iterable
from typing import Any

from ..domain.exchange import Event
from ..service.route_replies import EventsDocument
from ..service.serializers import serialize_event, serialize_message
from ..world.world import World
from .route import ControlRequest, Route, parse_count

__all__ = ["ROUTES", "serialize_events"]


def serialize_events(world: World, events: Iterable[Event]) -> list[dict[str, Any]]:
    """Return the events as the control API shows them.

    Times are shifted by what the sandbox was aged.
    """
    return [serialize_event(event, world.view.clock.aged) for event in events]


def _events(request: ControlRequest) -> tuple[int, Any]:
    """Return events and messages in the order they happened.

    `since` is the number of the last event that the caller has read; later ones are returned.
    """
    world = request.world
    since = parse_count(request.query, "since", 0, 10**9 - 1)
    dispute_id = request.query.get("dispute_id", "")
    with world.unit_of_work():
        view = world.view
        numbers = (exchange.dispute_id for exchange in view.exchanges())
        chosen = [number for number in numbers if dispute_id in ("", str(number))]
        events = sorted(
            (event for number in chosen for event in view.timeline(number) if event.number > since),
            key=lambda event: event.number,
        )
        messages = sorted(
            (message for number in chosen for message in view.messages(number)),
            key=lambda message: message.number,
        )
        return 200, {
            "total": len(events),
            "items": serialize_events(world, events),
            "messages": [
                serialize_message(world, message, request.base_url) for message in messages
            ],
        }


_S = "/_sandbox/sandboxes/{id}"
ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        f"{_S}/events",
        _events,
        "发生过的操作与留言",
        "facts and messages",
        query=("since", "dispute_id"),
        reply=EventsDocument,
    ),
)
