"""Keyword arguments of handles as typed dictionaries, for editors and type checkers.

A test compares them with what the control API takes.
"""

from typing import Literal, TypedDict

__all__ = ["CallFilters", "ExchangeFields", "OpenFields", "RequestFilters"]


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
