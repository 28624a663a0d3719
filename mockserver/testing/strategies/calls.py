"""Whole calls, drawn from the methods' declarations: valid ones, and ones with one named mistake.

A valid call is never refused for its parameters, whatever its result; an invalid one always is,
with the code and the parameter that it names.  System parameters and signature are the client's.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from msgspec import Struct

from ...api.declaration import Method
from ...api.methods import METHODS
from ...domain.rules import DEFAULTS
from ...protocol.shapes import Param, ValueKind
from ...world.default_world import DEFAULT
from ...world.document import unknown_name
from ...world.document_values import make_long_id
from .values import instants, numbers, pictures, words

__all__ = ["BadCall", "Mistake", "ValidCall", "bad_calls", "calls"]

Value = str | bytes
_KnownValues = Mapping[str, Sequence[object]]
_TRADES = tuple(
    make_long_id(0, 2, number) for number, _ in enumerate(DEFAULT.buyers, 1)
)  # an unknown one is answered by error 41
_NOT_NUMBERS = ("abc", "1.5", "１２", "+5", "1e3", "0x10")
_MAX_SHORT = 30  # characters of a text without a declared bound


class ValidCall(Struct, frozen=True):
    """A method with parameters that it takes: texts, and files as bytes."""

    method: str
    params: Mapping[str, Value]


class Mistake(Enum):
    """The one thing that is wrong with a call; `code` is the platform's error for it."""

    MISSING = 40, "缺少必填参数", "a required parameter is missing"
    EMPTY = 40, "必填参数为空", "a required parameter is empty"
    NOT_A_NUMBER = 41, "不是整数", "not a whole number"
    OUT_OF_BOUNDS = 41, "超出范围", "out of bounds"
    NOT_AMONG = 41, "不在可用取值之中", "not one of the values"
    TOO_LONG = 41, "文字太长", "too long"
    NOT_A_BOOLEAN = 41, "不是 true 或 false", "neither true nor false"
    NOT_A_DATE = 41, "不是 yyyy-MM-dd HH:mm:ss", "not yyyy-MM-dd HH:mm:ss"
    TOO_MANY = 41, "项数太多", "too many items"
    NOT_A_PICTURE = 41, "文件不是图片", "a file that is no picture"
    NOT_A_FILE = 41, "图片没有作为文件上传", "a picture that is not sent as a file"

    def __init__(self, code: int, zh: str, en: str) -> None:
        self.code = code
        self.zh = zh
        self.en = en


Wrong = tuple[Mistake, SearchStrategy[Any]]


class BadCall(Struct, frozen=True):
    """A call that would be valid but for one `mistake` in one `param`."""

    method: str
    params: Mapping[str, Value]
    param: str
    mistake: Mistake

    @property
    def code(self) -> int:
        """The platform's error: 40 for what is missing, 41 for what is wrong."""
        return self.mistake.code


def calls(
    method: str | None = None, known: _KnownValues = MappingProxyType({})
) -> SearchStrategy[ValidCall]:
    """Draw valid calls of `method`, or of any method.

    `known` gives values for parameters by name, such as ids of exchanges that exist.  Without it
    ids name nothing that exists, but trades do: they are the default world's.

    Raises:
        BadDocument: no such method.
    """
    return st.one_of(
        [
            st.builds(ValidCall, st.just(declared.name), _params(declared, known))
            for declared in _methods(method)
        ]
    )


def bad_calls(
    method: str | None = None,
    known: _KnownValues = MappingProxyType({}),
    *,
    mistake: Mistake | None = None,
) -> SearchStrategy[BadCall]:
    """Draw calls of `method`, or of any method, with one mistake.

    With `mistake` it is this one; nothing can be drawn where it cannot be made.

    Raises:
        BadDocument: no such method.
    """
    by_mistake: dict[Mistake, list[SearchStrategy[BadCall]]] = {}
    for declared in _methods(method):
        for param in declared.params:
            for kind, values in _mistakes(param):
                bad = _replace_value(declared, param, (kind, values), known)
                by_mistake.setdefault(kind, []).append(bad)
    if mistake is not None:
        return st.one_of(by_mistake.get(mistake, []))
    return (
        st.sampled_from(list(by_mistake)).flatmap(lambda kind: st.one_of(by_mistake[kind]))
        if by_mistake
        else st.nothing()
    )


def _methods(name: str | None) -> list[Method]:
    if name is not None and name not in METHODS:
        raise unknown_name("method", name, METHODS, "方法")
    return [METHODS[name]] if name else list(METHODS.values())


# valid parameters


def _params(method: Method, examples: _KnownValues) -> SearchStrategy[dict[str, Value]]:
    required: dict[str, SearchStrategy[Value]] = {}
    optional: dict[str, SearchStrategy[Value]] = {}
    for param in method.params:
        values = examples.get(param.name, _TRADES if param.name == "tid" else ())
        texts = [str(value) for value in values]
        drawn = st.sampled_from(texts) if texts else _value(method, param)
        (required if param.required else optional)[param.name] = drawn
    return st.fixed_dictionaries(required, optional=optional)


def _value(method: Method, param: Param) -> SearchStrategy[Any]:
    """Draw a value that the parameter takes."""
    if param.name == "fields" and method.record:
        names = st.lists(
            st.sampled_from(method.all_fields.split(",")),
            min_size=1,
            max_size=param.limit or _MAX_SHORT,
        )
        return names.map(",".join)
    if param.kind is ValueKind.STRINGS:
        return _items(param, _one(param, param.items))
    return _one(param, param.kind)


