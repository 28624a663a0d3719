"""Replies of the control API that stand around its documents: listings, the clock, a sandbox.

Handles unpack them; the OpenAPI document describes them.
"""

from typing import Any, Generic, Literal, NotRequired, TypedDict, TypeVar

from .reply_documents import (
    DeadlineDocument,
    EventDocument,
    JsonObject,
    MessageDocument,
    PlannedMoveDocument,
    RequestDocument,
    ShopDocument,
)

__all__ = [
    "AppRightsDocument",
    "ClockDocument",
    "EventsDocument",
    "FaultNamesDocument",
    "GoodsNameDocument",
    "HealthDocument",
    "ListedSandboxDocument",
    "Listing",
    "MadeTokenDocument",
    "MovedClockDocument",
    "NotificationDocument",
    "ReadyDocument",
    "RequestsDocument",
    "RevisionDocument",
    "RobotNamesDocument",
    "SandboxDocument",
    "ScenarioTextDocument",
    "SessionRightsDocument",
    "SetStubDocument",
    "SnapshotDocument",
    "StockDocument",
    "StoryDocument",
    "StubDocument",
    "SubscriptionDocument",
    "TokenDocument",
    "VersionDocument",
    "WebhookAttempt",
    "WebhookDocument",
]

_Item = TypeVar("_Item")


class Listing(TypedDict, Generic[_Item]):
    """Items of a list; `total` counts those that were left out as well."""

    total: int
    items: list[_Item]


class RevisionDocument(TypedDict):
    """A number that changes with state, clock and journal of a sandbox."""

    revision: int


class GoodsNameDocument(TypedDict):
    """Goods of a sandbox, by whose name they stand in a mapping."""

    sku_id: str
    title: str


class SandboxDocument(TypedDict):
    """How to attach to a sandbox: app, sessions, gateway, shops, goods, snapshots."""

    id: str
    app_key: str
    app_secret: str
    session: str
    sub_session: str
    gateway: str
    tmc: str
    ruleset: str
    seed: int
    now: str
    shops: list[ShopDocument]
    goods: dict[str, GoodsNameDocument]
    snapshots: list[str]


class SandboxSizeDocument(TypedDict):
    """How much a sandbox holds; bytes are estimates."""

    exchanges: int
    requests: int
    request_bytes: int
    pictures: int
    picture_bytes: int
    snapshots: int


class ListedSandboxDocument(SandboxDocument):
    """A sandbox with its sizes; its last use and expiry (None for never) are real instants."""

    size: SandboxSizeDocument
    last_used: str | None
    expires: str | None


class SnapshotDocument(TypedDict):
    """A snapshot that was kept: its name, and how many exchanges it holds."""

    name: str
    exchanges: int


class AppRightsDocument(TypedDict):
    """The methods that an app may call, None for all."""

    app_key: str
    methods: list[str] | None


class SessionRightsDocument(TypedDict):
    """The rights of a session; `expires` is None for never."""

    label: str
    nick: str
    methods: list[str] | None
    expires: str | None


class ClockDocument(TypedDict):
    """The sandbox's clock and its coming deadlines; `planned` only with robots."""

    mode: Literal["frozen", "running"]
    now: str
    deadlines: list[DeadlineDocument]
    planned: NotRequired[list[PlannedMoveDocument]]


class MovedClockDocument(ClockDocument):
    """The clock after it was moved, and the events that this fired."""

    fired: list[EventDocument]


class StockDocument(TypedDict):
    """The accounts of a SKU."""

    name: str
    sku_id: str
    title: str
    available: int
    reserved: int
    shipped: int
    returned: int


class NotificationDocument(TypedDict):
    """A message of the message channel.

    `content` is its JSON, `deliveries` how often it was sent.
    """

    id: str
    topic: str
    group: str
    state: Literal["queued", "confirmed", "failed", "lost"]
    app_key: str
    shop: str
    dispute_id: str
    content: Any
    published: str
    deliveries: int
    delivered: str | None
    error: str


class SubscriptionDocument(TypedDict):
    """What an app gets about a shop: `topics` null is all, `group` the queue of its messages."""

    app_key: str
    shop: str
    topics: list[str] | None
    valid: bool
    group: str


class WebhookAttempt(TypedDict):
    """One POST of a webhook: `status` 0 means that no answer came, `error` why."""

    at: str
    message: str
    topic: str
    status: int
    error: str


class WebhookDocument(TypedDict):
    """A webhook: from which queue to where, the address its name led to, its newest attempts."""

    id: str
    url: str
    address: str
    app_key: str
    group: str
    delivered: int
    log: list[WebhookAttempt]


class EventsDocument(TypedDict):
    """Events and messages in the order in which they happened."""

    total: int
    items: list[EventDocument]
    messages: list[MessageDocument]


class RobotNamesDocument(TypedDict):
    """The behaviours that robots can have, and the parties that can be robots."""

    total: int
    items: list[dict[str, str]]
    parties: list[str]


class RequestsDocument(TypedDict):
    """Calls of a journal; `next` is the position behind them, `missed` calls are gone already."""

    total: int
    items: list[RequestDocument]
    next: NotRequired[int]
    missed: NotRequired[int]


class StubDocument(TypedDict):
    """A canned reply."""

    reply: JsonObject


class SetStubDocument(StubDocument):
    """A canned reply that was set, and its method."""

    method: str


class FaultNamesDocument(TypedDict):
    """The faults that can be planned, with their options, and sets of faults."""

    faults: list[JsonObject]
    sets: list[JsonObject]


class StoryDocument(TypedDict):
    """A scenario that ships."""

    name: str
    title: str
    about: str
    evidence: list[str]
    ruleset: str
    set: JsonObject


class ScenarioTextDocument(TypedDict):
    """A history as the text of a scenario file."""

    scenario: str


class TokenDocument(TypedDict):
    """A named token; `sandbox` is None where it reaches all, `used` where it was never used."""

    name: str
    scope: Literal["read", "sandbox", "all"]
    sandbox: str | None
    made: str
    used: str | None


class MadeTokenDocument(TokenDocument):
    """A new token with its secret, which no other reply shows."""

    token: str


class HealthDocument(TypedDict):
    """The server is alive."""

    status: Literal["ok"]


class ReadyDocument(TypedDict):
    """The server answers calls."""

    ready: bool


class VersionDocument(TypedDict):
    """Which server this is, and whether it checks signatures strictly."""

    name: str
    version: str
    auth: Literal["strict", "lax"]
