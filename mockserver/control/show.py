"""How the control API shows a world: exchanges, facts, messages, clock, accounts, sandboxes."""

from datetime import timedelta
from typing import Any

from msgspec.structs import asdict

from ..api.records import EXCHANGE, MESSAGE, View, exchange_record, message_record
from ..domain.exchange import Exchange, Fact, Message
from ..domain.ledger import Accounts
from ..domain.play import deadline, possible, rows_from
from ..domain.policies import Plan
from ..domain.vocabulary import Role
from ..protocol.json_form import plain_tree
from ..protocol.shapes import show_time
from ..world.world import World
from .problem import by_actor

__all__ = ["show_accounts", "show_clock", "show_exchange", "show_fact", "show_message", "show_sandbox"]

_FIELDS = tuple(column.field.name for column in EXCHANGE)
_MESSAGE_FIELDS = tuple(column.field.name for column in MESSAGE)


def show_exchange(world: World, exchange: Exchange, base_url: str) -> dict[str, Any]:
    """An exchange with its deadline, what is possible, its timeline, and its record as the wire shows it."""
    state = world.state
    view = View(state.choices, state.clock.aged, base_url, world.id)
    record = exchange_record(exchange, _FIELDS, "G", view)
    due = deadline(exchange, state.choices)
    return {
        "dispute_id": str(exchange.dispute_id), "status": exchange.status.value, "status_text": record["status"],
        "ruleset": exchange.ruleset.value, "shop": exchange.shop, "tid": str(exchange.tid), "oid": str(exchange.oid),
        "cs_status": exchange.cs_status.value, "created": record["created"], "modified": record["modified"],
        "deadline": None if due is None else view.time(due), "possible": by_actor(possible(exchange)),
        "timeline": [show_fact(fact, state.clock.aged) for fact in state.facts[exchange.dispute_id]],
        "exchange": record,
    }


def show_fact(fact: Fact, aged: timedelta) -> dict[str, Any]:
    """One move that happened; `rule` names the row."""
    return {
        "number": fact.number, "dispute_id": str(fact.dispute_id), "at": show_time(fact.at - aged),
        "by": fact.role.actor.value, "sub": fact.role is Role.SELLER_SUB, "role": fact.role.zh, "move": fact.move,
        "from": None if fact.source is None else fact.source.value, "to": fact.target.value, "rule": fact.rule,
        "stock": [asdict(entry) for entry in fact.entries], "cs_status": [status.value for status in fact.cs],
    }


def show_message(world: World, message: Message, base_url: str) -> dict[str, Any]:
    """A message as tmall.exchange.messages.get shows it, lists unwrapped."""
    view = View(world.state.choices, world.state.clock.aged, base_url, world.id)
    shown: dict[str, Any] = plain_tree(message_record(message, _MESSAGE_FIELDS, "M", view), simplify=True)
    return {**shown, "refund_id": str(message.dispute_id)}


def show_clock(world: World, limit: int) -> dict[str, Any]:
    """Mode, now, and the first `limit` of the coming deadlines with their rule, and of the robots' plans if any are set."""
    deadlines = [
        {
            "at": show_time(at), "dispute_id": str(exchange.dispute_id),
            "rule": next(row.after for row in rows_from(exchange.ruleset, exchange.status) if row.after),
        }
        for at, exchange in world.deadlines()[:limit]
    ]
    shown = {"mode": "running" if world.state.clock.running else "frozen", "now": show_time(world.now),
             "deadlines": deadlines}
    return {**shown, "planned": [_plan(plan) for plan in world.planned()[:limit]]} if world.state.robots else shown


def _plan(plan: Plan) -> dict[str, str | None]:
    return {"at": show_time(plan.at), "dispute_id": str(plan.dispute_id) if plan.dispute_id else None,
            "by": plan.party.value, "move": plan.move}


def show_accounts(world: World, sku: str, accounts: Accounts) -> dict[str, Any]:
    """The four accounts of a SKU that replies show, with its goods' name."""
    goods = next((each for each in world.state.goods.values() if each.sku_id == sku), None)
    return {
        "name": goods.name if goods else sku, "sku_id": sku, "title": goods.title if goods else "",
        "available": accounts.available, "reserved": accounts.reserved, "shipped": accounts.shipped,
        "returned": accounts.returned,
    }


def show_sandbox(world: World, base_url: str) -> dict[str, Any]:
    """How to attach to a sandbox: app, sessions, gateway, shops with their sessions and addresses."""
    with world.lock:
        return _shown_sandbox(world, base_url)


def _shown_sandbox(world: World, base_url: str) -> dict[str, Any]:
    state = world.state
    app = next(iter(state.apps.values()))
    shops = []
    for shop in state.shops.values():
        own = [session for session in state.sessions.values() if session.shop == shop.nick]
        main = next((session.token for session in own if session.role is Role.SELLER_MAIN), "")
        subs = [{"nick": s.nick, "session": s.token} for s in own if s.role is Role.SELLER_SUB]
        shops.append({
            "nick": shop.nick, "seller_id": shop.seller_id, "session": main, "subs": subs,
            "addresses": [asdict(address) for address in shop.addresses],
        })
    sub = next((session.token for session in state.sessions.values() if session.role is Role.SELLER_SUB), "")
    return {
        "id": world.id, "app_key": app.app_key, "app_secret": app.app_secret, "session": shops[0]["session"],
        "sub_session": sub, "gateway": f"{base_url}/router/rest", "ruleset": state.ruleset.value,
        "seed": state.numbers["seed"],
        "now": show_time(world.now), "shops": shops,
        "goods": {goods.name: {"sku_id": goods.sku_id, "title": goods.title} for goods in state.goods.values()},
        "snapshots": sorted(world.snapshots),
    }
