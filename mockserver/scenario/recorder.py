"""Tells a sandbox's history as a story: played on a fresh sandbox, it leads to the same states.

Deeds are told in order, time passes between them, and what the system did at deadlines is expected, not
played.  What cannot be told exactly is told so that it leads to the same states, and named in a comment at
the top: time after a clock was set back, exchanges that came with a snapshot document.
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
from ..protocol.shapes import show_time
from ..version import __version__
from ..world.operations import Aged, Emptied, Founded, Moved, Opened, Operation, Ruled, Stocked
from ..world.view import WorldView
from .record_fields import document_given, move_fields, opening_fields, standing_fields, state_given
from .references import escape_references
from .yaml_text import MAX_FILE_BYTES, MAX_NODES
from .yaml_writer import write_yaml

__all__ = ["HistoryTooLong", "record_scenario"]

_DEADLINES = tuple(name for name in DEFAULTS.values if name.startswith("deadline."))


class HistoryTooLong(Exception):
    """A history that no story file can hold."""

    def __init__(self, steps: int) -> None:
        self.zh = f"历史有 {steps} 步，超过一个场景文件能容纳的(1 MiB、{MAX_NODES} 个值)；重置后重做要记录的部分"
        self.en = f"the history has {steps} steps, more than a story file can hold (1 MiB, {MAX_NODES} values); reset, and do again what is to be recorded"
        super().__init__(f"{self.zh} ({self.en})")


def record_scenario(view: WorldView, now: datetime, name: str) -> str:
    """The text of a scenario file for the history of the sandbox `name`; `now` is inner.

    Raises:
        TooLong: no file can hold it.
    """
    teller = _Teller(view, now)
    teller.tell()
    story = {
        "scenario": f"独立环境 {name} 的记录",
        "about": f"What happened in sandbox {name} until {show_time(view.clock.shown(now))}, as recorded.",
        "ruleset": view.ruleset.value,
        "given": teller.given,
        "steps": escape_references(teller.steps),
    }
    notes = "".join(f"# 未能照录：{zh}\n# not as it was: {en}\n" for zh, en in teller.notes.items())
    text = f"# tmall-mockserver {__version__} 记录；凭证与个人信息不在其中 (recorded; without credentials and personal data)\n{notes}{write_yaml(story)}"
    if len(text.encode()) > MAX_FILE_BYTES or _nodes(story) > MAX_NODES:
        raise HistoryTooLong(len(teller.steps))
    return text


def _nodes(value: Any) -> int:
    """How many values, keys included, a reader of the text meets."""
    if isinstance(value, Mapping):
        return 1 + sum(1 + _nodes(each) for each in value.values())
    return 1 + sum(map(_nodes, value)) if isinstance(value, list) else 1


def _since(view: WorldView) -> int:
    """The last fact that no deed of this sandbox tells of."""
    first = next(iter(view.operations), None)
    return view.last_event if first is None else first.number - isinstance(first, Moved)


class _Teller:
    """A story in the making.

    `_inner` is how far its time has come, `_to_age` how much of that to come is ageing; once `_timeless`, none
    passes.  `_found` are exchanges that nobody opened here, as they were after the fact `_since`.
    """

    def __init__(self, view: WorldView, now: datetime) -> None:
        self._view, self._now = view, now
        self._facts = view.events()
        self._places = {event.number: place for place, event in enumerate(self._facts)}
        self._moved = {deed.number for deed in view.operations if isinstance(deed, Moved)}
        self._ruled = {deed.number for deed in view.operations if isinstance(deed, Ruled)}
        self._names = {event.dispute_id: "" for event in self._facts}
        for place, dispute_id in enumerate(self._names, 1):
            self._names[dispute_id] = f"e{place}"
        opened = {
            each
            for deed in view.operations
            if isinstance(deed, Opened)
            for each in deed.dispute_ids
        }
        self._found = [number for number in self._names if number not in opened]
        self._since = _since(view) if self._found else 0
        self._choices = DEFAULTS
        self._inner = view.operations[0].at if view.operations else now
        self._to_age = self._aged = timedelta()
        self._base = view.clock.aged - sum(
            (deed.by for deed in view.operations if isinstance(deed, Aged)), timedelta()
        )
        self._timeless = False
        self._place = 0  # of the first fact that may be a timeout not told yet
        self.given: dict[str, Any] = {}
        self.steps: list[dict[str, Any]] = []
        self.notes: dict[str, str] = {}

    def tell(self) -> None:
        """All of it: given, steps, notes."""
        founded = next(
            (deed.document for deed in self._view.operations if isinstance(deed, Founded)), None
        )
        world = state_given(self._view) if founded is None else document_given(founded)
        self.given = {"clock": show_time(self._inner - self._base), **world}
        self._choices = DEFAULTS.with_changes(self.given.get("rules", {}))
        if self._found:
            self._tell_found()
        for deed in self._view.operations:
            self._tell_timeouts(deed.number)
            TELLERS[type(deed)](self, deed)
        self._tell_timeouts(self._view.last_event)
        self._go(self._now)
        self.steps += self._ending()

    # time

    def _go(self, at: datetime) -> None:
        """The story's time comes to an inner instant: first what is left to age, then by advancing."""
        if at < self._inner and not self._timeless:
            self._stop("时钟被拨回", "the clock was set back")
        if self._timeless:
            return
        by = min(at - self._inner, self._to_age)
        if by:
            self.steps.append({"age": format_duration(by)})
            self._to_age, self._aged = self._to_age - by, self._aged + by
        if at - self._inner > by:
            self.steps.append({"advance": format_duration(at - self._inner - by)})
        self._inner = at

    def _stop(self, zh: str, en: str) -> None:
        """From here on no time passes in the story, and what the system did is played."""
        self._timeless = True
        self.notes[f"{zh}：其后不再有时间流逝，超时改为系统操作"] = (
            f"{en}: no time passes from there, timeouts are moves of the system"
        )
        self.steps.append(
            {
                "rules": dict.fromkeys(_DEADLINES, format_duration(MAX_DURATION)),
                "note": f"{zh} ({en})",
            }
        )

    def _tell_timeouts(self, number: int) -> None:
        """What the system did up to the fact of this number."""
        while self._place < len(self._facts) and self._facts[self._place].number <= number:
            event = self._facts[self._place]
            self._place += 1
            if event.role is not Role.TIMEOUT or event.number <= self._since:
                continue
            self._go(event.at)
            if self._timeless:
                self.steps.append(
                    {
                        "system": event.move,
                        **self._on(event.dispute_id),
                        "expect": self._standing(event),
                    }
                )
            else:
                self.steps.append(
                    {
                        "expect": {**self._standing(event), "moved_by": "system"},
                        **self._on(event.dispute_id),
                    }
                )

    def _standing(self, event: Event) -> dict[str, Any]:
        """The status after a fact, and after what the system did at the same instant."""
        target = event.target
        for place in range(self._places[event.number] + 1, len(self._facts)):
            later = self._facts[place]
            if (
                self._timeless
                or later.role is not Role.TIMEOUT
                or later.at > self._inner
                or later.number - 1 in self._ruled
            ):
                break
            if later.dispute_id == event.dispute_id:
                target = later.target
        return {"status": target.value}

    # names

    def _on(self, dispute_id: int, key: str = "on") -> dict[str, str]:
        return {key: self._names[dispute_id]} if len(self._names) > 1 else {}

    def _goods(self, sku_id: str) -> str:
        return next((goods.name for goods in self._view.goods() if goods.sku_id == sku_id), sku_id)

    def _note(self, zh: str, en: str) -> None:
        self.notes[zh] = en

    # deeds

    def _tell_found(self) -> None:
        self._stop(
            "快照文档只有当时的状态，没有来历",
            "a snapshot document has the state, not how it came about",
        )
        for dispute_id in self._found:
            events = tuple(
                event for event in self._view.timeline(dispute_id) if event.number <= self._since
            )
            fields = standing_fields(self._view.exchange(dispute_id), events, self._base)
            self._opened(dispute_id, fields, events[-1])
        shelf = self._shelf()
        if shelf:
            self.steps.append({"stock": shelf})

    def _shelf(self) -> dict[str, int]:
        """What was available when the story begins, of the goods whose stock only moves have changed since."""
        put = {deed.sku_id for deed in self._view.operations if isinstance(deed, Stocked)}
        left = {sku: accounts.available for sku, accounts in self._view.stock() if sku not in put}
        for event in self._facts:
            for entry in event.entries if event.number > self._since else ():
                if entry.sku in left:
                    left[entry.sku] += entry.num * (
                        (entry.source == "available") - (entry.target == "available")
                    )
        return {self._goods(sku): max(units, 0) for sku, units in left.items()}

    def _opened(self, dispute_id: int, fields: Mapping[str, Any], last: Event) -> None:
        self.steps.append(
            {
                "buyer": "apply",
                **self._on(dispute_id, "as"),
                **fields,
                "expect": self._standing(last),
            }
        )

    def _last_of_opening(self, dispute_id: int) -> Event:
        history = takewhile(
            lambda event: event.number not in self._moved and event.role is not Role.TIMEOUT,
            self._view.timeline(dispute_id),
        )
        return [*history][-1]

    def founded(self, deed: Founded) -> None:
        """Told as `given`."""

    def opened(self, deed: Opened) -> None:
        self._go(deed.at)
        fields = opening_fields(deed.given, deed.aged - self._base - self._aged)
        for dispute_id in deed.dispute_ids:
            self._opened(dispute_id, fields, self._last_of_opening(dispute_id))

    def moved(self, deed: Moved) -> None:
        self._go(deed.at)
        event = self._facts[self._places[deed.number]]
        actor, sub = (
            event.role.actor,
            event.role is Role.SELLER_SUB and self._has_sub(event.dispute_id),
        )
        fields = move_fields(deed.move, actor, self._view.pictures(), self._choices, self._note)
        quiet = isinstance(deed.move, LeaveMessage)
        self.steps.append(
            {
                actor.value: event.move,
                **self._on(event.dispute_id),
                **({"sub": True} if sub else {}),
                **fields,
                **({} if quiet else {"expect": self._standing(event)}),
            }
        )

    def _has_sub(self, dispute_id: int) -> bool:
        shop = self._view.exchange(dispute_id).shop
        return any(
            each.role is Role.SELLER_SUB and each.shop == shop for each in self._view.sessions()
        )

    def stocked(self, deed: Stocked) -> None:
        self._go(deed.at)
        self.steps.append({"stock": {self._goods(deed.sku_id): deed.available}})

    def ruled(self, deed: Ruled) -> None:
        self._go(deed.at)
        patch = {
            name: value
            for name, value in deed.patch.items()
            if not (self._timeless and name in _DEADLINES)
        }
        self._choices = self._choices.with_changes(patch)
        if patch:
            self.steps.append({"rules": patch})

    def aged(self, deed: Aged) -> None:
        self._go(deed.at)
        self._to_age += deed.by

    def emptied(self, deed: Emptied) -> None:
        self.steps.append({"restore": "empty"})

    # the end

    def _ending(self) -> Iterator[dict[str, Any]]:
        """What holds at last: every exchange, and the stock that was touched."""
        for dispute_id in self._names:
            exchange = self._view.exchange(dispute_id)
            wanted: dict[str, Any] = {"status": exchange.status.value}
            if exchange.cs_status is not CsStatus.NOT_NEEDED:
                wanted["cs_status"] = exchange.cs_status.value
            if not self._found:
                wanted["messages"] = len(self._view.messages(dispute_id))
            yield {"expect": wanted, **self._on(dispute_id)}
        entries = (
            {}
            if self._found
            else dict.fromkeys(entry.sku for event in self._facts for entry in event.entries)
        )
        if entries:
            yield {"expect": {f"stock.{self._goods(sku)}": self._accounts(sku) for sku in entries}}
        if not self.steps and not self._names:
            yield {"expect": {"exchanges": 0}}

    def _accounts(self, sku: str) -> dict[str, int]:
        accounts = self._view.accounts(sku)
        return {
            name: getattr(accounts, name)
            for name in ("available", "reserved", "shipped", "returned")
        }


TELLERS: Mapping[type[Operation], Callable[..., None]] = {
    Founded: _Teller.founded,
    Opened: _Teller.opened,
    Moved: _Teller.moved,
    Stocked: _Teller.stocked,
    Ruled: _Teller.ruled,
    Aged: _Teller.aged,
    Emptied: _Teller.emptied,
}
