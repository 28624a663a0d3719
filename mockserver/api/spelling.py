"""Names that a caller spells otherwise than TOP: what was probably meant, and where TOP itself misspells.

Compared only for names that a method does not have.  `OFFICIAL_SPELLINGS` is known in both directions: who writes the correct
English is told TOP's spelling, who writes yet another gets the nearest.  Source:
docs/spec/exchange-api.md#api-2-spelling.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from types import MappingProxyType

from msgspec import Struct

from ..protocol.binding import SYSTEM_PARAMETERS
from .declaration import Method
from .methods import METHODS
from .records import EXCHANGE

__all__ = [
    "FIELD_NAMES",
    "OFFICIAL_SPELLINGS",
    "PARAMETER_NAMES",
    "Spelling",
    "describe_unknown_fields",
    "describe_unknown_parameters",
    "normalize_name",
    "suggest_name",
]

_SHOWN, _LONGEST = 10, 64


class Spelling(Struct, frozen=True):
    """A name as TOP spells it, and as one would expect it."""

    official: str
    expected: str
    zh: str
    en: str


OFFICIAL_SPELLINGS: tuple[Spelling, ...] = (
    Spelling(
        "end_gmt_modifed_time",
        "end_gmt_modified_time",
        "官方就少一个 i，start_gmt_modified_time 却是完整的",
        "TOP leaves out an i, while start_gmt_modified_time has it",
    ),
    Spelling(
        "operation_contraint", "operation_constraint", "官方就少一个 s", "TOP leaves out an s"
    ),
    Spelling(
        "bizorder_id",
        "biz_order_id",
        "fields 里官方写 bizorder_id，参数和应答里写 biz_order_id",
        "TOP asks for bizorder_id in fields and has biz_order_id elsewhere",
    ),
    Spelling(
        "logistic_no",
        "logistics_no",
        "tmall.exchange.receive.get 里官方没有 s，发货的方法里有",
        "no s in tmall.exchange.receive.get, one in the methods that ship",
    ),
    Spelling("buyer_logistic_no", "buyer_logistics_no", "官方没有 s", "TOP has no s"),
    Spelling("buyer_logistic_name", "buyer_logistics_name", "官方没有 s", "TOP has no s"),
    Spelling("seller_logistic_no", "seller_logistics_no", "官方没有 s", "TOP has no s"),
    Spelling("seller_logistic_name", "seller_logistics_name", "官方没有 s", "TOP has no s"),
    Spelling(
        "error_codes",
        "error_code",
        "只有 tmall.exchange.receive.get 的官方写法带 s",
        "only tmall.exchange.receive.get has the s",
    ),
    Spelling("time_out", "timeout", "官方写成两个词", "TOP writes two words"),
)
_OTHERWISE: Mapping[str, tuple[Spelling, str]] = MappingProxyType(
    {
        **{each.official: (each, each.expected) for each in OFFICIAL_SPELLINGS},
        **{each.expected: (each, each.official) for each in OFFICIAL_SPELLINGS},
    }
)
_SYSTEM = frozenset(SYSTEM_PARAMETERS)
# names that clients send where TOP wants another; compared without case, underscores and hyphens
_ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "appkey": "app_key",
        "clientid": "app_key",
        "appid": "app_key",
        "key": "app_key",
        "sessionkey": "session",
        "accesstoken": "session",
        "token": "session",
        "topsession": "session",
        "signature": "sign",
        "topsign": "sign",
        "signmethod": "sign_method",
        "signtype": "sign_method",
        "time": "timestamp",
        "ts": "timestamp",
        "timestap": "timestamp",
        "version": "v",
        "ver": "v",
        "apiversion": "v",
        "api": "method",
        "apiname": "method",
        "methodname": "method",
        "action": "method",
        "apimethod": "method",
        "refundid": "dispute_id",
        "disputeid": "dispute_id",
        "field": "fields",
        "reasonid": "seller_refuse_reason_id",
        "contactid": "address_id",
    }
)
# by method: its parameters, system parameters included, and what its `fields` can ask for
PARAMETER_NAMES: Mapping[str, frozenset[str]] = MappingProxyType(
    {method.name: _SYSTEM | {param.name for param in method.params} for method in METHODS.values()}
)
_EXCHANGE = frozenset(
    name for column in EXCHANGE for name in (column.field.name, column.field.asked_as) if name
)
FIELD_NAMES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        method.name: frozenset(
            name for field in method.record for name in (field.name, field.asked_as) if name
        )
        for method in METHODS.values()
    }
)


def normalize_name(name: str) -> str:
    """A name without case, underscores, hyphens and dots: as `disputeId` and `dispute_id` are the same."""
    return name.lower().replace("_", "").replace("-", "").replace(".", "").strip()


def suggest_name(name: str, known: Collection[str]) -> str:
    """The known name that was probably meant; empty where none is near."""
    if len(name) > _LONGEST:
        return ""
    other = _OTHERWISE[name][1] if name in _OTHERWISE else _ALIASES.get(normalize_name(name), "")
    if other in known:
        return other
    same = [each for each in known if normalize_name(each) == normalize_name(name)]
    return (same or get_close_matches(name.lower(), known, 1, 0.75) or [""])[0]


def describe_unknown_parameters(method: Method, names: Iterable[str]) -> Iterator[str]:
    """A sentence for each parameter that the method does not have, the first ten."""
    known = PARAMETER_NAMES[method.name]
    for name in [name for name in names if name not in known][:_SHOWN]:
        yield _told("参数", "parameter", name, known, method)


def describe_unknown_fields(method: Method, fields: Iterable[str]) -> Iterator[str]:
    """A sentence for each name in `fields` that the method does not return, the first ten."""
    known = FIELD_NAMES[method.name]
    for name in [name for name in dict.fromkeys(fields) if name.partition(".")[0] not in known][
        :_SHOWN
    ]:
        yield _told("fields 中的", "in fields,", name, known, method)


def _told(what_zh: str, what: str, name: str, known: Collection[str], method: Method) -> str:
    shown, other = name[:_LONGEST], suggest_name(name, known)
    if other and name in _OTHERWISE and _OTHERWISE[name][1] == other:
        spelling = _OTHERWISE[name][0]
        return f"{what_zh} {shown} 被忽略：{method.name} 这里写 {other}({spelling.zh}) ({what} {shown} is ignored: it is {other} here, {spelling.en})"
    if other:
        return f"{what_zh} {shown} 被忽略：是否想写 {other}？ ({what} {shown} is ignored: did you mean {other}?)"
    if what != "parameter" and name in _EXCHANGE:
        return f"{what_zh} {shown} 被忽略：{method.name} 不返回它 ({what} {shown} is ignored: {method.name} does not return it)"
    return f"{what_zh} {shown} 被忽略：{method.name} 没有这个名字 ({what} {shown} is ignored: {method.name} has no such name)"
