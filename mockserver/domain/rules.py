"""The rules of a sandbox: what a test may set, with default, bounds and evidence.

Where the documents leave something open (how long a status lasts, the code of a business failure, a
limit, a text), this product does not decide silently: it has a rule.  `RULES` declares every rule
once.  `RuleValues` is one sandbox's value for each of them, immutable: a change makes a new one.  A
row of the table, a parameter's limit or a reply names a rule and reads its value when it needs it,
so a rule that is changed while a test runs holds from the next call on.

Names are `group.key` where a rule exists once a status or failure: `deadline.2` is how long
status 2 lasts, `text.2` the text of status 2 on the wire, `msg_code.no_stock` the code of that
failure.  The rules of statuses come from `Status`, so a new status has them without a line here.

A default that no document states says so in its evidence (`assumed`, source `product`).  What would
break: a default written anywhere else (`explain`, the reference and a sandbox would differ), or a
value kept after it was read (a changed rule would hold for some calls only).

Source: docs/spec/rules.md.
"""

from collections.abc import Mapping
from datetime import timedelta
from difflib import get_close_matches
from types import MappingProxyType

from msgspec import Struct

from .durations import MAX_DURATION, format_duration, parse_duration
from .evidence import Evidence, assumed, documented, inferred
from .topics import REFUND_TOPICS_RULE
from .vocabulary import Deadline, Status

__all__ = ["DEFAULTS", "RULES", "BadRule", "Rule", "RuleValues"]

Setting = bool | int | str | timedelta


class Rule(Struct, frozen=True):
    """A named setting: default, texts, evidence.

    `least` and `most` bound numbers, both included; `among`, if not empty, lists the only values.
    """

    name: str
    default: Setting
    zh: str
    en: str
    evidence: Evidence
    least: int = 0
    most: int = 2**31
    among: tuple[Setting, ...] = ()

    def parse(self, value: object) -> Setting:
        """Return `value` as the type of the default; a duration may be text (`3d12h`).

        Raises:
            BadRule: wrong type, out of bounds, empty, or not among the values.
        """
        setting: Setting | None = value if isinstance(value, bool | int | str) else None
        if isinstance(self.default, timedelta):
            setting = _parse_duration(self.name, value)
        elif type(setting) is not type(self.default):
            raise BadRule(self.name, value, f"{type(self.default).__name__}")
        if self.among and setting not in self.among:
            raise BadRule(self.name, value, " | ".join(map(str, self.among)))
        if type(setting) is int and not self.least <= setting <= self.most:
            raise BadRule(self.name, value, f"{self.least}..{self.most}")
        if setting is None or setting == "":
            raise BadRule(self.name, value, "非空 (not empty)")
        return setting


class BadRule(ValueError):
    """A rule that does not exist, or a value that it cannot take."""

    def __init__(self, name: str, value: object, expected: str) -> None:
        self.name = name
        self.expected = expected
        if name in RULES:
            self.zh = f"规则 {name} 不能取 {value!r}，应为 {expected}"
            self.en = f"rule {name} cannot be {value!r}; expected {expected}"
        else:
            similar = get_close_matches(name, RULES, 1)
            meant_zh = f"是否想写 {similar[0]}？" if similar else ""
            meant_en = f"did you mean {similar[0]}? " if similar else ""
            self.zh = f"没有规则 {name}；{meant_zh}可用：{expected}"
            self.en = f"no rule {name}; {meant_en}use: {expected}"
        super().__init__(f"{self.zh} ({self.en})")


def _parse_duration(name: str, value: object) -> timedelta:
    if isinstance(value, timedelta) and timedelta() <= value <= MAX_DURATION:
        return value
    try:
        return parse_duration(value if isinstance(value, str) else "")
    except ValueError:
        raise BadRule(name, value, "3d12h") from None


def _deadline(status: Status, deadline: Deadline) -> Rule:
    return Rule(
        status.deadline_rule,
        parse_duration(deadline.default),
        f"「{status.zh}」的时限",
        f"how long status {status.value} may last",
        deadline.evidence,
    )


def _text(status: Status) -> Rule:
    return Rule(
        status.text_rule,
        status.zh,
        f"状态 {status.value} 的文字",
        f"text of status {status.value}",
        inferred("isv", note="text on the wire; codes and texts are documented"),
    )


_OWN_NAME = assumed("name chosen here")


def _code(failure: str, code: str, zh: str, en: str, evidence: Evidence = _OWN_NAME) -> Rule:
    """Return the rule that holds the `msg_code` of a business failure."""
    return Rule(f"msg_code.{failure}", code, zh, en, evidence)


