"""What a client should not do, as one table: every rule of the idempotency audit and of the lint.

The audit stands in `audit`, the other checks in `lint_calls` (call by call) and `lint_flow` (calls
together).  A rule more is one literal here and one check in `lint.LINT_CHECKS`.

Sources: docs/spec/top-protocol.md#top-1.2, #top-4, #top-6; docs/spec/exchange-api.md;
docs/spec/exchange-guide.md.
"""

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType

from msgspec import Struct

from ..domain.evidence import Evidence, assumed, documented, inferred

__all__ = ["LINT_RULES", "LintRule", "Severity"]


class Severity(IntEnum):
    """How bad a finding is, worst first."""

    ERROR = 1
    WARNING = 2
    HINT = 3

    @property
    def word(self) -> str:
        """Return the English word, as the control API shows it."""
        return self.name.lower()

    @property
    def zh(self) -> str:
        """Return the Chinese word."""
        return {Severity.ERROR: "错误", Severity.WARNING: "警告", Severity.HINT: "提示"}[self]


class LintRule(Struct, frozen=True, kw_only=True):
    """One thing that a client should not do: `zh` and `en` say why, and what to do instead."""

    id: str
    severity: Severity
    title: str
    zh: str
    en: str
    evidence: Evidence

    @property
    def page(self) -> str:
        """Return the page that says what it costs, with a wrong and a right form.

        The Chinese one has `.zh-CN` before `.md`.
        """
        return f"docs/client-findings.md#{self.id}"


