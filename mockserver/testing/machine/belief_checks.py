"""Checks of what the client makes of replies: bans, targets, outcomes, its own book.

Each is about something that a reply has said, or that the client must have looked up.  Each
sentence ends with what production would have done.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from ...domain.vocabulary import Status
from ...review.lint_flow import APP_BAN, find_ignored_failures, read_ban
from ...review.review_findings import decode_call, decode_calls
from .check_failure import CheckContext, CheckFailure, HttpEvidence, make_failure
from .local_server import RecordedCall

__all__ = [
    "find_calls_in_ban",
    "find_contradictions",
    "find_unread_outcomes",
    "find_wrong_beliefs",
    "find_wrong_targets",
]

_AGREE = "tmall.exchange.agree"
_GET = "tmall.exchange.get"
_CODE_OF_BAN = 7
_FINDING_OF_BAN = "call_in_ban"
# The wire has two texts for this status.  docs/spec/rules.md
_OTHER_TEXTS = {Status.TO_REFUND: ("请退款", "换货单关闭,请退款", "换货转退款")}


def find_calls_in_ban(context: CheckContext) -> Iterator[CheckFailure]:
    """Yield the first call of a round in a ban of which an earlier reply of the round has spoken.

    Between rounds real time passes that the machine leaves out, so only one round is judged.
    """
    bans: list[tuple[RecordedCall, str, float]] = []  # the refusal, method or "", seconds
    for call in context.calls:
        method = call.call.texts.get("method", "")
        for refusal, scope, seconds in bans:
            if scope in ("", method) and refusal.ended <= call.began < refusal.ended + seconds:
                yield make_failure(
                    "pressed_on",
                    expected={"requests": {"code": _CODE_OF_BAN, "count": {"below": 2}}},
                    evidence=HttpEvidence("report", f'"{_FINDING_OF_BAN}"', there=True),
                    zh=f"{method} 被告知封禁还剩 {int(seconds)} 秒，同一轮里又调用；"
                    "真实平台上封禁期间的调用全部失败，反复如此会被降低配额",
                    en=f"{method} was called on in a ban: the reply before said {int(seconds)} more"
                    " seconds; in production every such call fails, and the app may lose its quota",
                )
                return
        if call.failure is not None:
            seconds_left = read_ban(decode_call(call.failure))
            if seconds_left is not None:
                scope = "" if call.failure.sub_code == APP_BAN else method
                bans.append((call, scope, seconds_left))


def find_wrong_targets(context: CheckContext) -> Iterator[CheckFailure]:
    """Yield writes that succeeded with an address, carrier or waybill of another kind."""
    for call in context.calls:
        texts = call.call.texts
        if call.failure is None and texts.get("dispute_id", "").isdigit():
            address = _judge_address(context, call)
            sentences = address or _judge_parcel(context, call)
            if sentences:
                method = texts["method"]
                wrong = {"method": method, "dispute_id": texts["dispute_id"]}
                yield make_failure(
                    "wrong_target",
                    *sentences,
                    dispute_id=int(texts["dispute_id"]),
                    expected={"requests": {**wrong, "count": 0}},
                    evidence=HttpEvidence(
                        f"requests?{urlencode({**wrong, 'limit': 0})}", '"total":0', there=False
                    ),
                    mistake="wrong_address" if address else "wrong_parcel",
                )


def _judge_address(context: CheckContext, call: RecordedCall) -> tuple[str, str] | None:
    """Return what is wrong with the return address of an agreement (zh, en).

    Only where the addresses are the machine's own: a user's may have a meaning that it cannot know.
    """
    texts = call.call.texts
    chosen = texts.get("address_id", "")
    session = context.world.view.session(texts.get("session", ""))
    if texts["method"] != _AGREE or not chosen or session is None or not context.own_addresses:
        return None
    addresses = context.world.view.shop(session.shop).addresses
    default = next((address.contact_id for address in addresses if address.cancel_def), None)
    if default is None or str(default) == chosen:
        return None
    return (
        (
            f"换货单 {texts['dispute_id']}：同意时给了地址 {chosen}，默认退货地址是 {default}；"
            "真实平台上买家会把商品寄到别处"
        ),
        (
            f"exchange {texts['dispute_id']} was agreed to with address {chosen},"
            f" not the default return address {default}: in production the goods go elsewhere"
        ),
    )


def _judge_parcel(context: CheckContext, call: RecordedCall) -> tuple[str, str] | None:
    """Return what is wrong with carrier or waybill of a shipment (zh, en)."""
    texts = call.call.texts
    dispute_id = texts["dispute_id"]
    company = texts.get("logistics_company_name", "").strip()
    codes = {carrier.code.upper() for carrier in context.world.view.carriers if carrier.code}
    names = {carrier.name.upper() for carrier in context.world.view.carriers}
    if company.upper() in codes - names:
        return (
            (
                f"换货单 {dispute_id}：logistics_company_name 填了编码 {company}，应填公司名称；"
                "真实平台上查不到物流"
            ),
            (
                f"exchange {dispute_id} was shipped with a carrier's code as its name ({company}):"
                " in production the parcel cannot be traced"
            ),
        )
    waybill = texts.get("logistics_no", "").strip().upper()
    returned = context.world.view.exchange(int(dispute_id)).buyer_logistic_no.upper()
    if waybill and waybill == returned:
        return (
            f"换货单 {dispute_id}：发货用了买家寄回的运单号 {waybill}；真实平台上买家收不到商品",
            (
                f"exchange {dispute_id} was shipped with the waybill of the buyer's own parcel"
                f" ({waybill}): in production the buyer waits for nothing"
            ),
        )
    return None


def find_contradictions(context: CheckContext) -> Iterator[CheckFailure]:
    """Yield steps of this round that presume another one, which the reply said has failed."""
    latest = {call.request_id for call in context.calls}
    if not any(call.failure is not None for call in context.calls):
        return
    for finding in find_ignored_failures(decode_calls(context.world.journal.recent()[1])):
        if finding.entries[-1].request_id in latest and not any(
            entry.fault for entry in finding.entries
        ):
            last = finding.entries[-1]
            query = {"method": last.method, "dispute_id": last.dispute_id}
            yield make_failure(
                "unread",
                f"{finding.zh}；真实平台上这一步也会失败，或发出没有预占的商品",
                f"a failed reply was not read: {finding.en}; in production this step fails too, or"
                " goods leave that were never reserved",
                dispute_id=int(last.dispute_id),
                expected={"requests": {**query, "count": 0}},
                evidence=HttpEvidence(
                    f"requests?{urlencode({**query, 'limit': 0})}", '"total":0', there=False
                ),
            )


def find_unread_outcomes(context: CheckContext) -> Iterator[CheckFailure]:
    """Yield writes without a usable reply after which the client never looked again."""
    for dispute_id, method in context.knowledge.unsure_writes.items():
        if dispute_id in context.resting:
            yield make_failure(
                "gave_up",
                f"换货单 {dispute_id}：{method} 没有可用的应答，客户端再也没有查询；"
                "真实平台上它可能已执行，也可能没有，谁也不知道",
                f"exchange {dispute_id}: {method} had no usable reply and the client never looked"
                " again: in production it may have been done or not, and nobody knows",
                dispute_id=dispute_id,
                expected={
                    "requests": {
                        "method": _GET,
                        "dispute_id": str(dispute_id),
                        "count": {"above": 0},
                    }
                },
                evidence=HttpEvidence(
                    f"requests?{urlencode({'dispute_id': dispute_id, 'limit': 1})}",
                    f'"method":"{method}"',
                    there=True,
                ),
            )


def find_wrong_beliefs(context: CheckContext) -> Iterator[CheckFailure]:
    """Yield the exchanges of which the client believes something else than queries say."""
    if context.beliefs is None:
        return
    view = context.world.view
    for number in sorted(context.resting):
        status = view.exchange(number).status
        belief = context.beliefs.get(number)
        texts = {view.rules.text(status.text_rule), status.zh, *_OTHER_TEXTS.get(status, ())}
        if belief is None and status in context.handles:
            zh, en = "不知道有它", "does not have it"
        elif belief is None or belief in texts or belief == str(status.value):
            continue
        else:
            zh, en = f"认为是「{belief}」", f"believes {belief}"
        expected = _expect_belief(belief)
        yield make_failure(
            "converged",
            f"换货单 {number} 是「{status.zh}」，客户端{zh}；真实平台上两边的账对不上",
            f"exchange {number} stands at {status.value} and the client {en}:"
            " in production the two books never agree",
            dispute_id=number,
            expected=expected,
            evidence=HttpEvidence(f"exchanges/{number}", f'"status":{status.value},', there=True)
            if expected
            else None,
        )


def _expect_belief(belief: str | None) -> Mapping[str, Any]:
    """Return what the client believes as an `expect`; empty if it does not have the exchange."""
    if belief is None:
        return {}
    is_number = belief in {str(status.value) for status in Status}
    value = int(belief) if is_number else belief
    # A literal would be refused before the run, as a status that cannot be.
    return {"status" if is_number else "status_text": {"one_of": [value]}}
