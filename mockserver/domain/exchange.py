"""What an exchange is, and what a move leaves behind: events, stock entries, messages.

All are frozen values: a move makes a new `Exchange`, it never changes one.  Field names are the
platform's where the platform has one.  Instants are the sandbox's inner time (the wire shows them
through its clock), money is fen.
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

    - `tid`, `oid`: the trade and its sub-order.
    - `entered`: when the present status began; its deadline counts from here.
    - `due`: a deadline that was set when the exchange was opened, in place of the counted one.
    - `refused_from`: the status that the last refusal left.
    - `reserved`: the units of `exchange_sku` that the exchange holds.
    - `new_bought_sku`: the SKU that the buyer's own change asked for, empty before one.
    - `verbatim`: values by wire name that replies show exactly as they were set at opening.
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
    new_bought_sku: str = ""
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
    """One move that happened; timelines, event lists and coverage are made of events.

    `move` is the name of the move, `rule` the name of the row taken, `source` None for an
    application; `cs` holds the customer-service statuses written, in order.
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

    `human` is True for what a party wrote or did (`message_type` 100), False for what the system
    did (111).  Source: docs/spec/rules.md#rules-wire.
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
    """What a move causes, before anything is stored.

    The exchange after it, the name of the row taken, stock entries, customer-service statuses
    written, the text of the message left, and warnings (`zh (en)`) of conditions that are checked
    only under the rule `strict_logistics`.
    """

    exchange: Exchange
    rule: str
    entries: tuple[Entry, ...]
    cs: tuple[CsStatus, ...]
    message_text: str
    human: bool
    warnings: tuple[str, ...] = ()
