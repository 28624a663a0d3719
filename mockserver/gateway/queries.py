"""What the methods that read answer: each query by the name its declaration gives.

A query reads a view of the sandbox and returns the members of the reply; it changes nothing.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, cast

from msgspec.structs import asdict

from ..api.records import RecordKind, build_exchange_record, build_message_record
from ..domain.catalogue import Address, refusal_stage
from ..domain.vocabulary import Phase, Status
from ..protocol.binding import Arguments
from ..protocol.shapes import Items, Tree
from ..world.listing import ExchangeFilter
from .query_context import QueryContext, requested_fields
from .refund_queries import REFUND_QUERIES
from .shop_queries import SHOP_QUERIES
from .trade_queries import TRADE_QUERIES

__all__ = ["QUERIES", "exchange_filter"]


def _exchange(query: QueryContext) -> Tree:
    exchange = query.world.read_exchange(cast("int", query.arguments["dispute_id"]), query.shop)
    fields = requested_fields(query.method, query.arguments)
    return {
        "result": {
            "exchange": build_exchange_record(exchange, fields, RecordKind.GET, query.view),
            "success": True,
        }
    }


def exchange_filter(query: QueryContext) -> ExchangeFilter:
    """Return the filters of a list query, with instants in inner time."""
    arguments = query.arguments
    clock = query.world.clock

    def instant(name: str) -> datetime | None:
        value = arguments.get(name)
        return None if value is None else clock.to_inner(cast("datetime", value))

    return ExchangeFilter(
        shop=query.shop,
        statuses=tuple(
            Status(int(code))
            for code in dict.fromkeys(cast("Any", arguments.get("dispute_status_array", ())))
        ),
        modified=(instant("start_gmt_modified_time"), instant("end_gmt_modifed_time")),
        created=(instant("start_created_time"), instant("end_created_time")),
        ids=frozenset(int(number) for number in cast("Any", arguments.get("refund_id_array", ()))),
        oid=cast("int | None", arguments.get("biz_order_id")),
        waybill=cast("str", arguments.get("logistic_no", "")),
        buyer_nick=cast("str", arguments.get("buyer_nick", "")),
        buyer_open_uid=cast("str", arguments.get("buyer_open_uid", "")),
    )


def _exchanges(query: QueryContext) -> Tree:
    page_no, size = _page(query.arguments)
    total, rows = query.world.list_exchanges(exchange_filter(query), page_no, size)
    fields = requested_fields(query.method, query.arguments)
    records = [build_exchange_record(row, fields, RecordKind.LIST, query.view) for row in rows]
    return _page_members("exchange", records, total, is_last=page_no * size >= total)


def _page(arguments: Arguments) -> tuple[int, int]:
    return cast("int", arguments["page_no"]), cast("int", arguments["page_size"])


def _page_members(item: str, rows: list[Tree], total: int, *, is_last: bool) -> Tree:
    """Return the members of a page; `results` is absent when there is nothing."""
    return {
        "has_next": not is_last,
        "page_results": len(rows),
        **({"results": Items(item, rows)} if rows else {}),
        "total_results": total,
    }


def _messages(query: QueryContext) -> Tree:
    arguments = query.arguments
    exchange = query.world.exchange(cast("int", arguments["dispute_id"]), query.shop)
    roles = {int(code) for code in cast("Any", arguments.get("operator_roles", ()))}
    thread = query.world.messages(exchange.dispute_id)
    newest = [
        message
        for message in sorted(
            thread, key=lambda message: (message.created, message.number), reverse=True
        )
        if not roles or message.role in roles
    ]
    page_no, size = _page(arguments)
    fields = requested_fields(query.method, arguments)
    rows = [
        build_message_record(message, fields, RecordKind.MESSAGE_LISTED, query.view)
        for message in newest[(page_no - 1) * size : page_no * size]
    ]
    total = len(newest)
    page = _page_members("refund_message", rows, total, is_last=page_no * size >= total)
    return {"result": page}


def _reasons(query: QueryContext) -> Tree:
    exchange = query.world.exchange(cast("int", query.arguments["dispute_id"]), query.shop)
    kind = query.arguments.get("dispute_type", 0)
    fields = requested_fields(query.method, query.arguments)
    rows = [
        {name: getattr(reason, name) for name in ("reason_id", "reason_text") if name in fields}
        for reason in query.world.reasons
        if reason.stage == refusal_stage(exchange.status)
        and (not kind or Phase(cast("int", kind)) in reason.phases)
    ]
    results = {"results": Items("reason", rows)} if rows else {}
    return {"result": {**results, "total_results": len(rows)}}


_ADDRESS_FILTERS: Mapping[str, Callable[[Address], bool]] = {
    "": lambda address: True,
    "no_def": lambda address: not (address.get_def or address.cancel_def),
    "get_def": lambda address: address.get_def,
    "cancel_def": lambda address: address.cancel_def,
}


def _addresses(query: QueryContext) -> Tree:
    """Return the seller's addresses that `rdef` selects, all of them without it.

    Source: docs/spec/evidence-2026-11.md#evidence-1.
    """
    selected = _ADDRESS_FILTERS[cast("str", query.arguments.get("rdef", ""))]
    addresses = query.world.shop(query.shop).addresses
    rows = [dict(sorted(asdict(address).items())) for address in addresses if selected(address)]
    return {"addresses": Items("address_result", rows)} if rows else {}


def _carriers(query: QueryContext) -> Tree:
    fields = requested_fields(query.method, query.arguments)
    names = sorted({field.name for field in query.method.record} & set(fields))
    rows = [
        {name: value for name in names if (value := getattr(carrier, name)) != ""}
        for carrier in query.world.carriers
    ]
    return {"logistics_companies": Items("logistics_company", rows)} if rows else {}


def _time(query: QueryContext) -> Tree:
    return {"time": query.view.time(query.now)}


QUERIES: Mapping[str, Callable[[QueryContext], Tree]] = {
    "exchange": _exchange,
    "exchanges": _exchanges,
    "messages": _messages,
    "reasons": _reasons,
    "addresses": _addresses,
    "carriers": _carriers,
    "time": _time,
    **REFUND_QUERIES,
    **SHOP_QUERIES,
    **TRADE_QUERIES,
}
