"""The list of planned faults: one literal a fault.

A fault whose effect is REPLY has its function, by its name, in `REPLY_EFFECTS`
(gateway/faults/reply_effects.py), one whose effect is READ in `READ_EFFECTS` (read_effects.py); a
test holds that none is missing.  Faults of the message channel stand in message_fault_kinds.py.
Sources: docs/spec/top-protocol.md#top-4, #top-6.
"""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from ...domain.evidence import assumed, documented, inferred
from ...protocol.errors import SUB_CODES
from .fault_types import TIMEOUT, Calls, Effect, FaultKind, FaultOption
from .message_fault_kinds import MESSAGE_FAULTS

__all__ = ["FAULTS"]


def _text(name: str, default: str, zh: str, en: str) -> FaultOption:
    return FaultOption(name, default, zh, en, 0, 500)


def _seconds(default: float, zh: str, en: str) -> FaultOption:
    return FaultOption("seconds", default, zh, en, 0, 60)


_LOST = (
    FaultOption(
        "as",
        "reset",
        "调用方看到什么：连接重置、一直没有应答、或超时错误",
        "what the caller sees: a reset, no answer at all, or the timeout error",
        among=("reset", "hang", TIMEOUT),
    ),
    _seconds(60.0, "as 为 hang 时多久后断开", "how long a hang lasts before the connection closes"),
)
_EXECUTED = FaultOption("executed", True, "调用是否已执行", "whether the call is carried out")

