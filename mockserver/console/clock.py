"""The page of the clock: freeze, run, jump, age, and the radar of deadlines with a dry run.

A dry run makes a sandbox of its own from the present state, moves its clock, reads what fired and
deletes it; nothing in the sandbox itself changes.
"""

from typing import Any

from ..service.serializers import serialize_clock
from ..world.snapshot import write_snapshot
from .page import Page
from .visit import Answer, View, Visit

__all__ = ["PAGES"]

_MAX_DEADLINES = 50
_MAX_DRY_RUN = 2_000  # exchanges of a sandbox that is copied for a dry run


def _show(visit: Visit, **more: Any) -> View:
    world = visit.world
    with world.unit_of_work() as work:
        document = serialize_clock(world, _MAX_DEADLINES)
        total = work.view.deadline_count
    return View("clock", {"clock": document, "total": total, "would": None, **more})


def _page(visit: Visit) -> Answer:
    return _show(visit)


def _set(visit: Visit) -> Answer:
    body: dict[str, Any] = {"mode": visit.field("mode")}
    if visit.field("now"):
        body["now"] = visit.field("now")
    reply = visit.ask("POST", "clock", body)
    return _done(visit, reply)


def _advance(visit: Visit) -> Answer:
    if visit.field("dry"):
        return _dry_run(visit)
    return _done(visit, visit.ask("POST", f"clock/{_verb(visit)}", _span(visit)))


def _verb(visit: Visit) -> str:
    return "age" if visit.field("verb") == "age" else "advance"


def _span(visit: Visit) -> dict[str, str]:
    to = visit.field("to")
    return {"to": to} if to else {"by": visit.field("by")}


def _done(visit: Visit, reply: dict[str, Any]) -> Answer:
    count = len(reply["fired"])
    return visit.succeed(
        f"现在是 {reply['now']}；到期触发 {count} 次",
        f"it is {reply['now']}; {count} deadlines fired",
        visit.link("clock"),
    )


def _dry_run(visit: Visit) -> Answer:
    """Show what would fire, without making it happen."""
    world = visit.world
    with world.unit_of_work() as work:
        if work.view.exchange_count > _MAX_DRY_RUN:
            problem = {
                "zh": f"换货单多于 {_MAX_DRY_RUN} 张，不做试算；请看下面的时限列表",
                "en": f"more than {_MAX_DRY_RUN} exchanges: no dry run; see the deadlines below",
            }
            return _show(visit, problem=problem)
        document = _copy_state(visit)
    copy = visit.control("POST", "sandboxes", {"from": document})
    path = f"sandboxes/{copy['id']}"
    try:
        reply = visit.control("POST", f"{path}/clock/{_verb(visit)}", _span(visit))
    finally:
        visit.control("DELETE", path)
    return _show(visit, would=reply)


def _copy_state(visit: Visit) -> Any:
    """Return the present state as a snapshot document, under a name that is free."""
    import msgspec

    world = visit.world
    names = world.snapshot_names()
    name = next(f"dry-run-{n}" for n in range(len(names) + 1) if f"dry-run-{n}" not in names)
    try:
        return msgspec.json.decode(write_snapshot(world.snapshot(name)))
    finally:
        world.delete_snapshot(name)


PAGES: tuple[Page, ...] = (
    Page("GET", "s/<id>/clock", _page),
    Page("POST", "s/<id>/clock/set", _set, _page),
    Page("POST", "s/<id>/clock/move", _advance, _page),
)
