"""Fill what a bare move leaves open, so that every field has a sensible default."""

from msgspec.structs import replace

from ..domain.catalogue import refusal_stage
from ..domain.exchange import Exchange
from ..domain.moves import Move, ShipBack
from .state import State

__all__ = ["fill_defaults", "stage_reasons"]


def stage_reasons(state: State, exchange: Exchange) -> tuple[int, ...]:
    """Return the ids of the refuse reasons that fit the exchange's status, in the sandbox's
    order."""
    stage = refusal_stage(exchange.status)
    return tuple(reason.reason_id for reason in state.reasons if reason.stage == stage)


def fill_defaults(move: Move, exchange: Exchange, state: State) -> Move:
    """Return `move` with its open fields filled: default return address, first reason, a new
    waybill.

    `exchange_sku` may be the name of goods instead of a SKU id.
    """
    filled: dict[str, object] = {}
    if getattr(move, "address_id", 0) is None:
        filled["address_id"] = next(iter(state.shops[exchange.shop].return_addresses()), 0)
    if getattr(move, "seller_refuse_reason_id", 0) is None:
        filled["seller_refuse_reason_id"] = next(iter(stage_reasons(state, exchange)), 0)
    if getattr(move, "logistics_no", "") is None:
        waybill = f"SF{exchange.dispute_id % 10**12:012}{1 if isinstance(move, ShipBack) else 2}"
        while state.waybills.get(waybill, exchange.dispute_id) != exchange.dispute_id:
            waybill += "0"
        filled["logistics_no"] = waybill
    sku = getattr(move, "exchange_sku", "")
    named = state.goods.get(sku) if sku else None  # goods may be called ""
    if named is not None:
        filled["exchange_sku"] = named.sku_id
    return replace(move, **filled) if filled else move