FAULTS: Mapping[str, FaultKind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            FaultKind(
                name="platform_error",
                effect=Effect.REFUSE,
                evidence=documented("top", "log"),
                zh="平台错误：任意 code 与 sub_code，调用不执行",
                en="a platform error of any code and sub_code; the call is not carried out",
                options=(
                    FaultOption("code", 15, "错误码", "the code", 1, 9999),
                    _text(
                        "sub_code",
                        "",
                        "子错误码；15 默认 isp.remote-service-error",
                        "the sub_code; of 15 isp.remote-service-error",
                    ),
                    _text(
                        "msg",
                        "",
                        "错误文字，默认为该错误码的文字",
                        "the text; by default the code's own",
                    ),
                    _text("sub_msg", "", "子错误文字", "the text of the sub_code"),
                ),
            ),
            FaultKind(
                name="business_failure",
                effect=Effect.FAIL,
                calls=Calls.FAILING,
                evidence=assumed("codes are the platform's own secret", "isv"),
                zh="业务失败：任意 msg_code 与 message，调用不执行",
                en="a business failure of any msg_code and message; the call is not carried out",
                options=(
                    _text("msg_code", "SYSTEM_ERROR", "业务错误码", "the code"),
                    _text("message", "系统繁忙，请稍后再试", "业务错误文字", "the text"),
                ),
            ),
            FaultKind(
                name="limited",
                effect=Effect.BAN,
                evidence=documented("top", "log"),
                zh="限流：code 7 与封禁时间；封禁期间同样的调用都被拒，秒数递减",
                en=(
                    "error 7 with a ban: until it ends all such calls are refused, with falling "
                    "seconds"
                ),
                options=(
                    FaultOption("seconds", 1, "封禁多少秒", "how long the ban lasts", 1, 86_400),
                    FaultOption(
                        "sub_code",
                        "accesscontrol.limited-by-app-api-access-count",
                        "子错误码",
                        "the sub_code",
                        among=tuple(sub.name for sub in SUB_CODES if sub.code == 7),
                    ),
                ),
            ),
            FaultKind(
                name="session_expired",
                effect=Effect.REFUSE,
                calls=Calls.SESSIONS,
                evidence=documented("top", "log"),
                zh="会话中途过期：code 27；times 为 null 时一直如此，直到删除此故障",
                en=(
                    "the session has expired in mid-flow: error 27; with times null until the "
                    "fault is dropped"
                ),
                fixed=MappingProxyType(
                    {
                        "code": 27,
                        "msg": "Invalid session:session-expired",
                        "sub_code": "session-expired",
                    }
                ),
            ),
            FaultKind(
                name="latency",
                effect=Effect.REPLY,
                evidence=assumed(),
                zh="应答延迟：固定、均匀或对数正态；调用已执行",
                en="the reply comes late: fixed, uniform or log-normal; the call is carried out",
                options=(
                    FaultOption(
                        "distribution",
                        "fixed",
                        "延迟的分布",
                        "how delays spread",
                        among=("fixed", "uniform", "log_normal"),
                    ),
                    _seconds(
                        1.0,
                        "固定值；均匀分布的上限；对数正态的中位数",
                        "the delay; the longest of a uniform one; the median of a log-normal one",
                    ),
                    FaultOption(
                        "shortest",
                        0.0,
                        "均匀分布的下限(秒)",
                        "the shortest of a uniform delay, in seconds",
                        0,
                        60,
                    ),
                    FaultOption(
                        "sigma", 0.5, "对数正态的离散度", "the spread of a log-normal delay", 0, 5
                    ),
                ),
            ),
            FaultKind(
                name="slow_body",
                effect=Effect.REPLY,
                evidence=assumed(),
                zh="应答体分块缓慢送达；调用已执行",
                en="the body arrives slowly, in pieces; the call is carried out",
                options=(
                    _seconds(3.0, "全程多少秒", "how long it takes in all"),
                    FaultOption("pieces", 10, "分成多少块", "in how many pieces", 2, 1000),
                ),
            ),
            FaultKind(
                name="reset",
                effect=Effect.REPLY,
                loses=True,
                evidence=assumed(),
                zh="连接被重置(RST)",
                en="the connection is reset (RST)",
                options=(
                    FaultOption(
                        "bytes",
                        0,
                        "重置前送出应答体多少字节；0 为什么都不送",
                        "bytes of the body that leave before; 0: nothing at all",
                        0,
                        10_000_000,
                    ),
                    _EXECUTED,
                ),
            ),
            FaultKind(
                name="empty_reply",
                effect=Effect.REPLY,
                loses=True,
                evidence=assumed(),
                zh="连接关闭，没有任何应答",
                en="the connection closes without any reply",
                options=(_EXECUTED,),
            ),
            FaultKind(
                name="truncated",
                effect=Effect.REPLY,
                loses=True,
                evidence=assumed(),
                zh="应答体被截断，短于 Content-Length；调用已执行",
                en="the body is cut short of its Content-Length; the call is carried out",
                options=(FaultOption("part", 0.5, "送达的比例", "the part that arrives", 0, 0.99),),
            ),
            FaultKind(
                name="garbled",
                effect=Effect.REPLY,
                loses=True,
                evidence=assumed(),
                zh="应答体被损坏：若干字节变成非法 UTF-8；调用已执行",
                en="the body is damaged: some bytes are no UTF-8; the call is carried out",
                options=(
                    FaultOption("bytes", 8, "损坏多少字节", "how many bytes are damaged", 1, 1000),
                ),
            ),
            FaultKind(
                name="wrong_content_type",
                effect=Effect.REPLY,
                evidence=assumed("several SDKs read the body by it", "sdk"),
                zh="Content-Type 不对，应答体不变；调用已执行",
                en="the Content-Type is wrong, the body is not; the call is carried out",
                options=(
                    _text(
                        "content_type",
                        "text/html;charset=GBK",
                        "错误的 Content-Type",
                        "the wrong Content-Type",
                    ),
                ),
            ),
            FaultKind(
                name="gateway_5xx",
                effect=Effect.REPLY,
                loses=True,
                evidence=inferred("top", note="other statuses than 200 are transport trouble"),
                zh="HTTP 502、503 或 504 与 nginx 样式的页面",
                en="HTTP 502, 503 or 504 with a page like nginx's",
                options=(
                    FaultOption(
                        "status", 502, "HTTP 状态", "the HTTP status", among=(502, 503, 504)
                    ),
                    FaultOption(
                        "executed", False, "调用是否已执行", "whether the call is carried out"
                    ),
                ),
            ),
            FaultKind(
                name="reply_lost",
                effect=Effect.REPLY,
                loses=True,
                evidence=inferred(
                    "log", note="isp.remote-service-timeout says nothing about the outcome"
                ),
                zh="已执行，应答丢失：状态变了，调用方不知道",
                en=(
                    "carried out, but the reply is lost: the state has changed and the caller "
                    "cannot know"
                ),
                options=_LOST,
            ),
            FaultKind(
                name="refused_reply_lost",
                effect=Effect.REPLY,
                loses=True,
                evidence=inferred(
                    "log", note="isp.remote-service-timeout says nothing about the outcome"
                ),
                zh="未执行，应答丢失：与 reply_lost 在调用方看来一样",
                en=(
                    "refused, nothing has changed, and the reply is lost: to the caller the same "
                    "as reply_lost"
                ),
                options=_LOST,
                fixed=MappingProxyType({"executed": False}),
            ),
            FaultKind(
                name="duplicate_delivery",
                effect=Effect.TWICE,
                loses=True,
                evidence=assumed(),
                zh="请求被投递两次：执行两次，返回第二次的应答",
                en="the request is delivered twice: carried out twice, the second reply is sent",
            ),
            FaultKind(
                name="stale_read",
                effect=Effect.READ,
                calls=Calls.READS,
                evidence=assumed(),
                looks_back=True,
                zh="读到旧数据：若干次写之前，或若干时间之前",
                en="a read answers with the state of some writes, or some time, ago",
                options=(
                    FaultOption("writes", 1, "多少次写之前", "how many writes ago", 1, 1000),
                    FaultOption(
                        "ago",
                        timedelta(),
                        "多久之前；给出时代替 writes",
                        "how long ago; instead of writes where it is given",
                        0,
                        86_400 * 365,
                    ),
                ),
            ),
            FaultKind(
                name="same_second",
                effect=Effect.READ,
                calls=Calls.LISTS,
                evidence=inferred("isv"),
                zh="增量陷阱：许多变更落在同一秒 modified",
                en="polling lists: many changes share one second of modified",
                options=(
                    FaultOption(
                        "within",
                        timedelta(minutes=1),
                        "多长时间内的变更显示为同一秒",
                        "changes within this time show the same second",
                        1,
                        86_400,
                    ),
                ),
            ),
            FaultKind(
                name="moving_rows",
                effect=Effect.READ,
                calls=Calls.PAGES,
                evidence=inferred("isv"),
                zh="增量陷阱：翻到第 2 页及以后时，一行刚好被修改而换了页",
                en=(
                    "polling lists: as page 2 or later is asked for, a row is modified and moves "
                    "between pages"
                ),
                options=(
                    FaultOption(
                        "row",
                        "unseen",
                        "哪一行：未读到的(会漏读)，或已读过的(窗口有结束时间时后面的行前移)",
                        "which: one not read yet, or one read before (with an end to the "
                        "window the rows after it move up)",
                        among=("unseen", "seen"),
                    ),
                ),
            ),
            FaultKind(
                name="exclusive_end",
                effect=Effect.READ,
                calls=Calls.WINDOWS,
                evidence=assumed("windows include both ends otherwise", "product"),
                zh="增量陷阱：时间窗口不含结束时刻",
                en="polling lists: the end of a window is not part of it",
            ),
            FaultKind(
                name="late_rows",
                effect=Effect.READ,
                calls=Calls.LISTS,
                evidence=inferred("isv"),
                zh="增量陷阱：变更要过一段时间才出现在列表里",
                en="polling lists: a change shows in lists only after some time",
                options=(
                    FaultOption("by", timedelta(seconds=30), "晚多久", "how late", 1, 86_400),
                ),
            ),
            FaultKind(
                name="clock_skew",
                effect=Effect.READ,
                calls=Calls.LISTS,
                evidence=inferred("isv"),
                zh="增量陷阱：列表里的 modified 与时钟差几秒，窗口也按它筛选",
                en="polling lists: modified in lists is off by some seconds, and windows go by it",
                options=(
                    FaultOption(
                        "seconds",
                        -5,
                        "差多少秒，负数为落后",
                        "how many seconds; less than 0 is behind",
                        -86_400,
                        86_400,
                    ),
                ),
            ),
            *MESSAGE_FAULTS,
        )
    }
)
