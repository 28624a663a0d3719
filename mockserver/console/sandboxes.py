"""Pages of sandboxes: the list, making one, and one's keys, snippets, snapshots and reset."""

from typing import Any

import msgspec

from ..domain.vocabulary import Ruleset
from ..scenario.target import ControlRefused
from ..service.control_function import sandbox_path
from ..service.serializers import serialize_sandbox
from .page import Page
from .snippets import render_snippets
from .visit import Answer, Redirect, View, Visit

__all__ = ["PAGES"]

_TEXT_FIELDS = ("name", "ruleset")


def _list(visit: Visit) -> Answer:
    rows = []
    for world in visit.context.directory.all():
        with world.unit_of_work() as work:
            newest = world.journal.page({}, 1)
            rows.append(
                {
                    "id": world.id,
                    "exchanges": work.view.exchange_count,
                    "calls": newest.total,
                    "last": newest.entries[0].serialize(search=False)["real_time"]
                    if newest.entries
                    else "",
                    "ruleset": work.view.ruleset,
                    "app_key": next(iter(work.view.apps())).app_key,
                }
            )
    return View("sandboxes", {"rows": rows, "rulesets": list(Ruleset), "typed": visit.form or {}})


def _make(visit: Visit) -> Answer:
    document = _read_world_form(visit)
    try:
        made = visit.control("POST", "sandboxes", document)
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


def _read_world_form(visit: Visit) -> dict[str, Any]:
    """Return the world document of the form: its JSON, with the single fields laid over it."""
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
    for name in _TEXT_FIELDS:
        if visit.field(name):
            document[name] = visit.field(name)
    if visit.field("seed"):
        seed = visit.field("seed")
        document["seed"] = int(seed) if seed.isascii() and seed.isdigit() else seed
    if visit.field("frozen"):
        document["clock"] = {"mode": "frozen", "now": visit.field("frozen")}
    if visit.field("samples"):
        document["samples"] = True
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
