"""The verbs of a sandbox's message channel (TMC), for doors that hold its unit of work.

What the channel does and why stands in outbox.py; here a door finds it as methods of one value.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from . import outbox
from .notifications import DEFAULT_GROUP, DeliveryState, MessageGroup, Notification, Subscription
from .state import State

__all__ = ["Channel"]


class Channel(Struct, frozen=True):
    """The channel within one unit of work; `now` is inner, `real` the machine's instant."""

    state: State
    now: datetime
    real: datetime

    def has_group(self, app_key: str, group: str) -> bool:
        """Return True if the app has this queue; every app has `default`."""
        return outbox.has_group(self.state, app_key, group)

    def take(self, app_key: str, group: str, limit: int) -> list[Notification]:
        """Return at most `limit` messages to send now, and count them as sent; see outbox.py."""
        return outbox.take(self.state, app_key, group, limit, now=self.now, real=self.real)

    def confirm(self, app_key: str, group: str, numbers: Iterable[int]) -> list[int]:
        """Confirm messages of the queue; return the numbers that are not in it."""
        return outbox.confirm(self.state, app_key, group, numbers)

    def fail(self, app_key: str, group: str, numbers: Iterable[int], error: str) -> list[int]:
        """Note that a client failed to process these; return the numbers that are not in it."""
        return outbox.fail(self.state, app_key, group, numbers, error)

    def resend(self, number: int) -> Notification | None:
        """Let a message be sent again at once; None: there is none with this number."""
        return outbox.resend(self.state, number)

    def find(self, number: int) -> Notification | None:
        """Return the message with this number."""
        return self.state.outbox.get(number)

    def notifications(self) -> Sequence[Notification]:
        """Return all that are kept, oldest first."""
        return tuple(self.state.outbox.values())

    @property
    def count(self) -> int:
        """How many messages are kept."""
        return len(self.state.outbox)

    @property
    def waiting_count(self) -> int:
        """How many of all queues are neither confirmed nor failed."""
        return self.state.queues.count

    @property
    def group_names(self) -> tuple[str, ...]:
        """The names of all apps' queues, each once, the default one first."""
        names = (group.name for group in self.state.message_groups.values())
        return tuple(dict.fromkeys((DEFAULT_GROUP, *names)))

    def waiting(self, app_key: str, group: str) -> int:
        """Return how many of the queue are neither confirmed nor failed."""
        queues = self.state.queues
        numbers = queues.held, queues.fresh, queues.sent
        return sum(len(part(app_key, group)) for part in numbers)

    def content(self, notification: Notification) -> str:
        """Return the JSON text of a message, with instants as the sandbox shows them now."""
        return outbox.render_content(notification, self.state.clock.aged)

    @property
    def retention(self) -> timedelta:
        """How long a message is kept, by the sandbox's rule."""
        return self.state.rules.duration("message_retention")

    def show(self, instant: datetime) -> datetime:
        """Return an inner instant as users see it."""
        return self.state.clock.show(instant)

    def publish(
        self, *, app_key: str, shop: str, topic: str, content: str, group: str = ""
    ) -> Notification:
        """Put what an app produces into its own queue and return it."""
        return outbox.publish_content(
            self.state,
            app_key=app_key,
            shop=shop,
            topic=topic,
            content=content,
            at=self.now,
            publisher=app_key,
            group=group,
        )

    # who gets what

    def group_of(self, app_key: str, shop: str) -> str:
        """Return the queue of the messages about a shop whose topics are in no group."""
        return outbox.choose_group(self.state, app_key, shop, "")

    def subscription(self, app_key: str, shop: str) -> Subscription:
        """Return what the app gets about the shop: all topics, unless that was changed."""
        return outbox.find_subscription(self.state, app_key, shop)

    def subscribe(
        self, app_key: str, shop: str, topics: tuple[str, ...] | None, *, valid: bool = True
    ) -> Subscription:
        """Replace what the app gets about the shop (None: all topics) and return it."""
        before = self.subscription(app_key, shop)
        changed = replace(
            before,
            topics=topics,
            valid=valid,
            created=before.created or self.now,
            modified=self.now,
        )
        self.state.subscriptions[app_key, shop] = changed
        return changed

    def groups(self, app_key: str) -> list[MessageGroup]:
        """Return the app's groups besides the default one, in the order in which they were made."""
        return [group for group in self.state.message_groups.values() if group.app_key == app_key]

    def extend_group(
        self, app_key: str, name: str, *, nicks: Iterable[str] = (), topics: Iterable[str] = ()
    ) -> MessageGroup:
        """Add shops or topics to a group, made if it is new; each is in one group only."""
        nicks, topics = tuple(nicks), tuple(topics)
        groups = self.state.message_groups
        for other in self.groups(app_key):
            self.shrink_group(app_key, other.name, nicks=nicks, topics=topics)
        group = groups.get((app_key, name)) or MessageGroup(
            app_key=app_key, name=name, created=self.now
        )
        groups[app_key, name] = group = replace(
            group,
            nicks=tuple(dict.fromkeys((*group.nicks, *nicks))),
            topics=tuple(dict.fromkeys((*group.topics, *topics))),
        )
        return group

    def shrink_group(
        self, app_key: str, name: str, *, nicks: Iterable[str] = (), topics: Iterable[str] = ()
    ) -> None:
        """Take shops and topics out of a group, which stays."""
        group = self.state.message_groups[app_key, name]
        gone = {*nicks, *topics}
        self.state.message_groups[app_key, name] = replace(
            group,
            nicks=tuple(nick for nick in group.nicks if nick not in gone),
            topics=tuple(topic for topic in group.topics if topic not in gone),
        )

    def delete_group(self, app_key: str, name: str) -> None:
        """Delete a group; what waits in it waits in the default group from now on."""
        del self.state.message_groups[app_key, name]
        for number, notification in tuple(self.state.outbox.items()):
            if (notification.app_key, notification.group) == (app_key, name):
                self.state.queues.remove(notification)
                moved = replace(notification, group=DEFAULT_GROUP)
                self.state.outbox[number] = moved
                if moved.state is DeliveryState.QUEUED:
                    self.state.queues.add(moved)
