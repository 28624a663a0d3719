"""The page of one exchange: where it stands, what happened, what each party can do now."""

from datetime import timedelta
from typing import Any

from ..api.methods import METHODS
from ..api.records import EXCHANGE, RecordKind, RecordView, build_exchange_record
from ..domain.exchange import Exchange
from ..domain.play import deadline
from ..domain.vocabulary import Status
from ..protocol.json_form import write_json
from ..protocol.xml_form import write_xml
from ..reference.state_diagram import render_state_diagram
from ..service.serializers import serialize_accounts, serialize_exchange, serialize_message
from ..world.world import World
from .move_forms import build_move_forms, read_move_form
from .page import Page
from .rendering import mark_safe
from .visit import Answer, NoSuchPage, View, Visit

__all__ = ["PAGES"]

_FIELDS = tuple(column.field.name for column in EXCHANGE)
_GET = METHODS["tmall.exchange.get"]
_MAX_MOVE_BYTES = 20 * 1024 * 1024  # some pictures of the largest size


def _show(visit: Visit) -> Answer:
    world = visit.world
    with world.unit_of_work() as work:
        view = work.view
        number = visit.path["dispute_id"]
        if not view.has_exchange(number):
            raise NoSuchPage(
                f"这个独立环境里没有换货单 {number}", f"this sandbox has no exchange {number}"
            )
        exchange = view.exchange(number)
        document = serialize_exchange(world, exchange, visit.base_url)
        messages = [
            serialize_message(world, message, visit.base_url) for message in view.messages(number)
        ]
        skus = dict.fromkeys((exchange.bought_sku, exchange.exchange_sku))
        stock = [serialize_accounts(world, sku, view.accounts(sku)) for sku in skus if sku]
        due = deadline(exchange, view.rules, view.table)
        left = None if due is None else max(timedelta(), due - work.now)
        answer = _build_answer(visit, world, exchange)
        return View(
            "exchange",
            {
                "exchange": document,
                "messages": messages,
                "stock": stock,
                "left": None if left is None else int(left.total_seconds()),
                "running": view.clock.running,
                "forms": build_move_forms(exchange, view, visit.lang),
                "diagram": _draw(visit, exchange, document["timeline"]),
                "raw_json": write_json(_GET.wrapper, answer),
                "raw_xml": write_xml(_GET.wrapper, answer),
                "calls": world.journal.page({"dispute_id": str(number)}, 20).entries,
                "typed": visit.form or {},
            },
        )


def _build_answer(visit: Visit, world: World, exchange: Exchange) -> dict[str, Any]:
    """Return what the gateway would answer about the exchange, asked for all fields."""
    view = world.view
    record_view = RecordView(
        view.rules,
        view.clock.aged,
        visit.base_url,
        world.id,
        view.table,
        view.rules["personal_data"] == "masked",
    )
    as_read = view.read_exchange(exchange.dispute_id, exchange.shop)
    exchange_record = build_exchange_record(as_read, _FIELDS, RecordKind.GET, record_view)
    return {"result": {"exchange": exchange_record, "success": True}}


def _draw(visit: Visit, exchange: Exchange, timeline: list[dict[str, Any]]) -> object:
    """Return the diagram of the flow with the path that was walked and the present state."""
    entered = {str(event["to"]) for event in timeline} | {str(exchange.status.value)}
    return mark_safe(
        render_state_diagram(
            exchange.ruleset,
            {event["rule"] for event in timeline},
            entered,
            visit.lang,
            present=exchange.status,
        )
    )


def _move(visit: Visit) -> Answer:
    assert visit.form is not None
    body = read_move_form(visit.form, visit.files)
    number = visit.path["dispute_id"]
    reply = visit.ask("POST", f"exchanges/{number}/moves", body)
    for warning in reply.get("warnings", ()):
        visit.session.add_notice(warning)
    status = Status(reply["status"])
    return visit.succeed(
        f"已执行：现在是「{status.zh}」",
        f"done: the status is {status.value}, {status.en}",
        visit.link("exchanges", str(number)),
    )


_E = "s/<id>/exchanges/<int(max=9223372036854775807):dispute_id>"
PAGES: tuple[Page, ...] = (
    Page("GET", _E, _show),
    Page("POST", f"{_E}/moves", _move, _show, _MAX_MOVE_BYTES),
)
