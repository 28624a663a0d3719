"""Keyword arguments of handles as typed dictionaries, for editors and type checkers.

A test compares them with what the control API takes.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict

__all__ = [
    "CallFilters",
    "ExchangeFields",
    "FaultFields",
    "OpenFields",
    "RequestFilters",
    "WorldFields",
]

_Documents = Sequence[Mapping[str, object]]


class CallFilters(TypedDict, total=False):
    """Which calls of a method are meant; `since` is the earliest sandbox time.

    `dispute_id` is an id or, in assertions, the handle of an exchange.
    """

    dispute_id: object
    outcome: Literal["ok", "failed", "refused"]
    code: int | str
    msg_code: str
    caller: str
    fault: str
    since: str


class RequestFilters(CallFilters, total=False):
    """Which calls are meant, and how many of them at most."""

    method: str
    limit: int


class ExchangeFields(TypedDict, total=False):
    """Fields of an exchange to open: the wire names of tmall.exchange.get, and a few of our own.

    `status` is a number or a text; times are `yyyy-MM-dd HH:mm:ss`; `tid`, `oid` stand for
    `alipay_no`, `biz_order_id`.
    """

    dispute_id: str | int
    biz_order_id: str | int
    bizorder_id: str | int
    alipay_no: str | int
    tid: str | int
    oid: str | int
    status: str | int
    created: str
    modified: str
    time_out: str
    title: str | int
    num: str | int
    price: str | int | float
    payment: str | int | float
    reason: str
    desc: str
    bought_sku: str | int
    exchange_sku: str | int
    good_status: str
    buyer_nick: str
    buyer_open_uid: str
    buyer_name: str
    buyer_phone: str | int
    buyer_address: str
    oaid: str
    address: str
    seller_nick: str
    buyer_logistic_name: str
    buyer_logistic_no: str | int
    seller_logistic_name: str
    seller_logistic_no: str | int
    new_bought_sku: str | int
    refund_phase: str
    refund_version: int | str
    advance_status: int | str
    cs_status: int | str
    operation_contraint: str
    attributes: str
    shop: str
    ruleset: Literal["classic", "upgraded"]


class OpenFields(ExchangeFields, total=False):
    """Fields of exchanges to open; `count` opens as many."""

    count: int


_Origin = TypedDict("_Origin", {"from": str}, total=False)


class WorldFields(_Origin, total=False):
    """Keys of the world document, of which a sandbox is made; all are optional.

    `from` names a snapshot of the server instead: `server.sandbox(**{"from": "saved"})`.
    """

    name: str
    seed: int
    ruleset: Literal["classic", "upgraded"]
    clock: str | Mapping[str, object] | None
    apps: _Documents | None
    shops: _Documents | None
    goods: Mapping[str, Mapping[str, object]]
    buyers: _Documents | None
    carriers: _Documents | None
    reasons: _Documents | None
    trades: _Documents
    rules: Mapping[str, object]
    quotas: _Documents
    robots: Mapping[str, str | None]
    faults: _Documents
    exchanges: _Documents
    samples: bool


class FaultFields(TypedDict, total=False):
    """Which calls a fault disturbs, how often, and the options of its kind.

    Durations are texts such as `3d12h`; `as_` stands for `as`.
    """

    method: str | Sequence[str]
    dispute_id: str | int
    session: str
    after: int
    times: int | None
    probability: float
    until: str | None
    ago: str
    as_: str
    by: str
    bytes: int
    code: int
    content_type: str
    distribution: str
    executed: bool
    message: str
    msg: str
    msg_code: str
    part: float
    pieces: int
    row: str
    seconds: float
    shortest: float
    sigma: float
    status: int
    sub_code: str
    sub_msg: str
    topic: str
    within: str
    writes: int
