"""What an exchange is: its value, the facts that moves cause and the messages they leave.

Field names are the platform's where the platform has one.  Instants are the sandbox's inner time;
the wire shows them through the clock.
"""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from .vocabulary import CsStatus, GoodStatus, Phase, Role, Ruleset, Status

__all__ = ["Entry", "Event", "Exchange", "Message", "Outcome"]


class Entry(Struct, frozen=True, gc=False):
    """`num` units of `sku` go from account `source` to account `target`."""

    sku: str
    num: int
    source: str
    target: str


class Exchange(Struct, frozen=True, kw_only=True, gc=False):
    """One 换货单.

    `tid` and `oid` are the trade and its sub-order; `entered` is when the present state began, from
    which its deadline counts, and `due` a deadline that was given instead; `refused_from` is the
    state that a refusal left; `reserved` the units of `exchange_sku` it holds; `verbatim` wire values
    that are shown as they were given.  Money is fen.
    """

    dispute_id: int
    shop: str
    ruleset: Ruleset
    status: Status
    created: datetime
    modified: datetime
    entered: datetime
    tid: int
    oid: int
    bought_sku: str
    exchange_sku: str
    num: int = 1
    reserved: int = 0
    cs_status: CsStatus = CsStatus.NOT_NEEDED
    due: datetime | None = None
    refused_from: Status | None = None
    title: str = ""
    price: int | None = None
    payment: int | None = None
    reason: str = ""
    desc: str = ""
    phase: Phase = Phase.AFTERSALE
    good_status: GoodStatus = GoodStatus.RECEIVED
    advance_status: int = 0
    operation_contraint: str = ""
    buyer_nick: str = ""
    buyer_open_uid: str = ""
    buyer_name: str = ""
    buyer_phone: str = ""
    buyer_address: str = ""
    oaid: str = ""
    address: str = ""
    buyer_logistic_name: str = ""
    buyer_logistic_no: str = ""
    seller_logistic_name: str = ""
    seller_logistic_no: str = ""
    verbatim: Mapping[str, str | int] | None = None


class Event(Struct, frozen=True, gc=False):
    """One move that happened: what a timeline, an event list and a coverage count are made of.

    `cs` holds the customer-service statuses written, in order; `rule` names the row.
    """

    number: int
    dispute_id: int
    at: datetime
    move: str
    role: Role
    source: Status | None
    target: Status
    rule: str
    entries: tuple[Entry, ...] = ()
    cs: tuple[CsStatus, ...] = ()


class Message(Struct, frozen=True, gc=False):
    """A message of the negotiation; `pictures` are names of stored pictures.

    `human` is true for what a party wrote or did (`message_type` 100), false for what the system did
    (111).  Source: docs/spec/rules.md#rules-wire.
    """

    number: int
    dispute_id: int
    role: Role
    owner_id: int
    owner_nick: str
    open_uid: str
    content: str
    created: datetime
    human: bool
    pictures: tuple[str, ...] = ()


class Outcome(Struct, frozen=True):
    """What a move causes: the exchange after it, stock entries, cs statuses, the words left."""

    exchange: Exchange
    rule: str
    entries: tuple[Entry, ...]
    cs: tuple[CsStatus, ...]
    words: str
    human: bool
    warnings: tuple[str, ...] = ()