def _one(param: Param, kind: ValueKind) -> SearchStrategy[Any]:
    return st.sampled_from(param.among) if param.among else _VALUES[kind](param)


def _items(param: Param, item: SearchStrategy[str]) -> SearchStrategy[str]:
    return st.lists(item, min_size=1, max_size=param.limit).map(",".join)


def _maximum(param: Param) -> int:
    return DEFAULTS.number(param.maximum_rule) if param.maximum_rule else param.most


def _int(param: Param) -> SearchStrategy[str]:
    return numbers(param.least, _maximum(param)).map(str)


def _string(param: Param) -> SearchStrategy[str]:
    most = DEFAULTS.number(param.maximum_rule) if param.maximum_rule else 0
    return words(most or _MAX_SHORT, least=0 if param.allows_blank else 1, max_bytes=most)


_VALUES: Mapping[ValueKind, Callable[[Param], SearchStrategy[Any]]] = MappingProxyType(
    {
        ValueKind.NUMBER: _int,
        ValueKind.STRING: _string,
        ValueKind.PRICE: _string,
        ValueKind.BOOLEAN: lambda param: st.sampled_from(("true", "false")),
        ValueKind.DATE: lambda param: instants(),
        ValueKind.BYTES: lambda param: pictures(),
    }
)


# mistakes


def _replace_value(
    method: Method, param: Param, mistake: Wrong, examples: _KnownValues
) -> SearchStrategy[BadCall]:
    """Draw calls with a wrong value in `param`; None leaves the parameter out."""
    kind, values = mistake

    def replace(params: dict[str, Value], value: Value | None) -> BadCall:
        rest = {name: text for name, text in params.items() if name != param.name}
        changed = rest if value is None else {**rest, param.name: value}
        return BadCall(method.name, changed, param.name, kind)

    return st.builds(replace, _params(method, examples), values)


def _mistakes(param: Param) -> Iterator[Wrong]:
    """Yield every mistake that can be made in a parameter, with the values that make it."""
    if param.required:
        yield Mistake.MISSING, st.none()
        if not param.allows_blank:
            yield Mistake.EMPTY, st.just("")
    if param.among:
        yield Mistake.NOT_AMONG, _not_among(param)
    if param.kind in _MISTAKES:
        yield from _MISTAKES[param.kind](param)


def _not_among(param: Param) -> SearchStrategy[str]:
    """Draw what is none of the values, though of their kind."""
    others = (
        numbers(-2, 99).map(str)
        if param.among[0].isdigit()
        else words(_MAX_SHORT).filter(lambda text: "," not in text)
    )
    return others.filter(lambda text: text not in param.among)


def _not_a_number(param: Param) -> Iterator[Wrong]:
    yield (
        Mistake.NOT_A_NUMBER,
        st.sampled_from(_NOT_NUMBERS) | words(_MAX_SHORT).filter(_is_not_a_number),
    )
    if not param.among:
        most = _maximum(param)
        yield (
            Mistake.OUT_OF_BOUNDS,
            (
                st.integers(most + 1, most * 1000)
                | st.integers(param.least - 1000, param.least - 1)
            ).map(str),
        )


def _is_not_a_number(text: str) -> bool:
    digits = text.removeprefix("-")
    return not (digits.isascii() and digits.isdigit())


def _too_long(param: Param) -> Iterator[Wrong]:
    if param.maximum_rule:
        most = DEFAULTS.number(param.maximum_rule)
        yield (
            Mistake.TOO_LONG,
            words(_MAX_SHORT).map(lambda text: text * (most // len(text.encode()) + 1)),
        )


def _too_many(param: Param) -> Iterator[Wrong]:
    item = param.among[0] if param.among else "1"
    yield (
        Mistake.TOO_MANY,
        st.integers(param.limit + 1, param.limit * 2).map(lambda count: ",".join([item] * count)),
    )
    if param.items is ValueKind.NUMBER:
        yield Mistake.NOT_A_NUMBER, st.sampled_from(_NOT_NUMBERS)


def _not_a_boolean(param: Param) -> Iterator[Wrong]:
    yield Mistake.NOT_A_BOOLEAN, st.sampled_from(("1", "0", "True", "TRUE", "yes"))


def _not_a_date(param: Param) -> Iterator[Wrong]:
    yield (
        Mistake.NOT_A_DATE,
        st.sampled_from(
            (
                "2026-13-01 00:00:00",
                "2026-02-30 00:00:00",
                "2026/03/01 10:00:00",
                "2026-03-01T10:00:00",
                "2026-03-01",
                "1772330400000",
            )
        ),
    )


def _not_a_picture(param: Param) -> Iterator[Wrong]:
    yield Mistake.NOT_A_PICTURE, st.binary(max_size=_MAX_SHORT).map(lambda content: b"<" + content)
    yield Mistake.NOT_A_FILE, words(_MAX_SHORT)


_MISTAKES: Mapping[ValueKind, Callable[[Param], Iterator[Wrong]]] = MappingProxyType(
    {
        ValueKind.NUMBER: _not_a_number,
        ValueKind.STRING: _too_long,
        ValueKind.STRINGS: _too_many,
        ValueKind.BOOLEAN: _not_a_boolean,
        ValueKind.DATE: _not_a_date,
        ValueKind.BYTES: _not_a_picture,
    }
)
