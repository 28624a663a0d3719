"""What is looked at after the client has acted: offences, repeated writes, exchanges left lying.

Each check gives the first failure it finds, as a value that says what happened and how to see it again.
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
    "PLAIN",
    "CheckContext",
    "CheckFailure",
    "ClientFailed",
    "Evidence",
    "join_lines",
]

_PLATFORM = MappingProxyType(
    {
        22: ("调用了不存在的方法", "an unknown method"),
        25: ("签名错误", "a wrong sign"),
        40: ("缺少参数", "a missing parameter"),
        41: ("参数不合法", "an invalid parameter"),
    }
)
_OTHER = ("平台拒绝的调用", "a call that the platform refuses")
PLAIN = (22, 40, 41)  # refusals that hang on method and parameters alone
_FROM = 20  # lower codes are of traffic and of the platform; docs/spec/top-protocol.md#top-4
_STRANGE = ("not_exist", "unknown_address", "unknown_reason")


class ClientFailed(AssertionError):
    """A built-in check does not hold of the client; each has an error of its own, so that each shrinks by itself."""


class IllegalCall(ClientFailed):
    """The client made a call that no correct client makes."""


class UnsafeRepeat(ClientFailed):
    """The client repeated a write without a look."""


class UnhandledExchange(ClientFailed):
    """An exchange waits for the seller and its client does nothing about it."""


class Evidence(Struct, frozen=True):
    """How a failure shows through the control API: the answer to `GET` `path` below the sandbox has `text`, or has it not."""

    path: str
    text: str
    there: bool


class CheckFailure(Struct, frozen=True, kw_only=True):
    """What went wrong: the check's name, what happened, the error to raise.

    `expected` is what a story expects of the exchange `dispute_id`, or of all, and does not find; `evidence` the same over
    HTTP.  Both are empty where the platform has seen nothing wrong: the failure is within the client.
    """

    check: str
    zh: str
    en: str
    error: BaseException
    dispute_id: int = 0
    expected: Mapping[str, Any] = {}
    evidence: Evidence | None = None

    @property
    def kind(self) -> tuple[str, ...]:
        """What makes two failures the same: check, error, how the sentence begins, whatever the numbers in it."""
        return (
            self.check,
            type(self.error).__name__,
            re.sub(r"[0-9]+", "", self.en.partition(":")[0]),
        )


class CheckContext(Struct, frozen=True):
    """What a check looks at: the world after the client has acted, the calls it just made, the ids of all its calls.

    `resting` are the exchanges, once there were enough rounds in which none of them moved.
    """

    world: World
    heard: Sequence[RecordedCall]
    calls: frozenset[str]
    resting: frozenset[int]
    handles: tuple[int, ...]


_ERRORS: Mapping[str, type[ClientFailed]] = MappingProxyType(
    {"offences": IllegalCall, "repeats": UnsafeRepeat, "left_lying": UnhandledExchange}
)


def join_lines(text: str) -> str:
    """The text on one line, without signs that cannot be printed."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _failed(check: str, zh: str, en: str, **more: Any) -> CheckFailure:
    zh, en = join_lines(zh), join_lines(en)
    return CheckFailure(check=check, zh=zh, en=en, error=_ERRORS[check](f"{zh} ({en})"), **more)


def _offences(acted: CheckContext) -> Iterator[CheckFailure]:
    for entry in (heard.trouble for heard in acted.heard):
        what = entry and _offence(entry)
        if entry is None or not what:
            continue
        zh, en = (
            f"{what[0]}：{entry.method} {entry.cause_zh}",
            f"{what[1]}: {entry.method}: {entry.cause_en}",
        )
        for finding in find_rounded_ids(decode_calls([entry]), _ids(acted.world)):
            zh, en = f"{zh}；{finding.zh}", f"{en}; {finding.en}"
        code = {"code": entry.code} if entry.outcome == "refused" else {"msg_code": entry.msg_code}
        query = urlencode({"method": entry.method, **code, "limit": 0})
        yield _failed(
            "offences",
            zh,
            en,
            evidence=Evidence(f"requests?{query}", '"total":0', there=False),
            expected={"requests": {"method": entry.method, **code, "count": 0}},
        )


def _offence(entry: Entry) -> tuple[str, str] | None:
    """What kind of offence a call is, in Chinese and English; None where it is none, or a planned fault had a hand in it."""
    if entry.fault:
        return None
    if entry.outcome == "refused":
        return _PLATFORM.get(entry.code, _OTHER) if entry.code >= _FROM else None
    if entry.rule.startswith(STATE_FAILURES):
        return "在不允许的状态下操作", "a move that the state does not allow"
    return ("编号不存在", "an id that does not exist") if entry.rule.startswith(_STRANGE) else None


def _ids(world: World) -> dict[str, set[int]]:
    exchanges, trades = world.view.exchanges(), world.view.trades()
    return {
        "dispute_id": {each.dispute_id for each in exchanges},
        "tid": {each.tid for each in trades},
        "oid": {each.oid for each in trades},
    }


def _repeats(acted: CheckContext) -> Iterator[CheckFailure]:
    if not any(_writes(each) for each in acted.heard):
        return
    latest = {each.request_id for each in acted.heard}
    for finding in audit(decode_calls(acted.world.journal.recent()[1])).findings:
        calls = [entry.request_id for entry in finding.entries]
        if latest.intersection(calls[1:]) and acted.calls.issuperset(calls):
            first = finding.entries[0]
            counted = {
                "method": first.method,
                "dispute_id": first.dispute_id,
                "count": {"below": len(calls)},
            }
            yield _failed(
                "repeats",
                finding.zh,
                finding.en,
                dispute_id=int(first.dispute_id),
                expected={"requests": counted},
                evidence=Evidence("report", '"unsafe":0', there=False),
            )


def _writes(heard: RecordedCall) -> bool:
    method = METHODS.get(heard.call.texts.get("method", ""))
    return method is not None and method.move is not None


def _left_lying(acted: CheckContext) -> Iterator[CheckFailure]:
    for number in sorted(acted.resting):
        exchange = acted.world.view.exchange(number)
        if exchange.status in acted.handles and _can_act(acted.world, exchange):
            status = exchange.status
            yield _failed(
                "left_lying",
                f"换货单 {number} 停在「{status.zh}」，客户端工作了两轮仍没有动作",
                f"exchange {number} waits at {status.value} though the client has worked twice",
                dispute_id=number,
                expected={"status": {"not": acted.world.view.rules.text(f"text.{status.value}")}},
                evidence=Evidence(f"exchanges/{number}", f'"status":{status.value},', there=True),
            )


def _can_act(world: World, exchange: Exchange) -> bool:
    """Whether the seller can go on: to agree takes stock."""
    return (
        exchange.status is not Status.WAIT_SELLER_AGREE
        or world.view.accounts(exchange.exchange_sku).available >= exchange.num
    )


CHECKS: Mapping[str, Callable[[CheckContext], Iterator[CheckFailure]]] = MappingProxyType(
    {"offences": _offences, "repeats": _repeats, "left_lying": _left_lying}
)
