"""Every choice that a sandbox can override: deadlines, texts, codes, limits.

`RULES` gives each its default, shape and evidence; `RuleValues` is one sandbox's answer to all of
them.  Where the platform is silent the default is this product's and says so.
"""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from msgspec import Struct

from .durations import MAX_DURATION, format_duration, parse_duration
from .evidence import Evidence, assumed, documented, inferred
from .vocabulary import Deadline, Status

__all__ = ["DEFAULTS", "RULES", "BadRule", "Rule", "RuleValues"]

Setting = bool | int | str | timedelta


class Rule(Struct, frozen=True):
    """One overridable choice; `least`/`most` bound numbers, `among` lists the only values."""

    name: str
    default: Setting
    zh: str
    en: str
    evidence: Evidence
    least: int = 0
    most: int = 2**31
    among: tuple[Setting, ...] = ()

    def read(self, value: object) -> Setting:
        """`value` as this switch keeps it.

        Raises:
            BadSwitch: wrong type, out of bounds, or not among the values.
        """
        setting: Setting | None = value if isinstance(value, bool | int | str) else None
        if isinstance(self.default, timedelta):
            setting = _duration(self, value)
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
        self.name, self.expected = name, expected
        known = name in RULES
        self.zh = (
            f"规则 {name} 不能取 {value!r}，应为 {expected}"
            if known
            else f"没有规则 {name}；可用：{expected}"
        )
        self.en = (
            f"rule {name} cannot be {value!r}; expected {expected}"
            if known
            else f"no rule {name}; use: {expected}"
        )
        super().__init__(f"{self.zh} ({self.en})")


def _duration(switch: Rule, value: object) -> timedelta:
    if isinstance(value, timedelta) and timedelta() <= value <= MAX_DURATION:
        return value
    try:
        return parse_duration(value if isinstance(value, str) else "")
    except ValueError:
        raise BadRule(switch.name, value, "3d12h") from None


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


def _code(name: str, code: str, zh: str, en: str, evidence: Evidence | None = None) -> Rule:
    return Rule(f"msg_code.{name}", code, zh, en, evidence or assumed("name chosen here"))


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        switch.name: switch
        for switch in (
            *(_deadline(status, status.deadline) for status in Status if status.deadline),
            *(_text(status) for status in Status),
            Rule(
                "fields_required",
                True,
                "缺少 fields 是否报 40",
                "whether a missing fields is error 40",
                documented(
                    "api", note="older official SDKs allow it on agree, refuse, consigngoods"
                ),
            ),
            Rule(
                "modify_to",
                1,
                "买家修改后回到的状态",
                "status after the buyer modifies",
                inferred("tmc"),
                among=(1, 3),
            ),
            Rule(
                "strict_logistics",
                False,
                "物流公司与单号是否严格校验",
                "whether unknown carriers and odd waybills are refused",
                assumed(),
            ),
            Rule(
                "page_size_max",
                100,
                "page_size 上限",
                "largest page_size",
                inferred("isv"),
                least=1,
                most=10_000,
            ),
            Rule(
                "message_max_bytes",
                400,
                "留言字节上限",
                "largest message, UTF-8 bytes",
                inferred("refund"),
                least=1,
                most=100_000,
            ),
            Rule(
                "picture_max_bytes",
                5 * 1024 * 1024,
                "凭证图片字节上限",
                "largest picture, bytes",
                inferred("refund"),
                least=1,
                most=8 * 1024 * 1024,
            ),
            Rule(
                "timestamp_tolerance",
                timedelta(minutes=10),
                "timestamp 允许误差",
                "how far a timestamp may be off",
                documented("top"),
            ),
            _code(
                "not_exist",
                "DISPUTE_NOT_EXIST",
                "换货单不存在",
                "no such exchange",
                inferred("isv"),
            ),
            _code(
                "wrong_state",
                "EXCHANGE_STATUS_ERROR",
                "状态不允许此操作",
                "not possible in this status",
            ),
            _code(
                "no_stock",
                "EXCHANGE_STOCK_NOT_ENOUGH",
                "换货商品库存不足",
                "no stock of the wanted goods",
                assumed("the notice is documented, its code is not", "guide"),
            ),
            _code(
                "unknown_address", "ADDRESS_NOT_EXIST", "退货地址不存在", "unknown return address"
            ),
            _code(
                "unknown_reason",
                "REFUSE_REASON_NOT_EXIST",
                "拒绝原因不存在",
                "unknown refuse reason",
            ),
            _code(
                "bad_waybill", "LOGISTICS_NO_INVALID", "运单号无效", "waybill empty or malformed"
            ),
            _code(
                "unknown_carrier",
                "LOGISTICS_COMPANY_NOT_EXIST",
                "物流公司不存在",
                "unknown carrier",
            ),
            _code(
                "wrong_flow",
                "EXCHANGE_FLOW_NOT_SUPPORT",
                "该换货流程不支持此操作",
                "not part of this exchange's flow",
            ),
            _code("flow_over", "EXCHANGE_CLOSED", "换货流程已结束", "the flow is over"),
        )
    }
)


class RuleValues(Struct, frozen=True):
    """One sandbox's value for every switch."""

    values: Mapping[str, Setting]

    def __getitem__(self, name: str) -> Setting:
        return self.values[name]

    def deadline(self, key: str) -> timedelta:
        """The duration that a row's `after` names."""
        span = self.values[key]
        assert isinstance(span, timedelta), key
        return span

    def span(self, name: str) -> timedelta:
        """A duration switch."""
        return self.deadline(name)

    def number(self, name: str) -> int:
        """A number switch."""
        return int(self.values[name])  # type: ignore[arg-type]  # the switch's type was checked by read()

    def text(self, name: str) -> str:
        """A text switch."""
        return str(self.values[name])

    def changed(self, patch: Mapping[str, object]) -> "RuleValues":
        """These choices with `patch` laid over; all of it is checked before any counts.

        Raises:
            BadSwitch: a name or a value is wrong.
        """
        read = {}
        for name, value in patch.items():
            if name not in RULES:
                raise BadRule(name, value, ", ".join(RULES))
            read[name] = RULES[name].read(value)
        return RuleValues(MappingProxyType({**self.values, **read}))

    def shown(self) -> dict[str, bool | int | str]:
        """All choices as JSON shows them: durations as text."""
        return {
            name: format_duration(value) if isinstance(value, timedelta) else value
            for name, value in self.values.items()
        }


DEFAULTS = RuleValues(MappingProxyType({name: switch.default for name, switch in RULES.items()}))
