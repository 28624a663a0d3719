"""What a planned fault does to a call: the refusal instead of an answer, the harm to a reply, the words for both.

Pure: a reply and a fault that strikes give the reply as it goes out, with the manner of its going.  wire.py carries it out.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from math import cos, exp, log, pi, sqrt

from msgspec.structs import replace

from ...domain.durations import format_duration
from ...protocol.errors import CODES, TopError, make_ban_error
from ...protocol.messages import ConnectionEnd, Delivery, Reply
from ...world.faults.fault_kinds import Effect, Value
from ...world.faults.fault_matching import FaultMatch
from ...world.journal import Entry

__all__ = [
    "REPLY_EFFECTS",
    "apply_fault",
    "describe_effect",
    "fault_refusal",
    "fault_sentences",
    "mark_entry",
    "timeout_error",
]

TIMEOUT, _USUAL = "isp.remote-service-timeout", {15: "isp.remote-service-error"}
_DELAY_AT_MOST = 60.0
_REASONS = {502: "Bad Gateway", 503: "Service Temporarily Unavailable", 504: "Gateway Time-out"}


def fault_refusal(match: FaultMatch) -> TopError | None:
    """The platform error that stands in the journal for a call that the fault keeps from being carried out."""
    fault, effect = match.fault, match.fault.declared.effect
    if effect is Effect.BAN:
        return make_ban_error(fault.text("sub_code"), match.ban, "限流", "limited")
    if effect is Effect.REPLY and fault.options.get("executed") is False:
        # source: docs/spec/top-protocol.md#top-4.3, texts seen on the wire
        return TopError(
            15,
            sub_code="isp.remote-connection-error",
            sub_msg="API调用远程连接错误",
            zh="调用未执行",
            en="the call was not carried out",
        )
    if effect is not Effect.REFUSE:
        return None
    code = int(fault.number("code"))
    wire = CODES[code].wire if code in CODES else ""
    return TopError(
        code,
        msg=fault.text("msg") or wire,
        sub_code=fault.text("sub_code") or _USUAL.get(code, ""),
        sub_msg=fault.text("sub_msg"),
    )


def timeout_error(match: FaultMatch) -> TopError | None:
    """The error that a caller gets whose reply is lost behind the gateway; None where the reply is lost before it."""
    if match.fault.text("as") != TIMEOUT:
        return None
    return TopError(
        15, sub_code=TIMEOUT, sub_msg="API调用服务超时"
    )  # source: docs/spec/top-protocol.md#top-4.3


def apply_fault(reply: Reply, match: FaultMatch) -> Reply:
    """The reply as it goes out; a fault that does nothing to replies leaves it as it is."""
    effect = REPLY_EFFECTS.get(match.fault.kind)
    return reply if effect is None else effect(reply, match)


def _latency(reply: Reply, match: FaultMatch) -> Reply:
    return replace(reply, delivery=Delivery(wait_seconds=_delay(match)))


def _slow_body(reply: Reply, match: FaultMatch) -> Reply:
    return replace(
        reply,
        delivery=Delivery(
            pieces=int(match.fault.number("pieces")), spread_seconds=match.fault.number("seconds")
        ),
    )


def _reset(reply: Reply, match: FaultMatch) -> Reply:
    sent = int(match.fault.number("bytes"))
    return replace(
        reply, delivery=Delivery(no_response=not sent, truncate_at=sent, end=ConnectionEnd.RESET)
    )


def _empty_reply(reply: Reply, match: FaultMatch) -> Reply:
    return replace(reply, delivery=Delivery(no_response=True, end=ConnectionEnd.CLOSE))


def _truncated(reply: Reply, match: FaultMatch) -> Reply:
    return replace(
        reply,
        delivery=Delivery(
            truncate_at=int(len(reply.body) * match.fault.number("part")), end=ConnectionEnd.CLOSE
        ),
    )


def _garbled(reply: Reply, match: FaultMatch) -> Reply:
    """Some bytes become 0xFF, which no UTF-8 text contains."""
    body = bytearray(reply.body)
    for place in range(int(match.fault.number("bytes"))):
        body[int(match.draw(f"byte {place}") * len(body))] = 0xFF
    return replace(reply, body=bytes(body))


def _wrong_content_type(reply: Reply, match: FaultMatch) -> Reply:
    kind = ("Content-Type", match.fault.text("content_type"))
    return replace(
        reply, headers=(kind, *(each for each in reply.headers if each[0] != "Content-Type"))
    )


def _gateway_5xx(reply: Reply, match: FaultMatch) -> Reply:
    status = int(match.fault.number("status"))
    line = f"{status} {_REASONS[status]}"
    page = (
        f"<html>\r\n<head><title>{line}</title></head>\r\n<body>\r\n<center><h1>{line}</h1></center>\r\n"
        "<hr><center>Tengine</center>\r\n</body>\r\n</html>\r\n"
    )
    own = [each for each in reply.headers if each[0].startswith("X-Sandbox-")]
    return Reply(
        page.encode(),
        (("Server", "Tengine"), ("Content-Type", "text/html"), *own),
        line,
        Delivery(),
    )


def _lost(reply: Reply, match: FaultMatch) -> Reply:
    way = match.fault.text("as")
    if way == TIMEOUT:
        return reply
    if way == "hang":
        return replace(
            reply,
            delivery=Delivery(
                wait_seconds=match.fault.number("seconds"),
                no_response=True,
                end=ConnectionEnd.CLOSE,
            ),
        )
    return replace(reply, delivery=Delivery(no_response=True, end=ConnectionEnd.RESET))


def _delay(match: FaultMatch) -> float:
    """Seconds drawn from the fault's distribution, in whole milliseconds; a minute at most."""
    fault, spread = match.fault, match.fault.text("distribution")
    seconds = fault.number("seconds")
    if spread == "uniform":
        shortest = fault.number("shortest")
        seconds = shortest + (seconds - shortest) * match.draw("delay")
    elif spread == "log_normal":
        # two even draws make a normal one (Box and Muller)
        normal = sqrt(-2 * log(1 - match.draw("delay"))) * cos(2 * pi * match.draw("angle"))
        seconds *= exp(fault.number("sigma") * normal)
    return round(min(seconds, _DELAY_AT_MOST), 3)