# fmt: off
_RULES: tuple[Rule, ...] = (
    *(_deadline(status, status.deadline) for status in Status if status.deadline),
    *(_text(status) for status in Status),
    Rule("fields_required", True, "缺少 fields 是否报 40", "whether a missing fields is error 40",
         documented("api", note="older official SDKs allow it on agree, refuse, consigngoods")),
    Rule("modify_to", 1, "买家修改后回到的状态", "status after the buyer modifies",
         inferred("tmc"), among=(1, 3)),
    Rule("modify_after_agreement", False, "卖家同意后买家能否再修改(从 2 回到 1)",
         "whether the buyer can modify after the seller agreed (from 2 back to 1)",
         assumed("evidence-1: an integrator accepts changes in later states", "evidence")),
    Rule("strict_logistics", False, "物流公司与单号是否严格校验",
         "whether unknown carriers and odd waybills are refused", assumed()),
    Rule("page_size_max", 100, "page_size 上限", "largest page_size",
         inferred("isv"), least=1, most=10_000),
    Rule("message_max_bytes", 400, "留言字节上限", "largest message, UTF-8 bytes",
         inferred("refund"), least=1, most=100_000),
    Rule("picture_max_bytes", 5 * 1024 * 1024, "凭证图片字节上限", "largest proof picture, bytes",
         inferred("refund", "evidence", note="evidence-1: rp.returngoods.refuse, 5M"),
         least=1, most=8 * 1024 * 1024),
    Rule("message_picture_max_bytes", 500 * 1024, "留言图片字节上限",
         "largest picture of a message, bytes",
         inferred("refund", "evidence", note="evidence-1: refund.message.add, 500K"),
         least=1, most=8 * 1024 * 1024),
    Rule("refund_proof_max_bytes", 130_000, "拒绝退款凭证的字节上限",
         "largest proof of a refused refund, bytes",
         documented("evidence", note="evidence-1: refund.refuse proof"),
         least=1, most=8 * 1024 * 1024),
    Rule("session_lifetime", timedelta(days=365), "一次授权有效多久",
         "how long an authorisation lasts",
         inferred("evidence", "top", note="evidence-6: captured 365 days; top-5.2: other kinds")),
    Rule("session_refresh", False, "应用能否刷新 session(订购类应用能)",
         "whether sessions can be refreshed, as apps of the service market can",
         documented("evidence", note="evidence-6")),
    Rule("redirect_hosts", "loopback", "授权后可跳转的主机，逗号分隔；本机总可以",
         "hosts that an authorisation may lead to, joined by commas; this machine always",
         documented("top", note="top-5.1: the registered domain")),
    Rule("container_flow", False, "旧的 container 授权是否还能用",
         "whether the old container flow still works",
         inferred("top", note="top-5.4: obsolete, read from old clients")),
    Rule("container_callback", "none", "container 授权后跳转的地址，应用登记的",
         "where the container flow leads, as the app registered it",
         inferred("top", note="top-5.4: the callback is registered, not sent")),
    Rule("batch_max", 20, "一次批量调用最多几个接口", "most calls of one batch",
         assumed("no document that is still public states it", "top"), least=1, most=1000),
    Rule("pictures_max", 10_000, "一个独立环境保存的图片张数上限",
         "most pictures that a sandbox keeps",
         assumed("this server's own limit", "product"), most=10**6),
    Rule("pictures_max_bytes", 64 * 1024 * 1024, "一个独立环境保存的图片总字节上限",
         "most bytes of all pictures that a sandbox keeps",
         assumed("this server's own limit", "product")),
    Rule("picture_limits", "warn", "JPG、GIF、PNG 以外的图片是否报错",
         "whether pictures other than JPG, GIF, PNG are refused",
         assumed("evidence-1: the siblings take JPG, GIF, PNG; their refusal is unseen",
                 "evidence"),
         among=("warn", "refuse")),
    Rule("timestamp_tolerance", timedelta(minutes=10), "timestamp 允许误差",
         "how far a timestamp may be off", documented("top")),
    Rule("personal_data", "masked", "应答里的姓名、电话、地址是否脱敏",
         "names, phones and addresses of buyers in replies",
         inferred("evidence", note="evidence-1: documented for trades since 2022, inferred for "
                                   "exchanges; the form of the mask is chosen here"),
         among=("masked", "plain")),
    Rule("picture_host", "server", "图片网址用本服务器的地址，还是请求里写的主机",
         "whether pictures' addresses name this server or the host that the request named",
         assumed("evidence-8: through a proxy pictures named the real host, which has none of "
                 "them", "product", "evidence"),
         among=("server", "request")),
    Rule("seconds_timestamp", True, "timestamp 是否可用 10 位秒",
         "whether a timestamp may be 10 digits of seconds",
         inferred("evidence", note="evidence-8: the vendor's C SDK and a Go SDK send seconds")),
    Rule("failure_shape", "result", "业务失败的形式：result 内，或 error_response 15",
         "where a business failure stands: in result, or as an error_response of code 15",
         assumed("evidence-2.3: siblings answer error15; an exchange's own is unseen", "evidence"),
         among=("result", "error15")),
    Rule("dispute_not_exist", "inside", "DISPUTE_NOT_EXIST 在 result 内、旁，或两处都有",
         "whether DISPUTE_NOT_EXIST stands inside result, beside it, or both",
         inferred("evidence", "isv", note="evidence-1: one integrator reads it beside result"),
         among=("inside", "beside", "both")),
    Rule("success_text", "absent", "写操作成功时的文字：message 为 SUCCESS，或 msg_code 为 OP_SUCC",
         "what a write says on success: message SUCCESS, msg_code OP_SUCC, both, or nothing",
         inferred("evidence", "isv", note="evidence-1: read by one integrator; sibling documents"),
         among=("absent", "message", "msg_code", "both")),
    Rule("owner_role", "text", "owner_role 写成文字(卖家主账户)，还是 operator_roles 的数字",
         "whether owner_role is a word or the number that operator_roles has for it",
         inferred("api", "isv", note="api-4: one integrator looks for 卖家 and 买家 in it"),
         among=("text", "number")),
    Rule(REFUND_TOPICS_RULE, False, "换货是否也发 taobao_refund_* 消息(bill_type 为 replace_bill)",
         "whether exchanges also send taobao_refund_* messages (bill_type: replace_bill)",
         assumed("evidence-5.4: one integrator drops such messages", "evidence")),
    Rule("message_redelivery", timedelta(minutes=5), "消息未确认时多久后重发",
         "after how long an unconfirmed message is sent again",
         inferred("top", "evidence", note="top-7.2: about 5 minutes or more; evidence-5.4: one "
                                          "comment says 10 seconds")),
    Rule("message_retention", timedelta(hours=24), "消息最长保留时间", "how long a message is kept",
         documented("top", note="top-7.2")),
    Rule("message_fields", "all", "推送帧的字段：全部，或官方 Node 客户端能解码的",
         "fields of a pushed frame: all, or those that the official Node client can decode",
         inferred("top", note="top-7.7"), among=("all", "node")),
    *(Rule(f"message_type.{author}", default, f"message_type：{zh}", f"message_type of {en}",
           assumed("evidence-7: 100 and 111 are the page's examples, their meaning is chosen here",
                   "api", "evidence"))
      for author, default, zh, en in (
          ("human", "100", "各方写的或做的", "what a party wrote or did"),
          ("system", "111", "系统发的", "what the system sent"))),
    _code("not_exist", "DISPUTE_NOT_EXIST", "换货单不存在", "no such exchange", inferred("isv")),
    _code("wrong_state", "EXCHANGE_STATUS_ERROR", "状态不允许此操作",
          "not possible in this status"),
    _code("no_stock", "EXCHANGE_STOCK_NOT_ENOUGH", "换货商品库存不足",
          "no stock of the wanted goods",
          assumed("the notice is documented, its code is not", "guide")),
    _code("unknown_address", "ADDRESS_NOT_EXIST", "退货地址不存在", "unknown return address"),
    _code("unknown_reason", "REFUSE_REASON_NOT_EXIST", "拒绝原因不存在", "unknown refuse reason"),
    _code("bad_waybill", "LOGISTICS_NO_INVALID", "运单号无效", "waybill empty or malformed"),
    _code("unknown_carrier", "LOGISTICS_COMPANY_NOT_EXIST", "物流公司不存在", "unknown carrier"),
    _code("wrong_flow", "EXCHANGE_FLOW_NOT_SUPPORT", "该换货流程不支持此操作",
          "not part of this exchange's flow"),
    _code("flow_over", "EXCHANGE_CLOSED", "换货流程已结束", "the flow is over"),
)
# fmt: on
RULES: Mapping[str, Rule] = MappingProxyType({rule.name: rule for rule in _RULES})


