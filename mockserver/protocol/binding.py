"""Turns the text parameters and files of a call into typed arguments, or says which one is wrong.

Missing is error 40, anything else wrong is 41, each naming the parameter (the sub_codes are assumed).
An empty text counts as absent, as SDKs send empty optional parameters.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from .errors import TopError
from .forms import Upload
from .pictures import detect_picture_type
from .shapes import Param, ValueKind, read_time

__all__ = [
    "OPTIONAL_SYSTEM_PARAMETERS",
    "SYSTEM_PARAMETERS",
    "Arguments",
    "bind_arguments",
    "make_invalid_error",
    "make_missing_error",
]

Arguments = dict[str, object]
SYSTEM_PARAMETERS = (
    "method",
    "app_key",
    "session",
    "timestamp",
    "format",
    "v",
    "sign",
    "sign_method",
    "partner_id",
    "target_app_key",
    "simplify",
)
OPTIONAL_SYSTEM_PARAMETERS = tuple(
    [
        name
        for name in SYSTEM_PARAMETERS
        if name not in ("method", "app_key", "timestamp", "v", "sign")
    ]
)
Bound = Callable[[str], int]


def make_missing_error(name: str) -> TopError:
    """Error 40 for a required parameter."""
    return TopError(
        40,
        name,
        sub_code=f"isv.missing-parameter:{name}",
        sub_msg=f"缺少必填参数：{name}",
        zh=f"缺少必填参数 {name}",
        en=f"required parameter {name} is missing",
    )


def make_invalid_error(name: str, zh: str, en: str) -> TopError:
    """Error 41 for a parameter; `zh` and `en` say what it should be.  Long names are clipped."""
    name = name[:100]
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
    bound: Bound,
    *,
    lenient: str = "",
) -> Arguments:
    """The arguments by name; absent optional ones are left out, or their default put in.

    `bound` gives the value of a switch that limits a parameter; `lenient` names a required parameter
    that may be missing.  Parameters that the method does not have are ignored.

    Raises:
        TopError: 40 or 41, for the first parameter in declared order.
    """
    uploads: dict[str, list[Upload]] = {}
    for upload in files:
        uploads.setdefault(upload.name, []).append(upload)
    bound_args: Arguments = {}
    for param in params:
        text = texts.get(param.name)
        if param.kind is ValueKind.BYTES:
            if param.name in uploads or text:
                bound_args[param.name] = _pictures(param, uploads.get(param.name, []), text, bound)
        elif text or (text is not None and param.allows_blank):
            bound_args[param.name] = _READERS[param.kind](param, text, bound)
        elif param.required and param.name != lenient:
            raise make_missing_error(param.name)
        elif param.default:
            bound_args[param.name] = _READERS[param.kind](param, param.default, bound)
    return bound_args


def _number(param: Param, text: str, bound: Bound) -> int:
    digits = text[1:] if text[:1] == "-" else text
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 19:
        raise make_invalid_error(param.name, "应为整数(int64)", "an int64 is wanted")
    value = int(text)
    most = bound(param.maximum_rule) if param.maximum_rule else param.most
    if not param.least <= value <= most:
        raise make_invalid_error(
            param.name, f"应在 {param.least} 与 {most} 之间", f"from {param.least} to {most}"
        )
    if param.among and text not in param.among:
        raise make_invalid_error(
            param.name, f"只能是 {'、'.join(param.among)}", f"one of {', '.join(param.among)}"
        )
    return value


def _string(param: Param, text: str, bound: Bound) -> str:
    if param.maximum_rule and len(text.encode()) > bound(param.maximum_rule):
        most = bound(param.maximum_rule)
        raise make_invalid_error(
            param.name, f"最多 {most} 字节(UTF-8)", f"at most {most} bytes of UTF-8"
        )
    if param.among and text not in param.among:
        raise make_invalid_error(
            param.name, f"只能是 {'、'.join(param.among)}", f"one of {', '.join(param.among)}"
        )
    return text


def _boolean(param: Param, text: str, bound: Bound) -> bool:
    if text not in ("true", "false"):
        raise make_invalid_error(param.name, "应为 true 或 false", "true or false")
    return text == "true"


def _date(param: Param, text: str, bound: Bound) -> object:
    instant = read_time(text)
    if instant is None:
        raise make_invalid_error(
            param.name, "应为 yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss is wanted"
        )
    return instant


def _strings(param: Param, text: str, bound: Bound) -> tuple[str, ...]:
    items = tuple([item for each in text.split(",") if (item := each.strip())])
    if not items:
        raise (
            make_missing_error(param.name)
            if param.required
            else make_invalid_error(param.name, "列表为空", "the list is empty")
        )
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
            _number(Param(name=param.name, kind=ValueKind.NUMBER), item, bound)
    return items


def _pictures(
    param: Param, uploads: Sequence[Upload], text: str | None, bound: Bound
) -> tuple[Upload, ...]:
    if text:
        raise make_invalid_error(
            param.name, "应作为 multipart 文件上传", "a multipart file is wanted"
        )
    most = bound(param.maximum_rule)
    for upload in uploads:
        if len(upload.content) > most:
            raise make_invalid_error(
                param.name, f"图片最大 {most} 字节", f"a picture has at most {most} bytes"
            )
        if not detect_picture_type(upload.content):
            raise make_invalid_error(
                param.name,
                "不是图片，应为 JPEG、PNG、GIF、BMP 或 WebP",
                "JPEG, PNG, GIF, BMP or WebP is wanted",
            )
    return tuple(uploads)


_READERS: Mapping[ValueKind, Callable[[Param, str, Bound], object]] = {
    ValueKind.NUMBER: _number,
    ValueKind.STRING: _string,
    ValueKind.PRICE: _string,
    ValueKind.BOOLEAN: _boolean,
    ValueKind.DATE: _date,
    ValueKind.STRINGS: _strings,
}
