"""What the refund methods answer: lists of disputes, one of them, its messages, its reasons.

Each reads a view of the sandbox, so that they agree with the exchange methods at every moment.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import cast

from ..domain.catalogue import refusal_stage
from ..domain.refund import exchange_ids_of
from ..domain.vocabulary import Status
from ..protocol.errors import TopError
from ..protocol.shapes import Items, Tree
from ..world.view import WorldView
from .query_context import QueryContext, cut_page, requested_fields, select_members
from .refund_record import (
    Dispute,
    build_dispute_members,
    build_refund_members,
    list_disputes,
    phase_word,
)

__all__ = ["REFUND_QUERIES", "find_dispute", "make_unknown_refund"]

_TRADE_TYPE = "fixed"
_REFUSABLE = (Status.WAIT_SELLER_AGREE, Status.WAIT_SELLER_CONFIRM)


def make_unknown_refund(refund_id: int) -> TopError:
    """Return the error of a refund that the seller does not have; its text is not captured."""
    return TopError(
        15,
        sub_code="isv.invalid-parameter:refund_id",
        sub_msg="退款单不存在",
        zh=f"退款单 {refund_id} 不存在，或属于另一个店铺",
        en=f"refund {refund_id} does not exist, or is another shop's",
    )


def find_dispute(world: WorldView, refund_id: int, shop: str) -> Dispute:
    """Return the exchange with this id, else the refund with it.

    Raises:
        TopError: 15, unknown or another shop's.
    """
    if world.has_exchange(refund_id):
        if world.exchange(refund_id).shop == shop:
            return Dispute(world.read_exchange(refund_id, shop))
        raise make_unknown_refund(refund_id)
    for dispute_id in exchange_ids_of(refund_id):
        if world.has_exchange(dispute_id):
            exchange = world.exchange(dispute_id)
            refund = world.refund_of(exchange)
            if refund is not None and exchange.shop == shop:
                return Dispute(exchange, refund)
    raise make_unknown_refund(refund_id)


def _select_disputes(query: QueryContext) -> list[Dispute]:
    """Return the disputes that the list's filters select, newest modified first."""
    arguments = query.arguments
    since, until = (
        None if value is None else query.world.clock.to_inner(cast("datetime", value))
        for value in (arguments.get("start_modified"), arguments.get("end_modified"))
    )
    types = str(arguments.get("type", _TRADE_TYPE)).replace(" ", "").split(",")
    status, nick = arguments.get("status"), arguments.get("buyer_nick")
    open_uid = arguments.get("buyer_open_uid") or arguments.get("ouid")
    filters_disputes = query.method.query == "disputes"
    rows = [
        dispute
        for dispute in list_disputes(query.world, query.shop)
        if (since is None or dispute.modified >= since)
        and (until is None or dispute.modified <= until)
        and nick in (None, dispute.exchange.buyer_nick)
        and open_uid in (None, dispute.exchange.buyer_open_uid)
        and arguments.get("refund_id") in (None, dispute.id)
        and status in (None, dispute.dispute_status if filters_disputes else dispute.listed_as)
        and _TRADE_TYPE in types
    ]
    return sorted(rows, key=lambda dispute: (dispute.modified, dispute.id), reverse=True)


def _refunds(query: QueryContext) -> Tree:
    rows = _select_disputes(query)
    page, has_more = cut_page(query, rows)
    fields = requested_fields(query.method, query.arguments)
    records = [
        select_members(build_refund_members(dispute, query.world, query.view), fields)
        for dispute in page
    ]
    count: Tree = {"total_results": len(rows)}
    if query.arguments.get("use_has_next"):
        count = {"has_next": has_more}
    listed = {"refunds": Items("refund", records)} if records else {}
    return dict(sorted({**count, **listed}.items()))


