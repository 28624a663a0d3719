"""What is checked after the client has acted: illegal calls, unsafe repeats, unhandled exchanges.

Each check yields its failures as values that say what happened and how to see it again.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from urllib.parse import urlencode

from ...api.methods import METHODS
from ...domain.exchange import Exchange
from ...domain.vocabulary import Status
from ...review.audit import audit
from ...review.client_mistakes import find_mistake_of_code
from ...review.lint_flow import find_rounded_ids
from ...review.review_findings import decode_calls
from ...world.journal import Entry
from ...world.world import World
from ..teardown_checks import STATE_FAILURES
from .belief_checks import (
    find_calls_in_ban,
    find_contradictions,
    find_unread_outcomes,
    find_wrong_beliefs,
    find_wrong_targets,
)
from .check_failure import CheckContext, CheckFailure, HttpEvidence, make_failure
from .local_server import RecordedCall

__all__ = ["CHECKS", "CODES_OF_PARAMETERS"]

_REFUSED_CALLS = MappingProxyType(
    {
        22: ("调用了不存在的方法", "an unknown method"),
        25: ("签名错误", "a wrong sign"),
        40: ("缺少参数", "a missing parameter"),
        41: ("参数不合法", "an invalid parameter"),
    }
)
_REFUSED_OTHERWISE = ("平台拒绝的调用", "a call that the platform refuses")
CODES_OF_PARAMETERS = (22, 40, 41)  # refusals that depend on method and parameters alone
# Lower codes are about traffic and the platform's own failures.  docs/spec/top-protocol.md#top-4
_FIRST_CODE_OF_CALLER = 20
_UNKNOWN_IDS = ("not_exist", "unknown_address", "unknown_reason")


def _find_illegal_calls(context: CheckContext) -> Iterator[CheckFailure]:
    """Yield the calls that no correct client makes."""
    for call in context.calls:
        entry = call.failure
        kind = _classify(entry) if entry is not None else None
        if entry is None or kind is None or call.request_id in context.knowledge.excused:
            continue
        entry = entry.with_diagnosis()
        zh = f"{kind[0]}：{entry.method} {entry.cause_zh}；真实平台同样拒绝"
        en = f"{kind[1]}: {entry.method}: {entry.cause_en}; production refuses it too"
        of_code = find_mistake_of_code(entry.code) if entry.outcome == "refused" else None
        mistake = of_code.id if of_code else ""
        if entry.rule.startswith("not_exist"):
            mistake = "ids_rounded"  # the client has read the id somewhere
        for finding in find_rounded_ids(decode_calls([entry]), _list_ids(context.world)):
            zh = f"{zh}；{finding.zh}"
            en = f"{en}; {finding.en}"
            mistake = finding.rule.id
        code = {"code": entry.code} if entry.outcome == "refused" else {"msg_code": entry.msg_code}
        query = urlencode({"method": entry.method, **code, "limit": 0})
        yield make_failure(
            "offences",
            zh,
            en,
            evidence=HttpEvidence(f"requests?{query}", '"total":0', there=False),
            expected={"requests": {"method": entry.method, **code, "count": 0}},
            mistake=mistake,
        )


def _classify(entry: Entry) -> tuple[str, str] | None:
    """Return what is wrong with a refused or failed call, in Chinese and English.

    None if the client is not to blame.
    """
    if entry.fault:
        return None
    if entry.outcome == "refused":
        if entry.code < _FIRST_CODE_OF_CALLER:
            return None
        return _REFUSED_CALLS.get(entry.code, _REFUSED_OTHERWISE)
    if entry.rule.startswith(STATE_FAILURES):
        return "在不允许的状态下操作", "a move that the state does not allow"
    if entry.rule.startswith(_UNKNOWN_IDS):
        return "编号不存在", "an id that does not exist"
    return None


def _list_ids(world: World) -> dict[str, set[int]]:
    exchanges = world.view.exchanges()
    trades = world.view.trades()
    return {
        "dispute_id": {exchange.dispute_id for exchange in exchanges},
        "tid": {trade.tid for trade in trades},
        "oid": {trade.oid for trade in trades},
    }


def _find_unsafe_repeats(context: CheckContext) -> Iterator[CheckFailure]:
    """Yield the writes that repeat an earlier one whose outcome the client did not look up."""
    if not any(_is_write(call) for call in context.calls):
        return
    latest = {call.request_id for call in context.calls}
    for finding in audit(decode_calls(context.world.journal.recent()[1])).findings:
        request_ids = [entry.request_id for entry in finding.entries]
        if latest.intersection(request_ids[1:]) and context.request_ids.issuperset(request_ids):
            first = finding.entries[0]
            query = {
                "method": first.method,
                "dispute_id": first.dispute_id,
                "count": {"below": len(request_ids)},
            }
            yield make_failure(
                "repeats",
                f"{finding.zh}；真实平台上可能做了两次",
                f"{finding.en}: in production it may be done twice",
                dispute_id=int(first.dispute_id),
                expected={"requests": query},
                evidence=HttpEvidence("report", '"unsafe":0', there=False),
                mistake=finding.rule.id,
            )


def _is_write(call: RecordedCall) -> bool:
    method = METHODS.get(call.call.texts.get("method", ""))
    return method is not None and method.move is not None


def _find_unhandled(context: CheckContext) -> Iterator[CheckFailure]:
    """Yield the exchanges at one of the client's statuses that it could move and did not."""
    for number, exchange in _list_waiting(context):
        status = exchange.status
        yield _make_waiting_failure(
            context,
            "left_lying",
            f"换货单 {number} 停在「{status.zh}」，客户端工作了两轮仍没有动作；"
            "真实平台上它会超时，由系统替卖家决定",
            f"exchange {number} waits at {status.value} though the client has worked twice:"
            " in production its deadline passes and the system decides for the seller",
            exchange,
        )


