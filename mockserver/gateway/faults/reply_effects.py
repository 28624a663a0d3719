"""Apply a planned fault to a call: refuse it, change its reply or the delivery, and say so.

The model.  A fault that refuses a call gives a `TopError` (`fault_refusal`), which the pipeline
answers and journals like any other.  A fault of replies takes the finished `Reply` and returns
another: other bytes or headers, or a `Delivery` that says how the connection carries it (a delay,
pieces, an early end).  Nothing here waits or writes; `connection_control.py` carries it out.

Why.  The move of such a call has happened: the journal holds the reply that the platform meant to
send, and only what the caller gets is worse.  All chances are drawn from the match's seed, so a
replay is disturbed at the same bytes.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from math import cos, exp, log, pi, sqrt

from msgspec.structs import replace

from ...domain.durations import format_duration
from ...protocol.errors import CODES, TopError, make_ban_error
from ...protocol.messages import ConnectionEnd, Delivery, Reply
from ...world.faults.fault_matching import FaultMatch
from ...world.faults.fault_types import TIMEOUT, Effect, Value
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

_USUAL_SUB_CODES = {15: "isp.remote-service-error"}  # by code
_MAX_DELAY_SECONDS = 60.0
_REASONS = {502: "Bad Gateway", 503: "Service Temporarily Unavailable", 504: "Gateway Time-out"}


def fault_refusal(match: FaultMatch) -> TopError | None:
    """Return the platform error of a call that the fault refuses; None if it lets it pass.

    Source: docs/spec/top-protocol.md#top-4.3.
    """
    fault, effect = match.fault, match.fault.declared.effect
    if effect is Effect.BAN:
        return make_ban_error(fault.text("sub_code"), match.ban, "限流", "limited")
    if effect is Effect.REPLY and fault.options.get("executed") is False:
        # The texts are those of the wire.
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
        sub_code=fault.text("sub_code") or _USUAL_SUB_CODES.get(code, ""),
        sub_msg=fault.text("sub_msg"),
    )


def timeout_error(match: FaultMatch) -> TopError | None:
    """Return the error of a caller whose reply is lost behind the gateway; None: lost before it.

    Source: docs/spec/top-protocol.md#top-4.3.
    """
    if match.fault.text("as") != TIMEOUT:
        return None
    return TopError(15, sub_code=TIMEOUT, sub_msg="API调用服务超时")


def apply_fault(reply: Reply, match: FaultMatch) -> Reply:
    """Return the reply as it leaves; a fault that does nothing to replies leaves it as it is."""
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
    """Return the reply with some bytes as 0xFF, which no UTF-8 text contains."""
    body = bytearray(reply.body)
    for place in range(int(match.fault.number("bytes"))):
        body[int(match.draw(f"byte {place}") * len(body))] = 0xFF
    return replace(reply, body=bytes(body))


def _wrong_content_type(reply: Reply, match: FaultMatch) -> Reply:
    kind = ("Content-Type", match.fault.text("content_type"))
    return replace(
        reply, headers=(kind, *(header for header in reply.headers if header[0] != "Content-Type"))
    )


def _gateway_5xx(reply: Reply, match: FaultMatch) -> Reply:
    status = int(match.fault.number("status"))
    line = f"{status} {_REASONS[status]}"
    page = (
        f"<html>\r\n<head><title>{line}</title></head>\r\n"
        f"<body>\r\n<center><h1>{line}</h1></center>\r\n"
        "<hr><center>Tengine</center>\r\n</body>\r\n</html>\r\n"
    )
    own = [header for header in reply.headers if header[0].startswith("X-Sandbox-")]
    return Reply(
        page.encode(),
        (("Server", "Tengine"), ("Content-Type", "text/html"), *own),
        line,
        Delivery(),
    )


def _lost(reply: Reply, match: FaultMatch) -> Reply:
    loss = match.fault.text("as")
    if loss == TIMEOUT:
        return reply
    if loss == "hang":
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
    """Return seconds drawn from the fault's distribution: whole milliseconds, at most 60 s."""
    fault, spread = match.fault, match.fault.text("distribution")
    seconds = fault.number("seconds")
    if spread == "uniform":
        shortest = fault.number("shortest")
        seconds = shortest + (seconds - shortest) * match.draw("delay")
    elif spread == "log_normal":
        # two even draws make a normal one (Box and Muller)
        normal = sqrt(-2 * log(1 - match.draw("delay"))) * cos(2 * pi * match.draw("angle"))
        seconds *= exp(fault.number("sigma") * normal)
    return round(min(seconds, _MAX_DELAY_SECONDS), 3)


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
    """Return in short what the fault does to this call, e.g. `1.5s`."""
    fault, effect = match.fault, match.fault.declared.effect
    if effect is Effect.BAN:
        return f"{match.ban}s"
    if effect is Effect.TWICE:
        return "second delivery" if match.again else "first delivery"
    if fault.kind == "latency":
        return f"{_delay(match):g}s"
    return ", ".join(
        f"{name}={_format_option(value)}" for name, value in fault.options.items() if value != ""
    )


def _format_option(value: Value) -> str:
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def fault_sentences(match: FaultMatch) -> tuple[str, str]:
    """Return what the journal says about the fault, in Chinese and English."""
    fault, kind, effect = match.fault, match.fault.declared, describe_effect(match)
    suffix = f" [{effect}]" if effect else ""
    return (
        f"计划的故障 {fault.id} {fault.kind}：{kind.zh}{suffix}",
        f"planned fault {fault.id} {fault.kind}: {kind.en}{suffix}",
    )


def mark_entry(entry: Entry, match: FaultMatch) -> Entry:
    """Return the entry with its fault; `lost`: the caller does not get the reply that it has."""
    lost = match.fault.declared.loses and not match.again
    return replace(
        entry,
        fault=match.fault.kind,
        fault_id=match.fault.id,
        effect=describe_effect(match),
        lost=lost,
    )