def _refund(query: QueryContext) -> Tree:
    dispute = find_dispute(query.world, cast("int", query.arguments["refund_id"]), query.shop)
    members = build_refund_members(dispute, query.world, query.view)
    return {"refund": select_members(members, requested_fields(query.method, query.arguments))}


def _disputes(query: QueryContext) -> Tree:
    rows = _select_disputes(query)
    page, has_more = cut_page(query, rows)
    fields = requested_fields(query.method, query.arguments)
    records = [
        select_members(build_dispute_members(dispute, query.world, query.view), fields)
        for dispute in page
    ]
    members: Tree = {"has_next": has_more, "page_results": len(records)}
    if records:
        members["results"] = Items("dispute", records)
    if not query.arguments.get("use_has_next"):
        members["total_results"] = len(rows)
    return {"result": members}


def _refund_messages(query: QueryContext) -> Tree:
    """Return the messages of a refund or exchange, newest first; a refund has those of both."""
    arguments, world, view = query.arguments, query.world, query.view
    dispute = find_dispute(world, cast("int", arguments["refund_id"]), query.shop)
    own = dispute.refund.progress.messages if dispute.refund else ()
    thread = (*world.messages(dispute.exchange.dispute_id), *own)
    phase = phase_word(dispute.exchange)
    if arguments.get("refund_phase", phase) != phase:
        thread = ()
    newest = sorted(thread, key=lambda message: (message.created, message.number), reverse=True)
    page, _ = cut_page(query, newest)
    fields = requested_fields(query.method, arguments)
    rows = []
    for message in page:
        author = "human" if message.human else "system"
        pictures = [{"url": view.picture_url(name)} for name in message.pictures]
        members: Tree = {
            "id": message.number,
            "refund_id": str(dispute.id),
            "refund_phase": phase,
            "owner_id": message.owner_id,
            "owner_nick": message.owner_nick,
            "owner_open_uid": message.open_uid,
            "owner_role": message.role.zh,
            "content": message.content,
            "created": view.time(message.created),
            "message_type": view.rules.text(f"message_type.{author}"),
            "pic_urls": Items("pic_url", pictures) if pictures else None,
        }
        rows.append(select_members(members, fields))
    listed = {"refund_messages": Items("refund_message", rows)} if rows else {}
    return {**listed, "total_results": len(thread)}


def _refund_reasons(query: QueryContext) -> Tree:
    """Return the reasons for refusing it now: of receipt once the goods are on their way back.

    Raises:
        TopError: 15 as captured, if it cannot be refused now.
    """
    arguments = query.arguments
    dispute = find_dispute(query.world, cast("int", arguments["refund_id"]), query.shop)
    exchange, refund = dispute.exchange, dispute.refund
    waits = refund.progress.status.waits_for_seller if refund else exchange.status in _REFUSABLE
    if not waits or arguments["refund_phase"] != phase_word(exchange):
        raise TopError(
            15,
            sub_code="isv.invalid-permission:refund_status is invalid or refund is out of date",
            sub_msg="当前退款状态不能操作拒绝退款",
            zh=f"{dispute.id} 现在是 {dispute.listed_as}、{phase_word(exchange)}，不能拒绝",
            en=f"{dispute.id} is {dispute.listed_as} and {phase_word(exchange)}: not refusable",
        )
    step = refusal_stage(exchange.status)
    if refund:
        step = "receipt" if exchange.buyer_logistic_no else "application"
    fields = requested_fields(query.method, arguments)
    rows = [
        select_members({"reason_id": reason.reason_id, "reason_text": reason.reason_text}, fields)
        for reason in query.world.reasons
        if reason.stage == step and exchange.phase in reason.phases
    ]
    return {"reasons": Items("reason", rows)} if rows else {}


REFUND_QUERIES: Mapping[str, Callable[[QueryContext], Tree]] = {
    "refunds": _refunds,
    "refund": _refund,
    "disputes": _disputes,
    "refund_messages": _refund_messages,
    "refund_reasons": _refund_reasons,
}