REPLY_EFFECTS: Mapping[str, Callable[[Reply, FaultMatch], Reply]] = {
    "latency": _latency,
    "slow_body": _slow_body,
    "reset": _reset,
    "empty_reply": _empty_reply,
    "truncated": _truncated,
    "garbled": _garbled,
    "wrong_content_type": _wrong_content_type,
    "gateway_5xx": _gateway_5xx,
    "reply_lost": _lost,
    "refused_reply_lost": _lost,
}


def describe_effect(match: FaultMatch) -> str:
    """What the fault does to this call, in short."""
    fault, effect = match.fault, match.fault.declared.effect
    if effect is Effect.BAN:
        return f"{match.ban}s"
    if effect is Effect.TWICE:
        return "second delivery" if match.again else "first delivery"
    if fault.kind == "latency":
        return f"{_delay(match):g}s"
    return ", ".join(
        f"{name}={_shown(value)}" for name, value in fault.options.items() if value != ""
    )


def _shown(value: Value) -> str:
    if isinstance(value, timedelta):
        return format_duration(value)
    return (
        f"{value:g}"
        if isinstance(value, float)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )


def fault_sentences(match: FaultMatch) -> tuple[str, str]:
    """What stands in the journal about the fault, in Chinese and English."""
    fault, kind, effect = match.fault, match.fault.declared, describe_effect(match)
    shown = f" [{effect}]" if effect else ""
    return (
        f"计划的故障 {fault.id} {fault.kind}：{kind.zh}{shown}",
        f"planned fault {fault.id} {fault.kind}: {kind.en}{shown}",
    )


def mark_entry(entry: Entry, match: FaultMatch) -> Entry:
    """The journal entry that tells which fault struck, and whether the caller gets the reply shown."""
    lost = match.fault.declared.loses and not match.again
    return replace(
        entry,
        fault=match.fault.kind,
        fault_id=match.fault.id,
        effect=describe_effect(match),
        lost=lost,
    )
