"""The webhook bridge: messages of the channel as signed POSTs, for teams that do not speak TMC.

The model.  A webhook is one more client of a queue (app key and group), beside connections and
polling.  A thread of its own takes what waits, posts each message, and confirms it where the answer
is 2xx.  Anything else confirms nothing, so the message comes again by the rule
`message_redelivery`, on the sandbox's clock or in real time, until it is too old.  So a target that
is slow or down holds up nobody else, and retries are those of the channel.

Webhooks belong to this process: they are not part of a sandbox's state, no snapshot and no store
has them, and they end with the server.

Headers: `X-Sandbox-Id`; `X-Sandbox-Timestamp`, milliseconds; `X-Sandbox-Sign`, the HMAC-SHA256 in
hex over timestamp, line feed and body, with the app's secret as its key.
"""

from collections import deque
from collections.abc import Iterable
from itertools import count
from threading import Event, Lock, Thread

import msgspec

from ..protocol.shapes import format_time
from ..storage.port import StoreUnavailable
from ..world.channel import Channel
from ..world.directory import Directory
from ..world.document import BadDocument
from ..world.notifications import Notification
from ..world.stored_sandbox import SandboxGone
from ..world.world import World
from .route_replies import WebhookAttempt, WebhookDocument
from .webhook_target import WebhookTarget, make_signature, post

__all__ = ["WebhookBridge"]

MAX_WEBHOOKS = 20  # of one server: each is a thread
_POLL_SECONDS = 0.25
_AT_ONCE = 20
_KEPT_ATTEMPTS = 50


class _Webhook:
    """A webhook at work; its log has the newest attempts last."""

    def __init__(
        self, sandbox: str, number: int, target: WebhookTarget, app_key: str, group: str
    ) -> None:
        self.sandbox, self.id = sandbox, f"w{number}"
        self.target, self.app_key, self.group = target, app_key, group
        self.ended = Event()
        self.delivered = 0
        self.attempts: deque[WebhookAttempt] = deque(maxlen=_KEPT_ATTEMPTS)

    def document(self) -> WebhookDocument:
        """Return the webhook as users see it."""
        return {
            "id": self.id,
            "url": self.target.url,
            "address": self.target.address,
            "app_key": self.app_key,
            "group": self.group,
            "delivered": self.delivered,
            "log": list(self.attempts),
        }


class WebhookBridge:
    """The webhooks of one server; any thread may use it."""

    def __init__(self, directory: Directory, ended: Event) -> None:
        """`ended` is set when the server is about to stop."""
        self._directory, self._ended = directory, ended
        self._lock = Lock()
        self._webhooks: dict[tuple[str, str], _Webhook] = {}
        self._numbers = count(1)

    def add(self, world: World, target: WebhookTarget, app_key: str, group: str) -> WebhookDocument:
        """Begin to post what waits in this queue of a sandbox.

        Raises:
            BadDocument: the server has as many as it may.
        """
        with self._lock:
            if len(self._webhooks) >= MAX_WEBHOOKS:
                raise BadDocument(
                    "url",
                    f"一个服务最多 {MAX_WEBHOOKS} 个 webhook",
                    f"a server has at most {MAX_WEBHOOKS} webhooks",
                    conflict=True,
                )
            webhook = _Webhook(world.id, next(self._numbers), target, app_key, group)
            self._webhooks[world.id, webhook.id] = webhook
        Thread(target=self._run, args=(webhook,), daemon=True, name="webhook").start()
        return webhook.document()

    def list(self, sandbox: str) -> Iterable[WebhookDocument]:
        """Return the webhooks of a sandbox, the oldest first."""
        with self._lock:
            return [one.document() for one in self._webhooks.values() if one.sandbox == sandbox]

    def drop(self, sandbox: str, id: str | None = None) -> int:
        """End a webhook of a sandbox, or all of them; return how many there were."""
        with self._lock:
            keys = [key for key in self._webhooks if key[0] == sandbox and id in (None, key[1])]
            for key in keys:
                self._webhooks.pop(key).ended.set()
        return len(keys)

    def _run(self, webhook: _Webhook) -> None:
        while not (self._ended.is_set() or webhook.ended.wait(_POLL_SECONDS)):
            try:
                world = self._directory.get(webhook.sandbox)
                if world is None:
                    self.drop(webhook.sandbox)
                    return
                self._deliver(world, webhook)
            except (StoreUnavailable, SandboxGone):
                continue  # looked up again, or gone by then

    def _deliver(self, world: World, webhook: _Webhook) -> None:
        with world.unit_of_work() as work:
            app = work.view.app(webhook.app_key)
            if app is None:
                return
            channel = work.channel
            taken = channel.take(webhook.app_key, webhook.group, _AT_ONCE)
            bodies = [(one, _write_body(channel, one)) for one in taken]
            at = format_time(channel.show(channel.now))
            timestamp = str(int(channel.show(channel.now).timestamp() * 1000))
        for notification, body in bodies:
            if webhook.ended.is_set() or self._ended.is_set():
                return
            status, error = _post_signed(webhook, app.app_secret, timestamp, body)
            webhook.attempts.append(
                {
                    "at": at,
                    "message": str(notification.number),
                    "topic": notification.topic,
                    "status": status,
                    "error": error,
                }
            )
            if 200 <= status < 300:
                webhook.delivered += 1
                with world.unit_of_work() as work:
                    work.channel.confirm(webhook.app_key, webhook.group, [notification.number])


def _post_signed(webhook: _Webhook, secret: str, timestamp: str, body: bytes) -> tuple[int, str]:
    """Return the status of the answer (0: none), and what went wrong."""
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "X-Sandbox-Id": webhook.sandbox,
        "X-Sandbox-Timestamp": timestamp,
        "X-Sandbox-Sign": make_signature(secret, timestamp, body),
    }
    try:
        return post(webhook.target, body, headers), ""
    except OSError as wrong:
        return 0, str(wrong)[:200] or type(wrong).__name__


def _write_body(channel: Channel, notification: Notification) -> bytes:
    """Return the JSON that is posted; `content` is JSON text, as a TMC client gets it."""
    return msgspec.json.encode(
        {
            "id": str(notification.number),
            "topic": notification.topic,
            "app_key": notification.app_key,
            "group": notification.group,
            "publisher": notification.publisher,
            "user_id": str(notification.user_id),
            "user_nick": notification.user_nick,
            "published": format_time(channel.show(notification.published)),
            "retried": notification.deliveries - 1,
            "content": channel.content(notification),
        }
    )