LINT_RULES: Mapping[str, LintRule] = MappingProxyType(
    {
        rule.id: rule
        for rule in (
            # the idempotency audit
            LintRule(
                id="double_shipment",
                severity=Severity.ERROR,
                title="重复发货，运单号不同",
                evidence=documented("guide", note="guide-5: an exchange ships once, from 12"),
                zh=(
                    "同一换货单已发货成功，又用另一个运单号发货：第二件可能已经寄出。"
                    "发货前先按换货单记下运单号，重试只用原来的运单号"
                ),
                en=(
                    "an exchange that has been shipped is shipped again with another waybill: a "
                    "second parcel may be on its way. Keep the waybill by exchange before "
                    "shipping; retry with the same one only"
                ),
            ),
            LintRule(
                id="unsafe_repeat",
                severity=Severity.ERROR,
                title="未先查询就重复写操作",
                evidence=assumed("a repeated write is a second call and meets the new state"),
                zh=(
                    "写操作已经成功(应答可能丢失)，客户端没有先读取换货单就再次发送。应答不明时先 "
                    "tmall.exchange.get 看状态，再决定是否重试"
                ),
                en=(
                    "a write that had succeeded (its reply may have been lost) is sent again "
                    "without reading the exchange first. When a reply is missing, ask "
                    "tmall.exchange.get for the status, then decide"
                ),
            ),
            LintRule(
                id="double_message",
                severity=Severity.WARNING,
                title="同样的留言发了两次",
                evidence=assumed("messages are not compared"),
                zh=(
                    "同一换货单收到两条内容相同的留言，中间没有查询留言：买家会看到两遍。重试前先 "
                    "tmall.exchange.messages.get"
                ),
                en=(
                    "the same message was added twice without reading the messages in between: "
                    "the buyer sees both. Before a retry ask tmall.exchange.messages.get"
                ),
            ),
            # the lint
            LintRule(
                id="call_in_ban",
                severity=Severity.ERROR,
                title="封禁期间继续调用",
                evidence=documented("top", "log"),
                zh=(
                    "code 7 的 sub_msg 说明封禁还剩几秒，这段时间内的调用都会被拒。读出秒数，"
                    "等够再调用"
                ),
                en=(
                    "the sub_msg of code 7 says for how many seconds a ban lasts; every call "
                    "until then is refused. Read the number and wait"
                ),
            ),
            LintRule(
                id="ids_rounded",
                severity=Severity.ERROR,
                title="编号被舍入为双精度浮点数",
                evidence=documented("log", note="ids beyond 2^53"),
                zh=(
                    "请求的编号不存在，却正是一个真实编号经过双精度浮点数后的样子："
                    "编号要用字符串或 64 位整数保存(JavaScript、PHP、Excel 常见)"
                ),
                en=(
                    "the id asked for does not exist, but is what a real one becomes in a double: "
                    "keep ids as text or 64-bit integers (JavaScript, PHP, spreadsheets)"
                ),
            ),
            LintRule(
                id="failure_ignored",
                severity=Severity.ERROR,
                title="忽略了失败的应答",
                evidence=documented("api", "isv"),
                zh=(
                    "写操作失败(result.success=false 或错误码)后，"
                    "客户端没有查询就做了以它成功为前提的下一步。HTTP 200 不等于成功：检查 "
                    "error_response 与 result.success"
                ),
                en=(
                    "after a write failed (result.success=false, or an error code) the client "
                    "took a step that presumes its success, without reading. HTTP 200 is no "
                    "success: look at error_response and result.success"
                ),
            ),
            LintRule(
                id="unknown_parameter",
                severity=Severity.WARNING,
                title="文档里没有的参数",
                evidence=documented("api", "top"),
                zh=(
                    "平台会忽略文档里没有的参数，多半是拼写错误。注意官方拼写："
                    "end_gmt_modifed_time、logistic_no(查询)与 logistics_no(发货)"
                ),
                en=(
                    "the platform ignores parameters that no page documents; most are misspelt. "
                    "Mind the official spellings: end_gmt_modifed_time, logistic_no (list) and "
                    "logistics_no (shipment)"
                ),
            ),
            LintRule(
                id="no_window",
                severity=Severity.WARNING,
                title="轮询列表没有时间范围",
                evidence=inferred("isv", "api"),
                zh=(
                    "tmall.exchange.receive.get 既没有时间范围也没有单号：每次都要翻完全部历史。"
                    "用 start_gmt_modified_time 与 end_gmt_modifed_time 增量查询"
                ),
                en=(
                    "tmall.exchange.receive.get without a time window or an id goes through all "
                    "history each time. Ask by start_gmt_modified_time and end_gmt_modifed_time"
                ),
            ),
            LintRule(
                id="pages_unfinished",
                severity=Severity.WARNING,
                title="没有翻完页",
                evidence=documented("api"),
                zh="应答的 has_next 为 true，却没有请求其余的页：后面的换货单或留言被漏掉",
                en=(
                    "a reply said has_next, but the other pages were never asked for: what stands "
                    "there is missed"
                ),
            ),
            LintRule(
                id="confirmed_unhandled",
                severity=Severity.WARNING,
                title="消息未处理就确认",
                evidence=documented(
                    "tmc",
                    note=(
                        "confirmed messages are not sent again; that reading shows the handling "
                        "is assumed"
                    ),
                ),
                zh=(
                    "取到消息后没有查询或处理任何换货单就确认(taobao.tmc.messages.confirm)："
                    "之后程序若中断，这些消息不会再来。先处理或可靠保存，再确认"
                ),
                en=(
                    "messages were confirmed (taobao.tmc.messages.confirm) before any exchange "
                    "was looked at: if the program stops now they never come again. Handle or "
                    "store them safely, then confirm"
                ),
            ),
            LintRule(
                id="fields_missing",
                severity=Severity.WARNING,
                title="没有给 fields",
                evidence=documented("api"),
                zh="fields 是必填参数：平台答 code 40(旧版 SDK 的个别方法除外)",
                en=(
                    "fields is required: the platform answers code 40 (some methods of older SDKs "
                    "apart)"
                ),
            ),
            LintRule(
                id="version_missing",
                severity=Severity.WARNING,
                title="没有给 v",
                evidence=documented("top"),
                zh="v 是必填的系统参数，值为 2.0",
                en="v is a required system parameter, 2.0",
            ),
            LintRule(
                id="polling_fast",
                severity=Severity.WARNING,
                title="同一查询过于频繁",
                evidence=assumed("figures per second are not public"),
                zh=(
                    "一秒内把同一个查询重复了多次：会耗尽应用的调用配额。放慢轮询，"
                    "或只查询改动过的时间段"
                ),
                en=(
                    "the same query came several times within a second: that uses up the app's "
                    "quota. Poll more slowly, or only what has been modified"
                ),
            ),
            LintRule(
                id="hopeless_retry",
                severity=Severity.WARNING,
                title="重试不可能成功的调用",
                evidence=documented("top"),
                zh=(
                    "sub_code 以 isv. 开头表示调用方的错误，原样重试不会成功；只有 isp. "
                    "开头的才值得重试"
                ),
                en=(
                    "a sub_code that begins with isv. is the caller's own mistake, the same call "
                    "cannot succeed; only isp. is worth a retry"
                ),
            ),
            LintRule(
                id="session_in_url",
                severity=Severity.WARNING,
                title="session 在明文 URL 里",
                evidence=assumed("addresses stand in the logs of proxies"),
                zh=(
                    "用 http 的 GET 发送 session：它会留在各级代理与访问日志里。改用 POST 表单，"
                    "生产环境用 https"
                ),
                en=(
                    "a session sent by GET over plain http stays in the logs of every proxy. Use "
                    "a POST form, and https in production"
                ),
            ),
            LintRule(
                id="unknown_field",
                severity=Severity.HINT,
                title="fields 里有文档没有的字段",
                evidence=documented("api"),
                zh="fields 中不认识的名字会被忽略，应答里就没有这个字段",
                en="names in fields that nobody knows are ignored: the reply lacks them",
            ),
            LintRule(
                id="every_field",
                severity=Severity.HINT,
                title="fields 取了全部字段",
                evidence=assumed("each field costs, and some are personal"),
                zh="要了全部字段，包括买家的姓名、电话、地址：只取用得到的字段",
                en=(
                    "all fields were asked for, the buyer's name, number and address among them: "
                    "ask for what is used"
                ),
            ),
            LintRule(
                id="md5_sign",
                severity=Severity.HINT,
                title="用 md5 签名",
                evidence=documented("sdk", note="the official Java SDK's default is hmac-sha256"),
                zh="md5 仍然可用；新接入建议 sign_method=hmac-sha256",
                en="md5 still works; for new clients sign_method=hmac-sha256 is the better choice",
            ),
        )
    }
)
