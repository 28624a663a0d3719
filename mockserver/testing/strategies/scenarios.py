"""Whole scenarios: random walks through the table, as files with expectations.

A walk is made on a world of its own, and the scenario says what that world did; played anywhere
else it must give the same results.  Moves that are not possible stand with their refusal.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from ...domain.durations import format_duration, parse_duration
from ...domain.errors import DomainError
from ...domain.exchange import Exchange
from ...domain.moves import Apply, Move
from ...domain.play import deadline, possible
from ...domain.vocabulary import Actor
from ...protocol.shapes import BEIJING, format_time
from ...service.problem import group_by_actor
from ...world.clock import FROZEN_AT
from ...world.directory import Directory
from ...world.document import read_world
from ...world.move_parser import ACTOR_MOVES, parse_move
from ...world.world import World
from .moves import moves
from .open_documents import applications
from .struct_documents import Document
from .values import durations, words

__all__ = ["stories"]

_MAX_EXCHANGES = 3
_MAX_STEPS = 12
_OPENING = applications(
    "status", "num", "reason", "desc", "ruleset", "title", "price", "exchange_sku", "buyer_nick"
)
_GOODS = ("wanted", "bought", "shoes")
_NOON = datetime(2026, 3, 1, 12, tzinfo=BEIJING)  # the machine's clock as the walk sees it


@st.composite
def stories(draw: DrawFn) -> Document:
    """Draw a scenario as a mapping, for `scenario(…)`, a file, or `POST S/play`; it passes."""
    world = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "clock": st.just("2026-06-01 00:00:00"),
                "ruleset": st.sampled_from(("classic", "upgraded")),
                "goods": st.fixed_dictionaries(
                    {"wanted": st.fixed_dictionaries({"stock": st.integers(0, 3)})}
                ),
                "rules": st.fixed_dictionaries({"modify_to": st.sampled_from((1, 3))}),
            },
        )
    )
    walk = _Walk(draw, world)
    walk.open()
    for _ in range(draw(st.integers(0, _MAX_STEPS))):
        draw(st.sampled_from(walk.next_steps()))(walk)
    return {
        "scenario": draw(words()).replace("$", "$$"),
        **({"given": world} if world else {}),
        "steps": _drop_unused_names(walk.steps),
    }


class _Walk:
    """A walk: the world that it is made on, and the steps so far."""

    def __init__(self, draw: DrawFn, world: Document) -> None:
        self._draw = draw
        directory = Directory(lambda: _NOON)
        self._world = World(directory, read_world({"clock": FROZEN_AT, **world}))
        self._names: dict[int, str] = {}
        self.steps: list[Document] = []

    def next_steps(self) -> "list[Callable[[_Walk], None]]":
        """Return the steps that are possible now."""
        view = self._world.view
        names = self._names
        steps: list[Callable[[_Walk], None]] = [
            _Walk.expect,
            _Walk.stock_up,
            _Walk.read,
            _Walk.try_impossible,
            _Walk.wait,
        ]
        if any(possible(view.exchange(number), view.rules, view.table) for number in names):
            steps = [_Walk.move, *steps]
        if any(deadline(view.exchange(number), view.rules, view.table) for number in names):
            steps.append(_Walk.wait_for_deadline)
        return [*steps, _Walk.open] if len(names) < _MAX_EXCHANGES else steps

    # steps

    def open(self) -> None:
        """Let a buyer apply."""
        fields = self._draw(_OPENING)
        [exchange] = self._world.open(fields)
        name = self._names[exchange.dispute_id] = f"e{len(self._names) + 1}"
        self._add(
            {
                "buyer": "apply",
                "as": name,
                **_escape_dollars(fields),
                "expect": {"status": exchange.status.value},
            }
        )

    def move(self) -> None:
        """Let somebody make a move that is possible, if stock and verdict allow it."""
        number = self._draw(
            st.sampled_from([number for number in self._names if self._possible(number)])
        )
        self._play(number, self._draw(moves(None, group_by_actor(self._possible(number)))))

    def try_impossible(self) -> None:
        """Let somebody try what is not possible, and be refused."""
        number = self._draw(st.sampled_from(list(self._names)))
        can = group_by_actor(self._possible(number))
        self._play(
            number,
            self._draw(
                st.sampled_from(
                    [
                        {"by": by.value, "move": name}
                        for by in (Actor.BUYER, Actor.SELLER, Actor.CS)
                        for name in ACTOR_MOVES[by]
                        if name != Apply.name() and name not in can.get(by.value, ())
                    ]
                )
            ),
        )

    def _play(self, number: int, drawn: Document) -> None:
        by = drawn["by"]
        name = drawn["move"]
        fields = {key: value for key, value in drawn.items() if key not in ("by", "move")}
        played = parse_move(by, name, fields, self._world.view.rules, table=self._world.view.table)
        step = {by: name, **self._on(number), **_escape_dollars(fields)}
        try:
            self._world.move(number, played.move, played.role, pictures=played.pictures)
            step["expect"] = {"status": self._of(number).status.value}
        except DomainError as refused:
            step["refused"] = refused.failure
        self._add(step)

    def wait(self) -> None:
        """Let time pass, or data get older."""
        span = self._draw(durations(most=timedelta(days=15)))
        self._pass(self._draw(st.sampled_from(("advance", "age"))), span, parse_duration(span))

    def wait_for_deadline(self) -> None:
        """Let time pass to the next deadline, or to a second before or after it."""
        [(at, _), *_] = self._world.deadlines()
        offset = timedelta(seconds=self._draw(st.sampled_from((0, -1, 1))))
        span = max(at - self._world.now + offset, timedelta())
        self._pass("advance", "next" if not offset else format_duration(span), span)

    def _pass(self, verb: str, text: str, span: timedelta) -> None:
        if verb == "age":
            self._world.age(span)
        else:
            self._world.advance(span)
        self._add({verb: text})

    def stock_up(self) -> None:
        """Set the stock of goods."""
        name = self._draw(st.sampled_from(_GOODS))
        units = self._draw(st.integers(0, 3))
        self._world.put_stock(name, units)
        self._add({"stock": {name: units}})

    def expect(self) -> None:
        """Expect something of an exchange and of the stock."""
        number = self._draw(st.sampled_from(list(self._names)))
        values = self._observe(number)
        keys = self._draw(st.lists(st.sampled_from(list(values)), min_size=1, unique=True))
        self._add({"expect": {key: values[key] for key in keys}, **self._on(number)})

    def _possible(self, number: int) -> tuple[tuple[Actor, type[Move]], ...]:
        return possible(self._of(number), self._world.view.rules, self._world.view.table)

    def _observe(self, number: int) -> Document:
        view = self._world.view
        exchange = self._of(number)
        due = deadline(exchange, view.rules, view.table)
        goods = view.goods_named("wanted")
        assert goods is not None
        accounts = view.accounts(goods.sku_id)
        return {
            "status": exchange.status.value,
            "status_text": exchange.status.zh,
            "cs_status": exchange.cs_status.value,
            "deadline": due and format_time(view.clock.show(due)),
            "due_in": due and format_duration(view.clock.show(due) - self._world.now),
            "possible": group_by_actor(self._possible(number)),
            "events": len(view.timeline(number)),
            "messages": len(view.messages(number)),
            "stock.wanted": {
                "available": accounts.available,
                "reserved": accounts.reserved,
                "shipped": accounts.shipped,
            },
            "exchanges": len(view.exchanges()),
            "now": format_time(self._world.now),
        }

    def read(self) -> None:
        """Read the exchange by a signed call."""
        number = self._draw(st.sampled_from(list(self._names)))
        params = {"dispute_id": f"${self._names[number]}", "fields": "dispute_id,status,num"}
        exchange = self._of(number)
        self._add(
            {
                "call": "tmall.exchange.get",
                "with": params,
                "expect": {
                    "result.success": True,
                    "result.exchange": {"status": exchange.status.zh, "num": exchange.num},
                },
            }
        )

    def _of(self, number: int) -> Exchange:
        return self._world.exchange(number)

    def _on(self, number: int) -> Document:
        return {"on": self._names[number]}

    def _add(self, step: Document) -> None:
        self.steps.append(step)


def _escape_dollars(value: Any) -> Any:
    """Return fields with every dollar doubled, so that their texts refer to nothing."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, dict):
        return {name: _escape_dollars(item) for name, item in value.items()}
    return [_escape_dollars(item) for item in value] if isinstance(value, list) else value


def _drop_unused_names(steps: list[Document]) -> list[Document]:
    """Return the steps without names of exchanges that no later step uses."""
    used = {step.get("on") for step in steps} | {
        step["with"]["dispute_id"].removeprefix("$") for step in steps if "with" in step
    }
    return [
        {key: value for key, value in step.items() if key != "as" or value in used}
        for step in steps
    ]
