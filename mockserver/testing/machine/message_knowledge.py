"""What a client could know from the platform's message channel.

The model.  A message tells of a change from the moment at which the client can take it.  These
things keep it from the client: a row of the table may fire no topic; what was taken and not
confirmed, be it that the reply was lost, comes again only after the rule `message_redelivery`; what
waits longer than the rule `message_retention` is forgotten.  A planned fault may lose it or hold it
back.  So a change that no message of the queue tells of now, and none that the client has
confirmed, is not held against a client that listens and asks for nothing.
"""

from collections.abc import Mapping
from types import MappingProxyType

from ...domain.exchange import Event
from ...world.notifications import DeliveryState, Notification
from ...world.world import World
from .local_server import RecordedCall, read_body

__all__ = ["MessageKnowledge"]

_TAKE = "taobao.tmc.messages.consume"


class MessageKnowledge:
    """Which messages of the channel the client of one run has got, call by call."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._taken: set[int] = set()  # numbers of the messages in replies that arrived
        self._done: dict[int, Notification] = {}  # by number, those of them that it confirmed

    def record_call(self, call: RecordedCall) -> Mapping[int, int]:
        """Take in a call that the platform answered.

        Return, by dispute id, the sandbox's last event before the message that the reply shows.
        """
        if call.call.texts.get("method") != _TAKE:
            return MappingProxyType({})
        body = read_body(call)
        looks: dict[int, int] = {}
        for message in self._world.view.notifications():
            if message.dispute_id and str(message.number) in body:
                self._taken.add(message.number)
                looks[message.dispute_id] = self._find_event_before(message)
        return looks

    def tells_of(self, dispute_id: int, change: Event) -> bool:
        """Return True if the client is done with a message of the change, or can take one now.

        One that it has taken and not confirmed is on its way to it again.
        """
        waiting = filter(self._can_be_taken, self._world.view.notifications())
        return any(
            message.dispute_id == dispute_id and self._is_about(message, change)
            for message in (*self._done.values(), *waiting)
        )

    def list_done(self) -> frozenset[int]:
        """Return the numbers of the messages that the client has confirmed or given up."""
        done = [
            message
            for message in self._world.view.notifications()
            if message.state in (DeliveryState.CONFIRMED, DeliveryState.FAILED)
        ]
        self._done |= {message.number: message for message in done if message.number in self._taken}
        return frozenset(message.number for message in done)

    def _is_about(self, message: Notification, change: Event) -> bool:
        """Return True if the message was sent for the change or later; the clock may stand."""
        row = self._world.view.table.rows_by_name[change.rule]
        topics = {firing.topic.name for firing in row.fires}
        return message.published > change.at or (
            message.published == change.at and message.topic in topics
        )

    def _can_be_taken(self, message: Notification) -> bool:
        view = self._world.view
        first_app = next(iter(view.apps()))
        if message.app_key != first_app.app_key or message.state is not DeliveryState.QUEUED:
            return False
        now = view.clock.inner(self._world.directory.real())
        if message.held is not None and message.held > now:
            return False
        again_after = view.rules.duration("message_redelivery")
        return message.delivered is None or now - message.delivered >= again_after

    def _find_event_before(self, message: Notification) -> int:
        events = self._world.view.timeline(message.dispute_id)
        return max((event.number for event in events if event.at < message.published), default=0)
