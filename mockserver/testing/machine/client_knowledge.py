"""What a client could know: the base on which the checks judge it.

The model.  A client sees the sandbox through replies alone.  So a check never compares what the
client did with what *is*, but with what it was *shown*.  Five things follow from its calls:

- Looks.  A reply that arrived undisturbed and shows the status of an exchange is a look at it, and
  so is the reply to a successful write.  Of each exchange the last look is kept, as the number of
  the sandbox's last event at that time.  A move that was possible in any status which the exchange
  has had since that look is no mistake: it became illegal behind the client's back.
- Answered rounds.  A round counts as a chance to work only if the platform answered every call of
  it: no planned fault, no error of the platform's own, no ban that a reply named and that lasts.
  The round after a disturbed one does not count either: it is needed to look what came of
  the lost calls.
- Shops.  An exchange of a shop whose session the client never uses is somebody else's.
- Messages.  What a client that goes by the message channel could know of a change is in
  `message_knowledge.py`.
- Unseen exchanges.  One that no answered round has shown since it changed may still be on its way
  to the client (a list that lags, a nightly batch that reads yesterday).  It is the client's
  business only when a day has passed.  Two things can hide a change from an honest client for
  ever, and what they hid is not judged until a reply shows it or it changes again: a read of an old
  state, and two disturbed lists in one round.  After one the client finds the row, for it reads
  until two passes agree; after two, both passes may agree and miss it.

A check would rather miss a mistake than accuse a client that made none.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import cast

from ...api.declaration import split_field_names
from ...api.methods import METHODS
from ...domain.exchange import Event
from ...domain.moves import LeaveMessage
from ...domain.vocabulary import Actor, Status
from ...review.lint_flow import read_ban
from ...review.review_findings import decode_call
from ...world.faults.fault_matching import Fault
from ...world.faults.fault_types import Effect
from ...world.journal import Entry
from ...world.real_clock import monotonic_seconds
from ...world.world import World
from ..teardown_checks import STATE_FAILURES
from .local_server import RecordedCall, read_body
from .message_knowledge import MessageKnowledge

__all__ = ["ClientKnowledge"]

_FIRST_CODE_OF_CALLER = 20  # lower codes are the platform's own.  docs/spec/top-protocol.md#top-4
_MAX_LAG = timedelta(minutes=1)  # in a list; what lags longer may be lost to an honest client
_UNSEEN_FOR = timedelta(days=1)
_STALE = "stale_read"
_LIST_FAULTS = frozenset({"moving_rows", "late_rows", "clock_skew", "same_second", "exclusive_end"})
_BEARABLE = 1  # disturbed lists in a round


class ClientKnowledge:
    """What the client of one run was shown, call by call.

    `answered_rounds` are those in a row that the platform answered, since anything happened;
    `excused` the request ids of moves that became illegal after the client's last look;
    `unsure_writes` the methods, by dispute id, whose reply did not arrive and after which the
    client has not looked.
    """

    def __init__(
        self, world: World, *, ages: bool = False, channels: Collection[str] = ("queries",)
    ) -> None:
        self.answered_rounds = 0
        self.excused: set[str] = set()
        self.unsure_writes: dict[int, str] = {}
        self._world = world
        self._ages = ages
        self._channels = channels
        self._messages = MessageKnowledge(world)
        # Those that the client works for: the first, and any whose session it has used.
        self._shops = {next(iter(world.view.shops())).nick}
        self._looks: dict[int, int] = {}  # by dispute id, the sandbox's last event at the look
        self._latest_looks: dict[int, int] = {}  # those of the latest round
        self._answered_looks: dict[int, int] = {}  # those of answered rounds
        self._happened = self._find_now()  # inner; when anything happened last
        self._hidden: dict[int, int] = {}  # the same of a read that hid a change
        self._banned_until = 0.0  # as `monotonic_seconds()` counts
        self._is_disturbed = False  # the latest round

    def start_counting(self) -> None:
        """Begin a new count of answered rounds: something has happened."""
        self.answered_rounds = 0
        self._happened = self._find_now()

    def record_round(self, calls: Iterable[RecordedCall], *, began: float, changed: bool) -> None:
        """Take in a round of the client, its calls in the order of their replies.

        `began` is when it began (`monotonic_seconds()`), `changed` whether an exchange has moved.
        """
        self._latest_looks.clear()
        disturbed = began < self._banned_until
        disturbed_lists = 0
        for call in calls:
            disturbed = self._record_call(call) or disturbed
            disturbed_lists += call.disturbed_by is not None and (
                call.disturbed_by.kind in _LIST_FAULTS
            )
        if disturbed_lists > _BEARABLE:
            self._hide_changes(self._world.view.last_event)
        if not disturbed:
            self._answered_looks |= self._latest_looks
        self._looks |= self._latest_looks
        if changed:
            self.answered_rounds = 0
        elif not disturbed and not self._is_disturbed:
            self.answered_rounds += 1
        self._is_disturbed = disturbed

    def could_act_on(self, dispute_id: int) -> bool:
        """Return True if the client had its chance to notice the exchange's latest change."""
        if self._world.view.exchange(dispute_id).shop not in self._shops:
            return False
        change = self._find_last_change(dispute_id)
        visible_from = change.at
        # Who goes by messages comes back when one comes again, or by the clock: not every round.
        is_hidden = self._hidden.get(dispute_id, 0) >= change.number
        if "messages" in self._channels:
            if not is_hidden and self._messages.tells_of(dispute_id, change):
                return True
            visible_from = max(change.at, self._happened)
        elif self._answered_looks.get(dispute_id, 0) >= change.number:
            return True
        if "queries" not in self._channels or is_hidden:
            return False
        if self._ages:  # what gets older leaves the windows of a client by its own clock
            return False
        # A list that moves may show the change later than it was: before that nobody can see it.
        modified = self._world.view.read_exchange(dispute_id, "").modified
        return self._find_now() - max(visible_from, modified) >= _UNSEEN_FOR

    def _find_now(self) -> datetime:
        return self._world.view.clock.inner(self._world.directory.real())

    def list_done_messages(self) -> frozenset[int]:
        """Return the numbers of the messages that are done with; the queue shrinks by them."""
        return self._messages.list_done()

    def has_unseen(self, dispute_ids: Iterable[int]) -> bool:
        """Return True if any of the exchanges is not yet the client's business."""
        return not all(map(self.could_act_on, dispute_ids))

    def _record_call(self, call: RecordedCall) -> bool:
        """Take in a call; return True if the platform did not answer it as it should."""
        failure = call.failure
        session = self._world.view.session(call.call.texts.get("session", ""))
        if session is not None:
            self._shops.add(session.shop)
        self._record_write(call)
        if failure is not None:
            self._record_failure(call, failure)
            if failure.outcome == "refused" and failure.code < _FIRST_CODE_OF_CALLER:
                return True
        if call.disturbed_by is not None:
            self._record_hidden(call, call.disturbed_by)
            self._record_attempt(call)
            return True
        if failure is None:
            self._record_look(call)
        return False

    def _record_write(self, call: RecordedCall) -> None:
        """Note whether the client knows what came of a write; messages do not count."""
        texts = call.call.texts
        method = METHODS.get(texts.get("method", ""))
        dispute_id = texts.get("dispute_id", "")
        if method is None or method.move in (None, LeaveMessage) or not dispute_id.isdigit():
            return
        if not self._world.view.has_exchange(int(dispute_id)):
            return
        fault, failure = call.disturbed_by, call.failure
        is_lost = (
            fault is not None and fault.declared.loses and fault.declared.effect is not Effect.TWICE
        )
        if is_lost or (failure is not None and failure.sub_code.startswith("isp.")):
            self.unsure_writes[int(dispute_id)] = method.name
        else:
            self.unsure_writes.pop(int(dispute_id), None)

    def _record_failure(self, call: RecordedCall, failure: Entry) -> None:
        seconds = read_ban(decode_call(failure)) or 0
        self._banned_until = max(self._banned_until, monotonic_seconds() + seconds)
        if failure.rule.startswith(STATE_FAILURES) and self._became_illegal(call, failure):
            self.excused.add(call.request_id)

    def _became_illegal(self, call: RecordedCall, failure: Entry) -> bool:
        """Return True if the move was possible in a status since the client's last look."""
        method = METHODS[failure.method]
        dispute_id = int(failure.dispute_id)
        exchange = self._world.view.exchange(dispute_id)
        table = self._world.view.table
        return any(
            row.by is Actor.SELLER and row.move is method.move
            for status in self._list_statuses(dispute_id, call)
            for row in table.rows_by_status[exchange.ruleset, status]
        )

    def _list_statuses(self, dispute_id: int, call: RecordedCall) -> set[Status]:
        """Return the statuses that the exchange has had from the last look to the call."""
        look = self._latest_looks.get(dispute_id, self._looks.get(dispute_id, 0))
        events = [
            event
            for event in self._world.view.timeline(dispute_id)
            if event.number <= call.last_event
        ]
        at_look = [event.target for event in events if event.number <= look][-1:]
        return {*at_look, *(event.target for event in events if event.number > look)}

    def _record_look(self, call: RecordedCall) -> None:
        """Note which exchanges the reply shows, with their status."""
        texts = call.call.texts
        method = METHODS.get(texts.get("method", ""))
        if method is None:
            return
        for number, event in self._messages.record_call(call).items():
            before = self._latest_looks.get(number, self._looks.get(number, 0))
            self._latest_looks[number] = max(before, event)
        if method.move is not None:
            dispute_id = texts.get("dispute_id", "")
            if dispute_id.isdigit():
                self._latest_looks[int(dispute_id)] = call.last_event
        elif method.query in ("exchange", "exchanges"):
            fields = split_field_names(texts.get("fields", ""))
            if fields and "status" not in fields:
                return
            if "dispute_status_array" in texts:  # what it does not list has another status
                self.unsure_writes.clear()
            text = _read_answer(call)
            for exchange in self._world.view.exchanges():
                if str(exchange.dispute_id) in text:
                    self._latest_looks[exchange.dispute_id] = call.first_event
                    self.unsure_writes.pop(exchange.dispute_id, None)

    def _record_hidden(self, call: RecordedCall, fault: Fault) -> None:
        """Note what a read may have hidden for longer than an honest client bears.

        After a read of an old state the client may believe in any status from then on.
        """
        if fault.kind == _STALE or _find_lag(fault) > _MAX_LAG:
            self._hide_changes(call.last_event)
        if fault.kind == _STALE:
            text = _read_answer(call)
            for exchange in self._world.view.exchanges():
                if str(exchange.dispute_id) in text:
                    self._latest_looks[exchange.dispute_id] = 0
                    self._answered_looks.pop(exchange.dispute_id, None)

    def _record_attempt(self, call: RecordedCall) -> None:
        """Note what the client has looked up, though a fault made the reply an old one."""
        if call.failure is None and not call.is_reply_lost:
            text = _read_answer(call)
            for dispute_id in list(self.unsure_writes):
                if str(dispute_id) in text:
                    del self.unsure_writes[dispute_id]

    def _hide_changes(self, last_event: int) -> None:
        for exchange in self._world.view.exchanges():
            self._hidden[exchange.dispute_id] = last_event

    def _find_last_change(self, dispute_id: int) -> Event:
        """Return the event by which the exchange came to its status."""
        events = self._world.view.timeline(dispute_id)
        return next(event for event in reversed(events) if event.source is not event.target)


def _read_answer(call: RecordedCall) -> str:
    """Return the reply's text with the id that was asked for, which `fields` may leave out."""
    return f"{call.call.texts.get('dispute_id', '')} {read_body(call)}"


def _find_lag(fault: Fault) -> timedelta:
    """Return how far a list is behind, or its instants are off."""
    if fault.kind == "late_rows":
        return cast("timedelta", fault["by"])
    if fault.kind == "clock_skew":
        return timedelta(seconds=abs(fault.number("seconds")))
    return timedelta()
