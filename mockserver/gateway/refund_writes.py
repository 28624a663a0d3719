"""What a seller does to a refund that an exchange turned into: review, pay back, refuse, write.

The order: a review with `result=true` lets the refund be paid back in a batch, by a sub-account,
with the version that the refund has then.  A refusal or a payment ends that.

Source: docs/spec/evidence-2026-11.md#evidence-2.3 (error codes), #evidence-4 (limits);
docs/spec/neighbours.yaml.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from msgspec.structs import replace

from ..domain.exchange import Message
from ..domain.refund import Refund, RefundProgress, RefundStatus
from ..domain.vocabulary import Role
from ..protocol.binding import make_invalid_error, make_missing_error
from ..protocol.errors import TopError
from ..protocol.forms import Upload
from ..protocol.pictures import name_picture
from ..protocol.shapes import Items, Tree
from .refund_queries import find_dispute
from .refund_record import Dispute, phase_word
from .write_context import WriteContext

__all__ = ["REFUND_WRITES"]

_REFUNDS_AT_MOST = 30
_REFUND_FEN_AT_MOST = 1_000_000  # 10,000 yuan
_INFO_PARTS = 4  # id|fen|version|phase
_MESSAGE_LETTERS = range(2, 201)


def _find_refund(write: WriteContext, refund_id: int) -> Dispute:
    """Return the dispute of a refund that exists.

    Raises:
        TopError: 15: unknown, another shop's, or an exchange that is no refund (2101, captured).
    """
    dispute = find_dispute(write.world, refund_id, write.shop)
    if dispute.refund is None:
        raise _wrong_state(
            f"{refund_id} 是换货单，用 tmall.exchange.* 操作",
            f"{refund_id} is an exchange; tmall.exchange.* act on it",
        )
    return dispute


def _wrong_state(zh: str, en: str) -> TopError:
    return TopError(15, sub_code="2101", sub_msg="操作状态错误", zh=zh, en=en)


def _check_version(write: WriteContext, dispute: Dispute) -> None:
    """Raise unless phase and version, where they are set, are the refund's.

    Raises:
        TopError: 15 with 2101.
    """
    arguments, phase = write.arguments, phase_word(dispute.exchange)
    if arguments.get("refund_phase", phase) != phase:
        raise _wrong_state(f"refund_phase 应为 {phase}", f"its refund_phase is {phase}")
    version = dispute.version(write.view)
    if arguments.get("refund_version", version) != version:
        raise _wrong_state(
            f"refund_version 已是 {version}，请重新查询退款单",
            f"its refund_version is {version} by now: read the refund again",
        )


def _owner(write: WriteContext) -> tuple[Role, int, str]:
    session = write.session
    assert session is not None
    return session.role, session.user_id, session.nick


def _message(
    write: WriteContext, dispute: Dispute, content: str, pictures: Sequence[str] = ()
) -> Message:
    role, owner_id, nick = _owner(write)
    return Message(
        number=write.work.next_message_number(),
        dispute_id=dispute.id,
        role=role,
        owner_id=owner_id,
        owner_nick=nick,
        open_uid="",
        content=content,
        created=write.now,
        human=True,
        pictures=tuple(pictures),
    )


def _store_pictures(write: WriteContext, name: str) -> tuple[str, ...]:
    """Store the files of a parameter and return their names.

    Raises:
        TopError: 41, the sandbox keeps no more pictures.
    """
    uploads = cast("tuple[Upload, ...]", write.arguments.get(name, ()))
    files = {name_picture(upload.content): upload.content for upload in uploads}
    refusal = write.work.store_pictures(files)
    if refusal is not None:
        raise make_invalid_error(name, refusal.zh, refusal.en)
    return tuple(files)


def _review(write: WriteContext) -> Tree:
    """Review a refund: `result` says whether it may be paid back in a batch.

    Raises:
        TopError: 15 with 2101 for another version or phase, with U once the refund is over.
    """
    dispute = _find_refund(write, cast("int", write.arguments["refund_id"]))
    progress = cast("Refund", dispute.refund).progress
    if progress.status is RefundStatus.SUCCESS:
        raise _not_reviewable("退款单已完结，无需审核", "the refund is over, nothing to review")
    if not progress.status.waits_for_seller:
        raise _not_reviewable("当前退款状态不允许审核", "the refund does not wait for the seller")
    _check_version(write, dispute)
    message = _message(write, dispute, str(write.arguments["message"]))
    changed = replace(
        progress,
        is_reviewed=bool(write.arguments["result"]),
        messages=(*progress.messages, message),
    )
    write.work.put_refund(dispute.exchange.dispute_id, changed)
    return {"is_success": True}


def _not_reviewable(zh: str, en: str) -> TopError:
    return TopError(15, sub_code="U", sub_msg=zh, zh=zh, en=en)


def _agree(write: WriteContext) -> Tree:
    """Pay refunds back, each for itself; the reply says which went through.

    Raises:
        TopError: 15 for a main account (captured); 41 for infos that cannot be read, are too many
            or too much money.
    """
    session = write.session
    assert session is not None
    if session.role is not Role.SELLER_SUB:
        raise TopError(
            15,
            sub_code="isv.invalid-permission:not_sub_user",
            sub_msg="必须为子账号操作",
            zh="同意退款要用子账号的 session",
            en="refunds are paid back with a sub-account's session",
        )
    infos = _read_infos(str(write.arguments["refund_infos"]))
    outcomes = [(info[0], _try_to_pay(write, info)) for info in infos]
    rows: list[Tree] = [
        {"message": refusal or "操作成功", "refund_id": str(refund_id), "succ": not refusal}
        for refund_id, refusal in outcomes
    ]
    paid = sum(row["succ"] for row in rows)
    code = "SOME_OP_SUCC" if paid else "OP_FAILURE_UE"
    message = "部分操作成功" if paid else "操作失败"
    if paid == len(rows):
        code, message = "OP_SUCC", "操作成功"
    return {
        "message": message,
        "msg_code": code,
        "results": Items("refund_mapping_result", rows),
        "succ": bool(paid),
    }


def _read_infos(text: str) -> list[tuple[int, int, int, str]]:
    """Return id, fen, version and phase of each refund in `refund_infos`.

    Raises:
        TopError: 41.
    """
    infos: list[tuple[int, int, int, str]] = []
    for part in text.split(","):
        pieces = part.strip().split("|")
        if len(pieces) != _INFO_PARTS or not all(
            piece.isascii() and piece.isdigit() and len(piece) < 20 for piece in pieces[:3]
        ):
            raise make_invalid_error(
                "refund_infos", "每张应为 编号|金额(分)|版本|phase", "each is id|fen|version|phase"
            )
        infos.append((int(pieces[0]), int(pieces[1]), int(pieces[2]), pieces[3]))
    if len({info[0] for info in infos}) < len(infos):
        raise make_invalid_error("refund_infos", "退款单重复", "a refund stands twice")
    if len(infos) > _REFUNDS_AT_MOST or sum(info[1] for info in infos) > _REFUND_FEN_AT_MOST:
        raise make_invalid_error(
            "refund_infos", "最多 30 张、合计 10000 元", "at most 30 refunds and 10,000 yuan"
        )
    return infos


def _try_to_pay(write: WriteContext, info: tuple[int, int, int, str]) -> str:
    """Pay a refund back; return why it cannot be, "" if it was."""
    refund_id, fen, version, phase = info
    try:
        dispute = _find_refund(write, refund_id)
    except TopError as refused:
        return refused.sub_msg
    progress = cast("Refund", dispute.refund).progress
    refusals = (
        (not progress.status.waits_for_seller, "操作状态错误"),
        (version != dispute.version(write.view), "退款版本号不是最新"),
        (phase != phase_word(dispute.exchange), "退款阶段不符"),
        (fen != (dispute.exchange.payment or 0), "退款金额不符"),
        (not progress.is_reviewed, "退款单未审核，不能批量退款"),
    )
    refusal = next((text for fails, text in refusals if fails), "")
    if not refusal:
        write.work.put_refund(
            dispute.exchange.dispute_id,
            replace(progress, status=RefundStatus.SUCCESS, modified=write.now),
        )
    return refusal


def _refuse(write: WriteContext) -> Tree:
    """Refuse a refund; the buyer has to act then.

    Raises:
        TopError: 15 with 2101 in another state, version or phase; 41 for the message, a reason that
            the seller does not have, or a picture.
    """
    arguments = write.arguments
    if len(str(arguments["refuse_message"])) not in _MESSAGE_LETTERS:
        raise make_invalid_error("refuse_message", "应为 2 到 200 字", "2 to 200 characters")
    dispute = _find_refund(write, cast("int", arguments["refund_id"]))
    progress = cast("Refund", dispute.refund).progress
    if not progress.status.waits_for_seller:
        raise _wrong_state(
            f"退款单现在是 {progress.status.value}，不能拒绝",
            f"the refund is {progress.status.value} and cannot be refused",
        )
    _check_version(write, dispute)
    reasons = {reason.reason_id for reason in write.world.reasons}
    if arguments.get("refuse_reason_id", next(iter(reasons), None)) not in reasons:
        raise make_invalid_error("refuse_reason_id", "没有这个拒绝原因", "no such reason")
    pictures = _store_pictures(write, "refuse_proof")
    message = _message(write, dispute, str(arguments["refuse_message"]), pictures)
    changed = RefundProgress(
        status=RefundStatus.SELLER_REFUSE_BUYER,
        modified=write.now,
        messages=(*progress.messages, message),
    )
    write.work.put_refund(dispute.exchange.dispute_id, changed)
    record = {
        "modified": write.view.time(write.now),
        "refund_id": str(dispute.id),
        "status": changed.status.value,
    }
    return {"is_success": True, "refund": record}


def _add_message(write: WriteContext) -> Tree:
    """Add a message with its picture to a refund; `modified` stays.

    Raises:
        TopError: 15 for an unknown refund or an exchange; 41 for a missing or refused picture.
    """
    if not write.arguments.get("image"):
        raise make_missing_error("image")
    dispute = _find_refund(write, cast("int", write.arguments["refund_id"]))
    progress = cast("Refund", dispute.refund).progress
    pictures = _store_pictures(write, "image")
    message = _message(write, dispute, str(write.arguments["content"]), pictures)
    changed = replace(progress, messages=(*progress.messages, message))
    write.work.put_refund(dispute.exchange.dispute_id, changed)
    return {"refund_message": {"created": write.view.time(message.created), "id": message.number}}


REFUND_WRITES: Mapping[str, Callable[[WriteContext], Tree]] = {
    "review_refund": _review,
    "agree_refunds": _agree,
    "refuse_refund": _refuse,
    "add_refund_message": _add_message,
}
