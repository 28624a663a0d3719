"""Handle on the messages of a sandbox's message channel (TMC)."""

from collections.abc import Iterator
from typing import cast

from ..service.control_function import ControlCall
from ..service.route_replies import NotificationDocument

__all__ = ["Messages"]


class Messages:
    """The messages that the channel keeps, oldest first.

        assert sandbox.messages.topics() == ["taobao_dispute_RefundCreated"]

    Iterating gives their documents.
    """

    def __init__(self, ask: ControlCall) -> None:
        self._ask = ask

    def __iter__(self) -> Iterator[NotificationDocument]:
        return iter(cast("list[NotificationDocument]", self._ask("GET", "messages")["items"]))

    def __len__(self) -> int:
        return int(self._ask("GET", "messages")["total"])

    def topics(self) -> list[str]:
        """Return the topic of each message, oldest first."""
        return [message["topic"] for message in self]

    def of(self, dispute_id: str) -> list[NotificationDocument]:
        """Return the messages about one exchange, oldest first."""
        items = self._ask("GET", "messages", dispute_id=dispute_id)["items"]
        return cast("list[NotificationDocument]", items)

    def resend(self, message_id: str | int) -> None:
        """Send a message again at once, whatever became of it.

        Raises:
            ControlRefused: there is none with this id.
        """
        self._ask("POST", f"messages/{message_id}/resend")
