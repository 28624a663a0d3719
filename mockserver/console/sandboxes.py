"""Pages of sandboxes: the list, making one, and one's keys, snippets, snapshots and reset."""

from typing import Any

import msgspec

from ..scenario.target import ControlRefused
from ..service.control_function import sandbox_path
from ..service.serializers import serialize_sandbox, serialize_use
from .page import Page
from .snippets import render_snippets
from .visit import Answer, Redirect, View, Visit
from .world_form import build_world_form, read_world_form

__all__ = ["PAGES"]

# what the parts of a world document are in words; a part without any has its key alone
_LABELS = {
    "apps": ("应用", "applications"),
    "shops": ("店铺", "shops"),
    "subs": ("子账号", "sub-accounts"),
    "addresses": ("退货地址", "return addresses"),
    "goods": ("商品(SKU)", "goods (SKUs)"),
    "buyers": ("买家", "buyers"),
    "trades": ("订单", "trades"),
    "carriers": ("快递公司", "carriers"),
    "reasons": ("拒绝原因", "refuse reasons"),
    "rules": ("规则", "rules"),
    "quotas": ("配额", "quotas"),
}


def _list(visit: Visit) -> Answer:
    rows = []
    for world in visit.context.directory.all():
        use = serialize_use(world, visit.context.directory.uses)
        with world.unit_of_work() as work:
            rows.append(
                {
                    "id": world.id,
                    "size": use["size"],
                    "last": use["last_used"] or "",
                    "ruleset": work.view.ruleset,
                    "app_key": next(iter(work.view.apps())).app_key,
                }
            )
    typed = visit.form or {}
    form = build_world_form(typed)
    return View(
        "sandboxes",
        {
            "rows": rows,
            "typed": typed,
            "form": form,
            "places": {field.name: field for field in form.fields},
            "labels": _LABELS,
        },
    )


def _make(visit: Visit) -> Answer:
    try:
        made = visit.control("POST", "sandboxes", _read_document(visit))
    except ControlRefused as refused:
        view = _list(visit)
        assert isinstance(view, View)
        problem = refused.problem
        sentences = {
            "zh": problem.get("title", ""),
            "en": f"{problem.get('field', '')}: {problem.get('detail', '')}",
        }
        return View(view.template, {**view.values, "problem": sentences}, refused.status)
    return visit.succeed(
        f"已建立独立环境 {made['id']}",
        f"sandbox {made['id']} is made",
        f"{visit.home}/{sandbox_path(made['id']).replace('sandboxes/', 's/', 1)}",
    )


def _read_document(visit: Visit) -> dict[str, Any]:
    """Return the world document: what was typed as JSON, with the form's fields laid over it."""
    text = visit.field("document")
    try:
        document = msgspec.json.decode(text) if text else {}
    except msgspec.DecodeError as wrong:
        raise ControlRefused(
            {
                "status": 400,
                "title": "world document：不是 JSON",
                "detail": f"the world document is not JSON: {wrong}",
            }
        ) from None
    if not isinstance(document, dict):
        document = {"": document}
    for name, value in read_world_form(visit.form or {}).items():
        below = document.get(name)
        if isinstance(below, dict) and isinstance(value, dict):
            document[name] = {**below, **value}
        else:
            document[name] = value
    return document


def _overview(visit: Visit) -> Answer:
    world = visit.world
    document = serialize_sandbox(world, visit.base_url)
    return View(
        "sandbox",
        {
            "sandbox": document,
            "snippets": render_snippets(document),
            "stock": visit.ask("GET", "stock"),
        },
    )


def _reset(visit: Visit) -> Answer:
    to = visit.field("to") or "baseline"
    visit.ask("POST", "reset", {"to": to})
    return visit.succeed(f"已恢复到 {to}", f"reset to {to}", visit.link())


def _snapshot(visit: Visit) -> Answer:
    name = visit.field("name")
    visit.ask("PUT", f"snapshots/{_escape(name)}")
    return visit.succeed(f"已保存快照 {name}", f"snapshot {name} is kept", visit.link())


def _drop_snapshot(visit: Visit) -> Answer:
    name = visit.field("name")
    visit.ask("DELETE", f"snapshots/{_escape(name)}")
    return visit.succeed(f"已删除快照 {name}", f"snapshot {name} is deleted", visit.link())


def _escape(name: str) -> str:
    return sandbox_path(name).removeprefix("sandboxes/")


def _drop(visit: Visit) -> Answer:
    visit.ask("DELETE")
    name = visit.path["id"]
    return visit.succeed(f"已删除独立环境 {name}", f"sandbox {name} is deleted", visit.home)


def _set_stock(visit: Visit) -> Answer:
    available = visit.field("available")
    number = int(available) if available.isascii() and available.isdigit() else available
    visit.ask("PUT", f"stock/{_escape(visit.field('sku'))}", {"available": number})
    return visit.succeed("库存已改", "the stock is set", visit.link())


PAGES: tuple[Page, ...] = (
    Page("GET", "", _list),
    Page("POST", "make", _make),
    Page("GET", "s", lambda visit: Redirect(visit.home)),
    Page("GET", "s/<id>", _overview),
    Page("POST", "s/<id>/reset", _reset, _overview),
    Page("POST", "s/<id>/snapshot", _snapshot, _overview),
    Page("POST", "s/<id>/drop-snapshot", _drop_snapshot, _overview),
    Page("POST", "s/<id>/stock", _set_stock, _overview),
    Page("POST", "s/<id>/drop", _drop, _overview),
)
