"""What is checked after the client has acted: illegal calls, unsafe repeats, unhandled exchanges.

Each check yields its failures as values that say what happened and how to see it again.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct

from ...api.methods import METHODS
from ...domain.exchange import Exchange
from ...domain.vocabulary import Status
from ...review.audit import audit
from ...review.lint_flow import find_rounded_ids
from ...review.review_findings import decode_calls
from ...world.journal import Entry
from ...world.world import World
from ..teardown_checks import STATE_FAILURES
from .local_server import RecordedCall

__all__ = [
    "CHECKS",
    "CODES_OF_PARAMETERS",
    "CheckContext",
    "CheckFailure",
    "ClientFailed",
    "HttpEvidence",
    "join_lines",
]

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


class ClientFailed(AssertionError):
    """The client fails a built-in check.

    Each check has a class of its own, so that each failure shrinks by itself.
    """


class IllegalCall(ClientFailed):
    """The client made a call that no correct client makes."""


class UnsafeRepeat(ClientFailed):
    """The client repeated a write without reading in between what came of it."""


class UnhandledExchange(ClientFailed):
    """An exchange waits for the seller and the client does nothing about it."""


class HttpEvidence(Struct, frozen=True):
    """How a failure shows over HTTP.

    The reply to `GET path` below the sandbox contains `text`, or with `there=False` not.
    """

    path: str
    text: str
    there: bool


class CheckFailure(Struct, frozen=True, kw_only=True):
    """What a check found: the check's name, sentences, the error to raise.

    `expected` is an `expect` of the exchange `dispute_id` (0: of none) that does not hold;
    `evidence` the same over HTTP. Both are empty if the platform saw nothing wrong: the failure is
    within the client.
    """

    check: str
    zh: str
    en: str
    error: BaseException
    dispute_id: int = 0
    expected: Mapping[str, Any] = {}
    evidence: HttpEvidence | None = None

    @property
    def kind(self) -> tuple[str, ...]:
        """What two failures have in common that count as one.

        Check, error class, begin of the sentence without numbers.
        """
        return (
            self.check,
            type(self.error).__name__,
            re.sub(r"[0-9]+", "", self.en.partition(":")[0]),
        )


class CheckContext(Struct, frozen=True):
    """What a check reads.

    The world after the client has acted, the calls of this round, the ids of all its calls.

    `resting` are the dispute ids of which the client could know, once it had enough rounds that the
    platform answered and in which no exchange moved; else it is empty.  `excused` are the request
    ids of moves that became illegal after the client's last look (`client_knowledge.py`).
    """

    world: World
    calls: Sequence[RecordedCall]
    request_ids: frozenset[str]
    resting: frozenset[int]
    handles: tuple[int, ...]
    excused: frozenset[str] = frozenset()


_ERRORS: Mapping[str, type[ClientFailed]] = MappingProxyType(
    {"offences": IllegalCall, "repeats": UnsafeRepeat, "left_lying": UnhandledExchange}
)


def join_lines(text: str) -> str:
    """Return the text on one line, without characters that cannot be printed."""
    return " ".join(
        "".join(character if character.isprintable() else " " for character in text).split()
    )


def _make_failure(check: str, zh: str, en: str, **more: Any) -> CheckFailure:
    zh = join_lines(zh)
    en = join_lines(en)
    return CheckFailure(check=check, zh=zh, en=en, error=_ERRORS[check](f"{zh} ({en})"), **more)


def _find_illegal_calls(context: CheckContext) -> Iterator[CheckFailure]:
    """Yield the calls that no correct client makes."""
    for call in context.calls:
        entry = call.failure
        kind = _classify(entry) if entry is not None else None
        if entry is None or kind is None or call.request_id in context.excused:
            continue
        entry = entry.with_diagnosis()
        zh = f"{kind[0]}：{entry.method} {entry.cause_zh}"
        en = f"{kind[1]}: {entry.method}: {entry.cause_en}"
        for finding in find_rounded_ids(decode_calls([entry]), _list_ids(context.world)):
            zh = f"{zh}；{finding.zh}"
            en = f"{en}; {finding.en}"
        code = {"code": entry.code} if entry.outcome == "refused" else {"msg_code": entry.msg_code}
        query = urlencode({"method": entry.method, **code, "limit": 0})
        yield _make_failure(
            "offences",
            zh,
            en,
            evidence=HttpEvidence(f"requests?{query}", '"total":0', there=False),
            expected={"requests": {"method": entry.method, **code, "count": 0}},
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
            yield _make_failure(
                "repeats",
                finding.zh,
                finding.en,
                dispute_id=int(first.dispute_id),
                expected={"requests": query},
                evidence=HttpEvidence("report", '"unsafe":0', there=False),
            )


def _is_write(call: RecordedCall) -> bool:
    method = METHODS.get(call.call.texts.get("method", ""))
    return method is not None and method.move is not None


def _find_unhandled(context: CheckContext) -> Iterator[CheckFailure]:
    """Yield the exchanges at one of the client's statuses that it could move and did not."""
    view = context.world.view
    for number in sorted(context.resting):
        exchange = view.exchange(number)
        if exchange.status in context.handles and _can_act(context.world, exchange):
            status = exchange.status
            yield _make_failure(
                "left_lying",
                f"换货单 {number} 停在「{status.zh}」，客户端工作了两轮仍没有动作",
                f"exchange {number} waits at {status.value} though the client has worked twice",
                dispute_id=number,
                expected={"status": {"not": view.rules.text(f"text.{status.value}")}},
                evidence=HttpEvidence(
                    f"exchanges/{number}", f'"status":{status.value},', there=True
                ),
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
        "repeats": _find_unsafe_repeats,
        "left_lying": _find_unhandled,
    }
)
