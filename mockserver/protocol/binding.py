"""From the text parameters and files of a call to typed arguments, or to the error that names one.

TOP has two kinds of parameters in one flat list.  System parameters belong to the gateway
(SYSTEM_PARAMETERS: who calls what, when, in which form); all others belong to the method and are
declared by it as `Param`s.  Everything arrives as text, from the query and the body alike, or as a
file.  Binding reads the method's own parameters by their declared kind.

The rules, in the order in which they are applied to each parameter:

* An empty text counts as absent, because official SDKs send empty optional parameters.  A parameter
  with `allows_blank` is the exception: there the business check wants to see the empty text.
* A required parameter that is absent is error 40; an absent optional one takes its default, or does
  not appear among the arguments at all.
* A text that does not fit its kind, its choices or its bounds is error 41.  Bounds that a sandbox
  may change are named by a rule (`maximum_rule`) and asked for when they are needed.
* The first wrong parameter in declared order decides: one call has one error.

Names that the method does not declare are ignored, as the platform does; the lint reports them.

What would break: to bind in the order sent (two clients with one mistake would get two errors), or
to take an unknown parameter for an error (clients of newer API versions would fail).

Sources: docs/spec/top-protocol.md#top-1.2, #top-4.2.  The sub_codes that name a parameter are
assumed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from . import envelope
from .errors import TopError
from .forms import Upload
from .pictures import detect_picture_type
from .shapes import Param, ValueKind, parse_time

__all__ = [
    "OPTIONAL_SYSTEM_PARAMETERS",
    "SYSTEM_PARAMETERS",
    "Arguments",
    "bind_arguments",
    "make_invalid_error",
    "make_missing_error",
]

Arguments = dict[str, object]
SYSTEM_PARAMETERS = tuple([part.name for part in envelope.SYSTEM_PARAMETERS])
OPTIONAL_SYSTEM_PARAMETERS = tuple(
    [
        name
        for name in SYSTEM_PARAMETERS
        if name not in ("method", "app_key", "timestamp", "v", "sign")
    ]
)
RuleValue = Callable[[str], int]
_MAX_NAME_CHARACTERS = 100  # of a parameter in an error
_MAX_INT64_DIGITS = 19


def make_missing_error(name: str) -> TopError:
    """Return error 40 for a required parameter."""
    return TopError(
        40,
        name,
        sub_code=f"isv.missing-parameter:{name}",
        sub_msg=f"缺少必填参数：{name}",
        zh=f"缺少必填参数 {name}",
        en=f"required parameter {name} is missing",
    )


def make_invalid_error(name: str, zh: str, en: str) -> TopError:
    """Return error 41 for a parameter; `zh` and `en` say what it should be."""
    name = name[:_MAX_NAME_CHARACTERS]
    return TopError(
        41,
        name,
        sub_code=f"isv.invalid-parameter:{name}",
        sub_msg=f"参数 {name} 不合法：{zh}",
        zh=f"参数 {name} 不合法：{zh}",
        en=f"parameter {name} is invalid: {en}",
    )


def bind_arguments(
    params: Sequence[Param],
    texts: Mapping[str, str],
    files: Iterable[Upload],
    rule_value: RuleValue,
    *,
    lenient: str = "",
) -> Arguments:
    """Return the arguments by name, without absent optional ones that have no default.

    `rule_value` returns the value of the rule that limits a parameter; `lenient` names a required
    parameter that may be absent.

    Raises:
        TopError: 40 or 41, for the first parameter in declared order.
    """
    uploads: dict[str, list[Upload]] = {}
    for upload in files:
        uploads.setdefault(upload.name, []).append(upload)
    arguments: Arguments = {}
    for param in params:
        text = texts.get(param.name)
        if param.kind is ValueKind.BYTES:
            if param.name in uploads or text:
                arguments[param.name] = _check_pictures(
                    param, uploads.get(param.name, []), text, rule_value
                )
        elif text or (text is not None and param.allows_blank):
            arguments[param.name] = _PARSERS[param.kind](param, text, rule_value)
        elif param.required and param.name != lenient:
            raise make_missing_error(param.name)
        elif param.default:
            arguments[param.name] = _PARSERS[param.kind](param, param.default, rule_value)
    return arguments


def _check_among(param: Param, text: str) -> None:
    if param.among and text not in param.among:
        raise make_invalid_error(
            param.name, f"只能是 {'、'.join(param.among)}", f"one of {', '.join(param.among)}"
        )


def _parse_number(param: Param, text: str, rule_value: RuleValue) -> int:
    digits = text[1:] if text[:1] == "-" else text
    if not (digits.isascii() and digits.isdigit()) or len(digits) > _MAX_INT64_DIGITS:
        raise make_invalid_error(param.name, "应为整数(int64)", "an int64 is wanted")
    value = int(text)
    most = rule_value(param.maximum_rule) if param.maximum_rule else param.most
    if not param.least <= value <= most:
        raise make_invalid_error(
            param.name, f"应在 {param.least} 与 {most} 之间", f"from {param.least} to {most}"
        )
    _check_among(param, text)
    return value


def _parse_string(param: Param, text: str, rule_value: RuleValue) -> str:
    if param.maximum_rule and len(text.encode()) > rule_value(param.maximum_rule):
        most = rule_value(param.maximum_rule)
        raise make_invalid_error(
            param.name, f"最多 {most} 字节(UTF-8)", f"at most {most} bytes of UTF-8"
        )
    _check_among(param, text)
    return text


def _parse_boolean(param: Param, text: str, rule_value: RuleValue) -> bool:
    if text not in ("true", "false"):
        raise make_invalid_error(param.name, "应为 true 或 false", "true or false")
    return text == "true"


def _parse_date(param: Param, text: str, rule_value: RuleValue) -> object:
    instant = parse_time(text)
    if instant is None:
        raise make_invalid_error(
            param.name, "应为 yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss is wanted"
        )
    return instant


def _parse_strings(param: Param, text: str, rule_value: RuleValue) -> tuple[str, ...]:
    items = tuple([item for part in text.split(",") if (item := part.strip())])
    if not items:
        if param.required:
            raise make_missing_error(param.name)
        raise make_invalid_error(param.name, "列表为空", "the list is empty")
    if len(items) > param.limit:
        raise make_invalid_error(
            param.name, f"最多 {param.limit} 项", f"at most {param.limit} items"
        )
    if param.among and not set(items) <= set(param.among):
        raise make_invalid_error(
            param.name, f"只能是 {'、'.join(param.among)}", f"items are {', '.join(param.among)}"
        )
    if param.items is ValueKind.NUMBER:
        for item in items:
            _parse_number(Param(name=param.name, kind=ValueKind.NUMBER), item, rule_value)
    return items


def _check_pictures(
    param: Param, uploads: Sequence[Upload], text: str | None, rule_value: RuleValue
) -> tuple[Upload, ...]:
    if text:
        raise make_invalid_error(
            param.name, "应作为 multipart 文件上传", "a multipart file is wanted"
        )
    most = rule_value(param.maximum_rule)
    for upload in uploads:
        if len(upload.content) > most:
            raise make_invalid_error(
                param.name, f"图片最大 {most} 字节", f"a picture has at most {most} bytes"
            )
        if not detect_picture_type(upload.content):
            raise make_invalid_error(
                param.name,
                "不是图片，应为 JPG、GIF 或 PNG",
                "not a picture; JPG, GIF or PNG is wanted",
            )
    return tuple(uploads)


_PARSERS: Mapping[ValueKind, Callable[[Param, str, RuleValue], object]] = {
    ValueKind.NUMBER: _parse_number,
    ValueKind.STRING: _parse_string,
    ValueKind.PRICE: _parse_string,
    ValueKind.BOOLEAN: _parse_boolean,
    ValueKind.DATE: _parse_date,
    ValueKind.STRINGS: _parse_strings,
}
