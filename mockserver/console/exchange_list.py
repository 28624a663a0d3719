"""The list of a sandbox's exchanges, filtered as by tmall.exchange.receive.get, and opening one."""

import re
from datetime import datetime
from typing import Any

from ..domain.exchange import Exchange
from ..domain.play import deadline
from ..domain.vocabulary import Ruleset, Status
from ..protocol.shapes import format_time, parse_time
from ..world.listing import ExchangeFilter, Window
from ..world.view import WorldView
from .page import Page
from .visit import Answer, View, Visit, read_number

__all__ = ["PAGES"]

_PAGE_SIZE = 25
_MAX_PAGE = 100_000
_NUMBER = re.compile(r"\d{1,19}", re.ASCII)
_OPEN_FIELDS = (
    "dispute_id",
    "status",
    "reason",
    "desc",
    "buyer_nick",
    "bought_sku",
    "exchange_sku",
    "num",
    "ruleset",
    "count",
)
_WHOLE_NUMBERS = ("num", "count")


def _list(visit: Visit) -> Answer:
    world = visit.world
    with world.unit_of_work() as work:
        view = work.view
        page_no = read_number(visit.text("page"), 1, _MAX_PAGE)
        total, exchanges = _find(visit, view, page_no)
        rows = [_describe(exchange, view) for exchange in exchanges]
        shops = [shop.nick for shop in view.shops()]
        goods = [(item.name, item.title) for item in view.goods()]
        now = format_time(world.now)
    return View(
        "exchanges",
        {
            "rows": rows,
            "total": total,
            "page_no": page_no,
            "pages": max(1, -(-total // _PAGE_SIZE)),
            "shops": shops,
            "goods": goods,
            "statuses": list(Status),
            "rulesets": list(Ruleset),
            "now": now,
            "typed": visit.form or {},
        },
    )


def _find(visit: Visit, view: WorldView, page_no: int) -> tuple[int, list[Exchange]]:
    """Return how many exchanges match the query, and a page of them."""
    number = visit.text("dispute_id")
    if number:
        exists = _NUMBER.fullmatch(number) and view.has_exchange(int(number))
        return (1, [view.exchange(int(number))]) if exists else (0, [])
    statuses = tuple(
        Status(int(code))
        for code in visit.query.get("status", ())
        if code.isascii() and code.isdigit() and int(code) in list(Status)
    )
    shop = visit.text("shop") or next((shop.nick for shop in view.shops()), "")
    filters = ExchangeFilter(
        shop=shop,
        statuses=tuple(dict.fromkeys(statuses)),
        modified=_window(visit, view, "modified"),
        created=_window(visit, view, "created"),
        oid=int(visit.text("oid")) if _NUMBER.fullmatch(visit.text("oid")) else None,
        waybill=visit.text("logistic_no"),
        buyer_nick=visit.text("buyer_nick"),
    )
    return view.list_exchanges(filters, page_no, _PAGE_SIZE)


def _window(visit: Visit, view: WorldView, name: str) -> Window:
    def instant(end: str) -> datetime | None:
        text = visit.text(f"{end}_{name}").replace("T", " ")
        at = parse_time(text if len(text) != 16 else f"{text}:00") if text else None
        return None if at is None else view.clock.to_inner(at)

    return instant("start"), instant("end")


def _describe(exchange: Exchange, view: WorldView) -> dict[str, Any]:
    due = deadline(exchange, view.rules, view.table)
    goods = view.goods_of_sku(exchange.exchange_sku)
    return {
        "dispute_id": str(exchange.dispute_id),
        "status": exchange.status.value,
        "cs_status": exchange.cs_status.value,
        "buyer": exchange.buyer_nick,
        "goods": goods.title if goods else exchange.exchange_sku,
        "num": exchange.num,
        "modified": format_time(view.clock.show(exchange.modified)),
        "deadline": "" if due is None else format_time(view.clock.show(due)),
    }


def _open(visit: Visit) -> Answer:
    document: dict[str, Any] = {}
    for name in _OPEN_FIELDS:
        text = visit.field(name)
        if text:
            whole = name in _WHOLE_NUMBERS and re.fullmatch(r"\d{1,9}", text, re.ASCII)
            document[name] = int(text) if whole else text
    reply = visit.ask("POST", "exchanges", document)
    if "items" in reply:
        count = reply["total"]
        return visit.succeed(
            f"已开 {count} 张换货单", f"{count} exchanges are open", visit.link("exchanges")
        )
    number = reply["dispute_id"]
    return visit.succeed(
        f"已开换货单 {number}", f"exchange {number} is open", visit.link("exchanges", number)
    )


PAGES: tuple[Page, ...] = (
    Page("GET", "s/<id>/exchanges", _list),
    Page("POST", "s/<id>/exchanges", _open, _list),
)
