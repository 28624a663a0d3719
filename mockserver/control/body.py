"""Decodes the JSON body of a control call; says what a body is that is no JSON.

Consoles and scripts send what their encoding makes of a text: GBK from a Chinese Windows console,
UTF-16 from PowerShell, single quotes that cmd.exe does not take away.  "Not valid JSON" helps
nobody there, so each of these is recognized, and the answer says what to do.
"""

import json
from typing import Any

import msgspec

from ..protocol.json_form import parse_json
from ..world.document import BadDocument

__all__ = ["decode_body"]

_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_FILE_HINT_ZH = "把请求体存为 UTF-8 文件，再用 curl --data-binary @文件"
_FILE_HINT_EN = "save the body as a UTF-8 file and send it with curl --data-binary @FILE"


def decode_body(raw: bytes, *, verbatim: bool = False) -> Any:
    """Return the value of a body in UTF-8, with or without its mark.

    With `verbatim` numbers stay as they are written.

    Raises:
        BadDocument: it is no JSON; says what it seems to be, where it is wrong, and what to do.
    """
    text = raw.removeprefix(_UTF8_MARK)
    try:
        value = msgspec.json.decode(text)
        return parse_json(text) if verbatim else value
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise BadDocument("body", *_explain(text)) from None


def _explain(raw: bytes) -> tuple[str, str]:
    """Return in Chinese and English what is wrong with a body that is no JSON."""
    if raw.startswith(_UTF16_MARKS) or b"\0" in raw[:4]:
        return (
            f"不是合法的 JSON：请求体是 UTF-16 编码；{_FILE_HINT_ZH}",
            f"not valid JSON: the body is UTF-16; {_FILE_HINT_EN}",
        )
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        return _explain_encoding(raw, error.start)
    begins = text.lstrip()[:1]
    if begins == "'":
        return (
            '不是合法的 JSON：最外层有单引号，cmd.exe 不去掉它；外层用双引号，内层写 \\"',
            'not valid JSON: single quotes around it (cmd.exe keeps them); " outside, \\" inside',
        )
    if '{\\"' in text[:50].replace(" ", ""):
        return (
            '不是合法的 JSON：引号前有反斜杠(\\")；去掉反斜杠',
            'not valid JSON: a backslash before each quote (\\"); leave it out',
        )
    if begins not in "{[" and "=" in text[:200]:
        return (
            '不是合法的 JSON：像是表单(a=b)；控制接口要 JSON，例如 {"reason": "x"}',
            'not valid JSON: this is a form (a=b); the control API takes JSON: {"reason": "x"}',
        )
    return _explain_syntax(text)


def _explain_encoding(raw: bytes, place: int) -> tuple[str, str]:
    try:
        raw.decode("gb18030")
        name = "GBK"
    except UnicodeDecodeError:
        name = ""
    if not name:
        return (
            f"不是合法的 JSON：第 {place + 1} 个字节起不是 UTF-8；{_FILE_HINT_ZH}",
            f"not valid JSON: no UTF-8 from byte {place + 1}; {_FILE_HINT_EN}",
        )
    zh = f"不是合法的 JSON：请求体像是 {name} 编码，应为 UTF-8；先执行 chcp 65001，"
    en = f"not valid JSON: the body seems to be {name}, UTF-8 is wanted; run chcp 65001 first, "
    return f"{zh}或{_FILE_HINT_ZH}", f"{en}or {_FILE_HINT_EN}"


def _explain_syntax(text: str) -> tuple[str, str]:
    """Return where the syntax breaks; the sentence names no content of the body."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        ends = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
        after = text[: error.pos].rstrip()[-1:]
        zh = f"不是合法的 JSON：第 {error.lineno} 行第 {error.colno} 列"
        en = f"not valid JSON: line {error.lineno}, column {error.colno}"
        if ends:
            return f"{zh}之后中断，没有写完", f"{en}: cut off after it"
        if after == "," or text[error.pos : error.pos + 1] == ",":
            return f"{zh}有多余的逗号", f"{en}: a comma too many"
        return zh, en
    except RecursionError:
        return "不是合法的 JSON：嵌套太深", "not valid JSON: nested too deep"
    except ValueError:
        return "不是合法的 JSON：数字太长", "not valid JSON: a number is too long"
    return (
        "不是合法的 JSON：有超出范围的数字，或不成对的代理字符(\\ud83d)",
        "not valid JSON: a number out of range, or half a surrogate pair (\\ud83d)",
    )
