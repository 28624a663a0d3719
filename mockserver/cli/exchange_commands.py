"""Commands about exchanges: open, move (also as `buyer`, `seller`, `cs`, `system`), list, show."""

from collections.abc import Callable, Iterable
from typing import Any

import click

from ..domain.vocabulary import Actor
from .console import Link, parse_pairs
from .localized import option
from .remote_command import Candidates, remote_command
from .views import view_exchange, view_exchanges, view_opened

__all__ = ["buyer", "cs", "list_", "move", "open_", "seller", "show", "system"]

_MOST_EXCHANGES = 20_000  # of one reply


def _list_ids(link: Link) -> list[str]:
    """Return the ids of the sandbox's exchanges, newest modified first."""
    reply = link.ask("GET", "exchanges", limit=_MOST_EXCHANGES)
    return [item["dispute_id"] for item in reply["items"]]


_CANDIDATE_EXCHANGES = Candidates("dispute_id", _list_ids)


def _names_of(reply: Any) -> Iterable[str]:
    return [item["dispute_id"] for item in reply.get("items", [reply])]


@remote_command(
    "open",
    zh="开换货单，如买家申请；k=v 是 tmall.exchange.get 的字段。",
    en="Open an exchange, as a buyer would; k=v are fields of tmall.exchange.get.",
    view=view_opened,
    names=_names_of,
)
@click.argument("fields", nargs=-1, metavar="[K=V]...")
@option("--status", default="", zh="编号或文字，默认 1", en="number or text, 1 by default")
@option("--count", type=click.IntRange(1, 20_000), default=None, zh="开几张", en="how many")
def open_(link: Link, fields: tuple[str, ...], status: str, count: int | None) -> Any:
    """Open exchanges; the reply is one exchange, or `items` where a count is given."""
    body: dict[str, object] = dict(parse_pairs(fields))
    if status:
        body["status"] = status
    if count is not None:
        body["count"] = count
    return link.ask("POST", "exchanges", body)


@remote_command(
    "list",
    zh="列出换货单，最近有变化的在前。",
    en="List exchanges, those modified last first.",
    view=view_exchanges,
    names=_names_of,
)
@option("--status", default=None, zh="只列这个状态", en="those with this status only")
@option(
    "--limit",
    type=click.IntRange(0, _MOST_EXCHANGES),
    default=50,
    zh="最多几张，默认 50",
    en="at most so many, 50 by default",
)
def list_(link: Link, status: str | None, limit: int) -> Any:
    """List exchanges."""
    return link.ask("GET", "exchanges", status=status, limit=limit)


@remote_command(
    zh="一张换货单：状态、时限、经过、各方现在可以做什么。",
    en="One exchange: status, deadline, history, what each party can do now.",
    view=view_exchange,
    candidates=_CANDIDATE_EXCHANGES,
)
@click.argument("dispute_id", metavar="ID")
def show(link: Link, dispute_id: str) -> Any:
    """Show one exchange."""
    return link.ask("GET", f"exchanges/{dispute_id}")


def _move(link: Link, actor: str, words: tuple[str, str, tuple[str, ...]], *, sub: bool) -> Any:
    """Make a move; `words` are its name, the exchange, and its fields as `k=v`."""
    name, dispute_id, fields = words
    body = {"by": actor, "move": name, **parse_pairs(fields), **({"sub": True} if sub else {})}
    return link.ask("POST", f"exchanges/{dispute_id}/moves", body)


def _make_actor_command(actor: Actor, zh: str, en: str) -> click.Command:
    """Return the command that makes moves of one actor."""

    def act(
        link: Link, move: str, dispute_id: str, fields: tuple[str, ...], sub: bool = False
    ) -> Any:
        return _move(link, actor.value, (move, dispute_id, fields), sub=sub)

    body: Callable[..., Any] = act
    if actor is Actor.SELLER:
        body = option("--sub", is_flag=True, zh="由子账号来做", en="as the sub-account")(body)
    body = click.argument("fields", nargs=-1, metavar="[K=V]...")(body)
    body = click.argument("dispute_id", metavar="ID")(body)
    body = click.argument("move", metavar="MOVE")(body)
    return remote_command(
        actor.value, zh=zh, en=en, view=view_exchange, candidates=_CANDIDATE_EXCHANGES
    )(body)


buyer = _make_actor_command(
    Actor.BUYER,
    "买家操作，例如 buyer ship_back ID；show ID 列出现在可以的。",
    "Make a move of the buyer: buyer ship_back ID; show ID lists what is possible.",
)
seller = _make_actor_command(
    Actor.SELLER,
    "卖家操作，例如 seller agree ID；被测客户端用 call 或自己的调用。",
    "Make a move of the seller: seller agree ID; a client under test calls the gateway itself.",
)
cs = _make_actor_command(
    Actor.CS, "小二操作，例如 cs step_in ID。", "Make a move of customer service: cs step_in ID."
)
system = _make_actor_command(
    Actor.SYSTEM,
    "系统操作：system expire ID，如同时限已到。",
    "Make a move of the system: system expire ID, as if the deadline had come.",
)


@remote_command(
    zh="任一方操作：move buyer ship_back ID，同 buyer ship_back ID。",
    en="Make a move of any party: move buyer ship_back ID is buyer ship_back ID.",
    view=view_exchange,
    candidates=_CANDIDATE_EXCHANGES,
)
@click.argument("actor", type=click.Choice([actor.value for actor in Actor]))
@click.argument("name", metavar="MOVE")
@click.argument("dispute_id", metavar="ID")
@click.argument("fields", nargs=-1, metavar="[K=V]...")
@option("--sub", is_flag=True, zh="卖家的子账号来做", en="as the seller's sub-account")
def move(
    link: Link, actor: str, name: str, dispute_id: str, fields: tuple[str, ...], sub: bool
) -> Any:
    """Make a move."""
    return _move(link, actor, (name, dispute_id, fields), sub=sub)
