"""What can be read about an exchange and its sandbox through the control API."""

from collections.abc import Mapping
from typing import Any

from ..domain.durations import format_duration
from ..domain.vocabulary import Status
from ..protocol.shapes import parse_time
from .matching import MISSING
from .result import ScenarioAborted
from .target import ScenarioTarget

__all__ = ["CHANNEL_PARTS", "ObservedState"]

CHANNEL_PARTS = ("pushed", "queued", "confirmed", "failed", "lost")  # of `messages` in an `expect`
# The keys of an `expect` whose values events and journal still give for an earlier moment.
_KEYS_OF_THE_PAST = ("status", "status_text", "moved_by", "events", "requests")
_LISTED_EXCHANGES = 100  # to list more costs more than to ask for each status how many there are


class ObservedState:
    """A sandbox and one of its exchanges at one moment.

    Each thing is read when needed, at most once.

    With `upto`, the number of an event, it is what the events up to that one say.
    """

    def __init__(self, target: ScenarioTarget, dispute_id: str, upto: int | None = None) -> None:
        self._target = target
        self._dispute_id = dispute_id
        self.upto = upto
        self._answers: dict[str, Any] = {}  # by path and query

    def can_observe(self, key: str) -> bool:
        """Return True if the value of an `expect` key is known for the moment `upto`."""
        return key in _KEYS_OF_THE_PAST or self.exchange is self._current_exchange

    def ask(self, path: str, **query: object) -> Any:
        """Return what the control API returns for `GET path` below the sandbox."""
        key = f"{path} {query}"
        if key not in self._answers:
            self._answers[key] = self._target.ask("GET", path, **query)
        return self._answers[key]

    @property
    def _current_exchange(self) -> Any:
        if not self._dispute_id:
            raise ScenarioAborted("还没有换货单", "there is no exchange yet")
        return self.ask(f"exchanges/{self._dispute_id}")

    @property
    def exchange(self) -> Any:
        """The exchange as the control API describes it."""
        current = self._current_exchange
        timeline = current["timeline"]
        past = [event for event in timeline if self.upto is None or event["number"] <= self.upto]
        if len(past) == len(timeline):
            return current
        status = past[-1]["to"]
        return {
            **current,
            "timeline": past,
            "status": status,
            "status_text": self.ask("rules")[f"text.{status}"],
        }

    @property
    def last_event(self) -> Any:
        """The last event of the exchange that is no message."""
        return next(
            event
            for event in reversed(self.exchange["timeline"])
            if event["move"] != "leave_message"
        )

    def list_messages(self) -> Any:
        """Return the exchange's messages, oldest first."""
        return self.ask(f"exchanges/{self._dispute_id}/messages")["items"]

    def sort_notifications(self) -> dict[str, list[Any]]:
        """Return what the message channel has about the exchange, oldest first, by its state.

        `pushed` are all that the platform has put out, whatever became of them.
        """
        items = self.ask("messages", dispute_id=self._dispute_id)["items"]
        by_state = {
            state: [item for item in items if item["state"] == state] for state in CHANNEL_PARTS[1:]
        }
        return {CHANNEL_PARTS[0]: items, **by_state}

    def get_stock(self, name: str) -> Any:
        """Return the stock accounts of goods by name or SKU id; MISSING if there are none."""
        for item in self.ask("stock")["items"]:
            if name in (item["name"], item["sku_id"]):
                return item
        return MISSING

    def count_requests(self, filters: Mapping[str, object]) -> int:
        """Return how many calls of the journal match the filters of `GET requests`."""
        return int(self.ask("requests", limit=0, **filters)["total"])

    def measure_due_in(self) -> str | None:
        """Return the duration until the deadline, e.g. `6d23h`; None if there is no deadline."""
        deadline = parse_time(self.exchange["deadline"] or "")
        now = parse_time(self.ask("clock", limit=0)["now"])
        return None if deadline is None or now is None else format_duration(deadline - now)

    def count_statuses(self) -> dict[str, int]:
        """Return how many exchanges there are: `total`, and by status number."""
        reply = self.ask("exchanges", limit=_LISTED_EXCHANGES)
        total = reply["total"]
        counts = {str(status.value): 0 for status in Status}
        if total <= _LISTED_EXCHANGES:
            for item in reply["items"]:
                counts[str(item["status"])] += 1
        else:
            for number in counts:
                counts[number] = self.ask("exchanges", status=number, limit=1)["total"]
        return {"total": total, **counts}
