"""Names that a caller spells otherwise than TOP: what was probably meant, and where TOP misspells.

Only names that a method does not have are compared.  `OFFICIAL_SPELLINGS` works in both
directions: whoever writes correct English learns how TOP spells it, whoever writes something
else gets the nearest name.  Source: docs/spec/exchange-api.md#api-2-spelling.
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

_MAX_SENTENCES = 10  # on one call
_MAX_NAME_LENGTH = 64


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
# by either spelling of a name: the spelling, and the other name
_COUNTERPARTS: Mapping[str, tuple[Spelling, str]] = MappingProxyType(
    {
        **{spelling.official: (spelling, spelling.expected) for spelling in OFFICIAL_SPELLINGS},
        **{spelling.expected: (spelling, spelling.official) for spelling in OFFICIAL_SPELLINGS},
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
_EXCHANGE_NAMES = frozenset(name for column in EXCHANGE for name in column.names)
FIELD_NAMES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        method.name: frozenset(
            name
            for field in method.record
            for name in (
                field.name,
                field.requested_as,
                *(f"{field.name}.{member.name}" for member in field.of),
            )
            if name
        )
        for method in METHODS.values()
    }
)


def normalize_name(name: str) -> str:
    """Return a name without case, underscores, hyphens and dots: `disputeId` is `dispute_id`."""
    return name.lower().replace("_", "").replace("-", "").replace(".", "").strip()


def suggest_name(name: str, names: Collection[str]) -> str:
    """Return the name of `names` that was probably meant; empty if none is near."""
    if len(name) > _MAX_NAME_LENGTH:
        return ""
    if name in _COUNTERPARTS:
        candidate = _COUNTERPARTS[name][1]
    else:
        candidate = _ALIASES.get(normalize_name(name), "")
    if candidate in names:
        return candidate
    same = [other for other in names if normalize_name(other) == normalize_name(name)]
    return (same or get_close_matches(name.lower(), names, 1, 0.75) or [""])[0]


def describe_unknown_parameters(method: Method, names: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each parameter that the method does not have, at most ten."""
    declared = PARAMETER_NAMES[method.name]
    unknown = [name for name in names if name not in declared]
    for name in unknown[:_MAX_SENTENCES]:
        yield _describe("参数", "parameter", name, method)


def describe_unknown_fields(method: Method, fields: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each name in `fields` that the method does not return, at most ten."""
    declared = FIELD_NAMES[method.name]
    nested = {name.partition(".")[0] for name in declared if "." in name}
    unknown = [
        name
        for name in dict.fromkeys(fields)
        if name not in declared
        and ((head := name.partition(".")[0]) not in declared or head in nested)
    ]
    for name in unknown[:_MAX_SENTENCES]:
        yield _describe("fields 中的", "in fields,", name, method)


def _describe(place_zh: str, place_en: str, name: str, method: Method) -> str:
    """Return why a name is ignored and what was perhaps meant, Chinese (English)."""
    is_parameter = place_en == "parameter"
    names = PARAMETER_NAMES[method.name] if is_parameter else FIELD_NAMES[method.name]
    suggestion = suggest_name(name, names)
    if suggestion and name in _COUNTERPARTS and _COUNTERPARTS[name][1] == suggestion:
        spelling = _COUNTERPARTS[name][0]
        why_zh = f"{method.name} 这里写 {suggestion}({spelling.zh})"
        why_en = f"it is {suggestion} here, {spelling.en}"
    elif suggestion:
        why_zh = f"是否想写 {suggestion}？"
        why_en = f"did you mean {suggestion}?"
    elif not is_parameter and name in _EXCHANGE_NAMES:
        why_zh = f"{method.name} 不返回它"
        why_en = f"{method.name} does not return it"
    else:
        why_zh = f"{method.name} 没有这个名字"
        why_en = f"{method.name} has no such name"
    clipped = name[:_MAX_NAME_LENGTH]
    return f"{place_zh} {clipped} 被忽略：{why_zh} ({place_en} {clipped} is ignored: {why_en})"