def _find_unhandled_again(context: CheckContext) -> Iterator[CheckFailure]:
    """Yield the exchanges that came back to one of the client's statuses and wait there."""
    for number, exchange in _list_waiting(context):
        status = exchange.status
        visits = sum(
            event.target is status and event.source is not status
            for event in context.world.view.timeline(number)
        )
        if visits > 1:
            yield _make_waiting_failure(
                context,
                "unhandled",
                f"换货单 {number} 第 {visits} 次回到「{status.zh}」，客户端没有再处理；"
                "真实平台上它会超时，由系统替卖家决定",
                f"exchange {number} came back to {status.value} and waits there (round {visits}):"
                " in production its deadline passes and the system decides for the seller",
                exchange,
            )


def _list_waiting(context: CheckContext) -> Iterator[tuple[int, Exchange]]:
    """Yield the resting exchanges at the client's statuses that it could move."""
    for number in sorted(context.resting):
        exchange = context.world.view.exchange(number)
        if exchange.status in context.handles and _can_act(context.world, exchange):
            yield number, exchange


def _make_waiting_failure(
    context: CheckContext, check: str, zh: str, en: str, exchange: Exchange
) -> CheckFailure:
    number, status = exchange.dispute_id, exchange.status
    return make_failure(
        check,
        zh,
        en,
        dispute_id=number,
        expected={"status": {"not": context.world.view.rules.text(f"text.{status.value}")}},
        evidence=HttpEvidence(f"exchanges/{number}", f'"status":{status.value},', there=True),
    )


def _can_act(world: World, exchange: Exchange) -> bool:
    """Return True if the seller can go on; to agree takes stock."""
    return (
        exchange.status is not Status.WAIT_SELLER_AGREE
        or world.view.accounts(exchange.exchange_sku).available >= exchange.num
    )


CHECKS: Mapping[str, Callable[[CheckContext], Iterator[CheckFailure]]] = MappingProxyType(
    {
        "offences": _find_illegal_calls,
        "pressed_on": find_calls_in_ban,
        "wrong_target": find_wrong_targets,
        "repeats": _find_unsafe_repeats,
        "unread": find_contradictions,
        "gave_up": find_unread_outcomes,
        "unhandled": _find_unhandled_again,
        "left_lying": _find_unhandled,
        "converged": find_wrong_beliefs,
    }
)