class RuleValues(Struct, frozen=True):
    """One sandbox's value for every rule, by name."""

    values: Mapping[str, Setting]

    def __getitem__(self, name: str) -> Setting:
        return self.values[name]

    def duration(self, name: str) -> timedelta:
        """Return the value of a rule that holds a duration."""
        value = self.values[name]
        assert isinstance(value, timedelta), name
        return value

    def number(self, name: str) -> int:
        """Return the value of a rule that holds a number."""
        value = self.values[name]
        assert isinstance(value, int), name
        return value

    def text(self, name: str) -> str:
        """Return the value of a rule as text."""
        return str(self.values[name])

    def with_changes(self, changes: Mapping[str, object]) -> "RuleValues":
        """Return a copy with `changes` by name; all are checked before any counts.

        Raises:
            BadRule: a name does not exist or a value does not fit.
        """
        parsed = {}
        for name, value in changes.items():
            if name not in RULES:
                raise BadRule(name, value, ", ".join(RULES))
            parsed[name] = RULES[name].parse(value)
        return RuleValues(MappingProxyType({**self.values, **parsed}))

    def to_dict(self) -> dict[str, bool | int | str]:
        """Return all values as JSON carries them: durations as text (`3d12h`)."""
        return {
            name: format_duration(value) if isinstance(value, timedelta) else value
            for name, value in self.values.items()
        }


DEFAULTS = RuleValues(MappingProxyType({name: rule.default for name, rule in RULES.items()}))
