"""Routes of robots: which behaviours there are, and which party acts by which."""

from typing import Any

from msgspec.structs import asdict

from ..domain.behaviours import BEHAVIOURS, Party
from ..service import reply_documents as replies
from ..service.route_replies import RobotNamesDocument
from ..world.document import RobotsDocument
from ..world.robots import read_robots
from ..world.world import World
from .route import ControlRequest, Route

__all__ = ["ROUTES"]


def _names(request: ControlRequest) -> tuple[int, Any]:
    items = [
        {
            "name": behaviour.name,
            "label": behaviour.label,
            "zh": behaviour.zh,
            "en": behaviour.en,
            "evidence": str(behaviour.evidence),
        }
        for behaviour in BEHAVIOURS.values()
    ]
    return 200, {"total": len(items), "items": items, "parties": list(Party)}


def _robots(request: ControlRequest) -> tuple[int, Any]:
    return 200, _serialize_robots(request.world)


def _put_robots(request: ControlRequest) -> tuple[int, Any]:
    world = request.world
    with world.unit_of_work():
        world.set_robots(read_robots(request.body))
        return 200, _serialize_robots(world)


def _serialize_robots(world: World) -> dict[str, str | None]:
    return asdict(world.view.robots or RobotsDocument())


_S = "/_sandbox/sandboxes/{id}"
ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/_sandbox/robots/names",
        _names,
        "机器人的策略",
        "the policies that robots follow",
        reply=RobotNamesDocument,
    ),
    Route(
        "GET",
        f"{_S}/robots",
        _robots,
        "各方的机器人",
        "who acts by which behaviour",
        reply=replies.RobotsDocument,
    ),
    Route(
        "PUT",
        f"{_S}/robots",
        _put_robots,
        "设定机器人，未给的一方由人操作",
        "set robots; a party that is left out is played by hand",
        body=RobotsDocument,
        reply=replies.RobotsDocument,
    ),
)
