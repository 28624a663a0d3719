"""Records a sandbox's history as a scenario: run in a fresh sandbox, it leads to the same states.

The sources are the sandbox's *operations* (what somebody did: open, move, set stock, change rules,
age, empty) and its *events* (what that caused, and what the system did at deadlines).  The
recording walks through the operations in order:

- Between two operations the scenario's time advances to the instant of the next one.
- An event of the system that lies between them is not done again, as its deadline does it: it is
  expected.  Every move is followed by an expectation of the status as well, so that a recording
  that leads elsewhere fails at the first difference, not at the end.
- Ageing shifts what is shown, not what happens, so it is spread over the time that passes after it.

Two things cannot be repeated exactly.  Time after the clock was set back (a scenario's time only
goes forward), and exchanges that came with a snapshot document (it holds a state, not a history).
From there on the recording leads to the same states without time: deadlines are set as far away as
possible, and what the system did is played as its moves.  A comment at the top of the file says so.

What must hold: reading the recording, running it and recording that run gives the same states;
`test_recorder.py` holds it for random histories.  Whoever adds an operation adds its writer to
`_WRITERS`.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from ..domain.durations import MAX_DURATION, format_duration
from ..domain.exchange import Event
from ..domain.moves import LeaveMessage
from ..domain.rules import DEFAULTS
from ..domain.vocabulary import CsStatus, Role
from ..protocol.shapes import format_time
from ..world.operations import (
    Aged,
    Called,
    Emptied,
    Founded,
    Moved,
    Opened,
    Operation,
    Ruled,
    Stocked,
)
from ..world.view import WorldView
from .history_writer import write_history
from .record_fields import (
    list_left_out,
    record_call,
    record_document,
    record_found_exchange,
    record_move,
    record_opening,
    record_world,
)
from .references import escape_references

__all__ = ["record_scenario"]

_DEADLINE_RULES = tuple(name for name in DEFAULTS.values if name.startswith("deadline."))
_TITLE = " 记录；凭证与个人信息不在其中 (recorded; without credentials and personal data)"
_ACCOUNTS = ("available", "reserved", "shipped", "returned")


def record_scenario(view: WorldView, now: datetime, name: str) -> str:
    """Return the text of a scenario file for the history of the sandbox `name`.

    `now` is the sandbox's inner time, which ageing does not move back.

    Raises:
        HistoryTooLong: no file can hold it.
    """
    recording = _Recording(view, now)
    recording.record()
    until = format_time(view.clock.show(now))
    document = {
        "scenario": f"独立环境 {name} 的记录",
        "about": f"What happened in sandbox {name} until {until}, as recorded.",
        "ruleset": view.ruleset.value,
        "given": recording.world,
        "steps": escape_references(recording.steps),
    }
    comments = [
        comment
        for zh, en in recording.notes.items()
        for comment in (f"未能照录：{zh}", f"not as it was: {en}")
    ]
    if recording.left_out:
        chinese, english = zip(*recording.left_out, strict=True)
        comments += [f"没有记录：{'、'.join(chinese)}", f"left out: {', '.join(english)}"]
    return write_history(document, _TITLE, comments)


def _find_last_unrecorded_event(view: WorldView) -> int:
    """Return the number of the last event that no operation of this sandbox caused."""
    first = next(iter(view.operations), None)
    return view.last_event if first is None else first.number - isinstance(first, Moved)


class _Recording:
    """A scenario in the making.

    `world`, `steps`, and `notes` (English by Chinese) about what is not exact; `left_out` (Chinese,
    English) is what the sandbox has and no recording holds.

    `_inner` is how far its time has come; `_to_age` how much of the time to come is ageing.  Once
    `_is_timeless`, no time passes.  `_unopened_ids` are the exchanges that nobody opened here, as
    they were after the event `_since`.
    """

    def __init__(self, view: WorldView, now: datetime) -> None:
        self._view = view
        self._now = now
        operations = view.operations
        self._events = view.events()
        self._places = {event.number: place for place, event in enumerate(self._events)}
        self._move_numbers = {item.number for item in operations if isinstance(item, Moved)}
        self._rule_numbers = {item.number for item in operations if isinstance(item, Ruled)}
        dispute_ids = dict.fromkeys(event.dispute_id for event in self._events)
        self._names = {dispute_id: f"e{place}" for place, dispute_id in enumerate(dispute_ids, 1)}
        opened = {
            dispute_id
            for item in operations
            if isinstance(item, Opened)
            for dispute_id in item.dispute_ids
        }
        self._unopened_ids = [dispute_id for dispute_id in self._names if dispute_id not in opened]
        self._since = _find_last_unrecorded_event(view) if self._unopened_ids else 0
        self._rules = DEFAULTS
        self._inner = operations[0].at if operations else now
        self._to_age = timedelta()
        self._aged = timedelta()
        ages = (item.by for item in operations if isinstance(item, Aged))
        self._aged_before = view.clock.aged - sum(ages, timedelta())
        self._is_timeless = False
        self._place = 0  # of the first event that may be a timeout not recorded yet
        self.world: dict[str, Any] = {}
        self.steps: list[dict[str, Any]] = []
        self.notes: dict[str, str] = {}
        self.left_out: list[tuple[str, str]] = []

    def record(self) -> None:
        """Fill `world`, `steps`, `notes` and `left_out`."""
        operations = self._view.operations
        document = next((item.document for item in operations if isinstance(item, Founded)), None)
        world = record_world(self._view) if document is None else record_document(document)
        self.world = {"clock": format_time(self._inner - self._aged_before), **world}
        self._rules = DEFAULTS.with_changes(self.world.get("rules", {}))
        if self._unopened_ids:
            self._record_found_exchanges()
        for operation in operations:
            self._record_timeouts(operation.number)
            _WRITERS[type(operation)](self, operation)
        self._record_timeouts(self._view.last_event)
        self._pass_time(self._now)
        self.steps += self._list_closing_expectations()
        self.left_out = list_left_out(self._view)

    # time

    def _pass_time(self, at: datetime) -> None:
        """Bring the scenario's time to an inner instant.

        First by what is left to age, then by advancing.
        """
        if at < self._inner and not self._is_timeless:
            self._stop_time("时钟被拨回", "the clock was set back")
        if self._is_timeless:
            return
        age = min(at - self._inner, self._to_age)
        if age:
            self.steps.append({"age": format_duration(age)})
            self._to_age -= age
            self._aged += age
        if at - self._inner > age:
            self.steps.append({"advance": format_duration(at - self._inner - age)})
        self._inner = at

    def _stop_time(self, zh: str, en: str) -> None:
        """Let no time pass from here on; what the system did is recorded as moves."""
        self._is_timeless = True
        self.notes[f"{zh}：其后不再有时间流逝，超时改为系统操作"] = (
            f"{en}: no time passes from there, timeouts are moves of the system"
        )
        longest = format_duration(MAX_DURATION)
        rules = dict.fromkeys(_DEADLINE_RULES, longest)
        self.steps.append({"rules": rules, "note": f"{zh} ({en})"})

    def _record_timeouts(self, number: int) -> None:
        """Record what the system did up to the event of this number."""
        while self._place < len(self._events) and self._events[self._place].number <= number:
            event = self._events[self._place]
            self._place += 1
            if event.role is not Role.TIMEOUT or event.number <= self._since:
                continue
            self._pass_time(event.at)
            on = self._write_name(event.dispute_id)
            expectations = self._expect_status(event)
            if self._is_timeless:
                self.steps.append({"system": event.move, **on, "expect": expectations})
            else:
                self.steps.append({"expect": {**expectations, "moved_by": "system"}, **on})

    def _expect_status(self, event: Event) -> dict[str, Any]:
        """Return the expectation of the status after an event.

        What the system did at the same instant counts as well.
        """
        target = event.target
        for place in range(self._places[event.number] + 1, len(self._events)):
            later = self._events[place]
            if (
                self._is_timeless
                or later.role is not Role.TIMEOUT
                or later.at > self._inner
                or later.number - 1 in self._rule_numbers
            ):
                break
            if later.dispute_id == event.dispute_id:
                target = later.target
        return {"status": target.value}

    # names

    def _write_name(self, dispute_id: int, key: str = "on") -> dict[str, str]:
        """Return the key that names an exchange; nothing where there is only one."""
        return {key: self._names[dispute_id]} if len(self._names) > 1 else {}

    def _name_goods(self, sku_id: str) -> str:
        goods = (goods for goods in self._view.goods() if goods.sku_id == sku_id)
        return next((item.name for item in goods), sku_id)

    def _note(self, zh: str, en: str) -> None:
        self.notes[zh] = en

    # operations

    def _record_found_exchanges(self) -> None:
        self._stop_time(
            "快照文档只有当时的状态，没有来历",
            "a snapshot document has the state, not how it came about",
        )
        for dispute_id in self._unopened_ids:
            timeline = self._view.timeline(dispute_id)
            events = tuple(event for event in timeline if event.number <= self._since)
            exchange = self._view.exchange(dispute_id)
            fields = record_found_exchange(exchange, events, self._aged_before)
            self._record_opening(dispute_id, fields, events[-1])
        stock = self._compute_first_stock()
        if stock:
            self.steps.append({"stock": stock})

    def _compute_first_stock(self) -> dict[str, int]:
        """Return the units that are available when the scenario begins, by goods.

        Goods whose stock somebody has set since are left out.
        """
        operations = self._view.operations
        was_set = {item.sku_id for item in operations if isinstance(item, Stocked)}
        units = {
            sku: accounts.available for sku, accounts in self._view.stock() if sku not in was_set
        }
        for event in self._events:
            for entry in event.entries if event.number > self._since else ():
                if entry.sku in units:
                    taken = (entry.source == "available") - (entry.target == "available")
                    units[entry.sku] += entry.num * taken
        return {self._name_goods(sku): max(count, 0) for sku, count in units.items()}

    def _record_opening(self, dispute_id: int, fields: Mapping[str, Any], last: Event) -> None:
        self.steps.append(
            {
                "buyer": "apply",
                **self._write_name(dispute_id, "as"),
                **fields,
                "expect": self._expect_status(last),
            }
        )

    def _find_last_event_of_opening(self, dispute_id: int) -> Event:
        history = takewhile(
            lambda event: event.number not in self._move_numbers and event.role is not Role.TIMEOUT,
            self._view.timeline(dispute_id),
        )
        return list(history)[-1]

    def write_founded(self, operation: Founded) -> None:
        """Write nothing: the document stands in `given`."""

    def write_opened(self, operation: Opened) -> None:
        """Write an application for each exchange that was opened."""
        self._pass_time(operation.at)
        later = operation.aged - self._aged_before - self._aged
        fields = record_opening(operation.fields, later)
        for dispute_id in operation.dispute_ids:
            last = self._find_last_event_of_opening(dispute_id)
            self._record_opening(dispute_id, fields, last)

    def write_moved(self, operation: Moved) -> None:
        """Write a move, with the status that it led to."""
        self._pass_time(operation.at)
        event = self._events[self._places[operation.number]]
        actor = event.role.actor
        sub = event.role is Role.SELLER_SUB and self._has_sub(event.dispute_id)
        pictures = self._view.pictures()
        fields = record_move(operation.move, actor, pictures, self._rules, self._note)
        is_message = isinstance(operation.move, LeaveMessage)
        self.steps.append(
            {
                actor.value: event.move,
                **self._write_name(event.dispute_id),
                **({"sub": True} if sub else {}),
                **fields,
                **({} if is_message else {"expect": self._expect_status(event)}),
            }
        )

    def write_called(self, operation: Called) -> None:
        """Write a signed call that changed a refund or a trade."""
        self._pass_time(operation.at)
        shops = [shop.nick for shop in self._view.shops()]
        self.steps.append(
            {
                "call": operation.method,
                "with": record_call(operation, self._view.pictures(), self._note),
                **({"sub": True} if operation.sub else {}),
                **({"shop": operation.shop} if operation.shop != shops[0] else {}),
            }
        )

    def _has_sub(self, dispute_id: int) -> bool:
        shop = self._view.exchange(dispute_id).shop
        return any(
            session.role is Role.SELLER_SUB and session.shop == shop
            for session in self._view.sessions()
        )

    def write_stocked(self, operation: Stocked) -> None:
        """Write the stock that was set."""
        self._pass_time(operation.at)
        self.steps.append({"stock": {self._name_goods(operation.sku_id): operation.available}})

    def write_ruled(self, operation: Ruled) -> None:
        """Write the rules that were changed, without deadlines once no time passes."""
        self._pass_time(operation.at)
        changes = {
            name: value
            for name, value in operation.patch.items()
            if not (self._is_timeless and name in _DEADLINE_RULES)
        }
        self._rules = self._rules.with_changes(changes)
        if changes:
            self.steps.append({"rules": changes})

    def write_aged(self, operation: Aged) -> None:
        """Let the time that passes next be ageing."""
        self._pass_time(operation.at)
        self._to_age += operation.by

    def write_emptied(self, operation: Emptied) -> None:
        """Write that everything was removed."""
        self.steps.append({"restore": "empty"})

    # the end

    def _list_closing_expectations(self) -> Iterator[dict[str, Any]]:
        """Yield what holds at last: every exchange, and the stock that was touched."""
        for dispute_id in self._names:
            exchange = self._view.exchange(dispute_id)
            expectations: dict[str, Any] = {"status": exchange.status.value}
            if exchange.cs_status is not CsStatus.NOT_NEEDED:
                expectations["cs_status"] = exchange.cs_status.value
            if not self._unopened_ids:
                expectations["messages"] = len(self._view.messages(dispute_id))
            yield {"expect": expectations, **self._write_name(dispute_id)}
        if not self._unopened_ids:
            entries = (entry for event in self._events for entry in event.entries)
            skus = dict.fromkeys(entry.sku for entry in entries)
            if skus:
                stock = {f"stock.{self._name_goods(sku)}": self._list_accounts(sku) for sku in skus}
                yield {"expect": stock}
        if not self.steps and not self._names:
            yield {"expect": {"exchanges": 0}}

    def _list_accounts(self, sku: str) -> dict[str, int]:
        accounts = self._view.accounts(sku)
        return {name: getattr(accounts, name) for name in _ACCOUNTS}


_WRITERS: Mapping[type[Operation], Callable[..., None]] = {
    Founded: _Recording.write_founded,
    Opened: _Recording.write_opened,
    Moved: _Recording.write_moved,
    Called: _Recording.write_called,
    Stocked: _Recording.write_stocked,
    Ruled: _Recording.write_ruled,
    Aged: _Recording.write_aged,
    Emptied: _Recording.write_emptied,
}
