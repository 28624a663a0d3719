"""Routes of the stock accounts."""

from typing import Any

from msgspec import Struct

from ..service.route_replies import Listing, StockDocument
from ..service.serializers import serialize_accounts
from .route import ControlRequest, Route

__all__ = ["ROUTES"]


class StockBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The units that are available."""

    available: int


def _stock(request: ControlRequest) -> tuple[int, Any]:
    world = request.world
    with world.unit_of_work():
        items = [serialize_accounts(world, sku, accounts) for sku, accounts in world.view.stock()]
    return 200, {"total": len(items), "items": items}


def _put_stock(request: ControlRequest) -> tuple[int, Any]:
    world = request.world
    with world.unit_of_work():
        return 200, serialize_accounts(
            world, *world.put_stock(request.path["name"], request.body.available)
        )


_S = "/_sandbox/sandboxes/{id}"
ROUTES: tuple[Route, ...] = (
    Route("GET", f"{_S}/stock", _stock, "库存账户", "stock accounts", reply=Listing[StockDocument]),
    Route(
        "PUT",
        f"{_S}/stock/{{name}}",
        _put_stock,
        "设定可用库存",
        "set available stock",
        body=StockBody,
        reply=StockDocument,
    ),
)
