"""Reads a pasted call: a form body, a URL with its query, a raw HTTP request, a `curl` line or a HAR.

Nothing is sent and no file is read.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from ..protocol.messages import Inbound

__all__ = ["PASTED_AT_MOST", "BadPaste", "read_pasted"]

PASTED_AT_MOST = 4 * 1024 * 1024
_FORM = "application/x-www-form-urlencoded"
_TAKES_NONE = frozenset(
    (
        "-s",
        "-S",
        "-v",
        "-i",
        "-k",
        "-L",
        "-f",
        "-g",
        "-#",
        "-N",
        "-O",
        "-j",
        "-sS",
        "-sf",
        "-0",
        "-1",
        "-4",
        "-6",
        "-G",
    )
)
_DATA = frozenset(("-d", "--data", "--data-raw", "--data-ascii", "--data-binary", "--json"))
_TAKES_ONE = frozenset(
    (
        "--url",
        "--request",
        "--header",
        "--data-urlencode",
        "--form",
        "--form-string",
        "--user-agent",
        "--cookie",
        "--output",
        "--connect-timeout",
        "--max-time",
        "--proxy",
        "--resolve",
        "--referer",
        "--user",
        "--cacert",
        *_DATA,
    )
)
_PAIR = re.compile(r"[\w.\-]+\s*=")


class BadPaste(ValueError):
    """What was pasted is no call that can be read."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(f"{zh} ({en})")


def read_pasted(text: str) -> Inbound:
    """The call as a door would have received it.

    Raises:
        BadPaste: no known form.
    """
    if len(text) > PASTED_AT_MOST:
        raise BadPaste("粘贴的内容超过 4 MiB", "what was pasted is above 4 MiB")
    text = text.lstrip("\ufeff \t\r\n")
    if not text.strip():
        raise BadPaste("没有粘贴任何内容", "nothing was pasted")
    if re.match(r"(\$ *)?curl(\.exe)?\s", text):
        return _curl(text.lstrip("$ "))
    if text[0] in "{[":
        return _har(text)
    line, _, rest = text.partition("\n")
    if re.match(r"[A-Z]+ \S+ HTTP/", line):
        return _http(line, rest)
    if re.match(r"(?i)https?://|/\S*\?|\?", line):
        return _url(line.strip(), rest.strip("\r\n"))
    return _form(text)


def _inbound(url: str, verb: str, content_type: str, body: bytes) -> Inbound:
    try:
        query = urlsplit(url).query
    except ValueError:
        raise BadPaste("地址读不懂", "the address cannot be read") from None
    return Inbound(verb, query.encode(), content_type, body)


def _url(line: str, body: str) -> Inbound:
    return _inbound(line, "POST" if body else "GET", _kind_of(body), body.encode())


def _kind_of(body: str) -> str:
    return (
        "application/json"
        if body[:1] in "{[" and body
        else "text/xml"
        if body[:1] == "<"
        else _FORM
    )


def _form(text: str) -> Inbound:
    """`k=v&…` as it is sent, or a line for each `k=v` as it is meant."""
    lines = [line.strip("\r") for line in text.strip("\r\n").split("\n") if line.strip()]
    if len(lines) > 1 and all(
        _PAIR.match(line) and not re.search(r"&[\w.\-]+=", line) for line in lines
    ):
        pairs = [line.partition("=") for line in lines]
        return Inbound(
            "POST",
            b"",
            _FORM,
            urlencode([(name.strip(), value.lstrip()) for name, _, value in pairs]).encode(),
        )
    if len(lines) != 1 or not _PAIR.match(lines[0]):
        raise BadPaste(
            "看不出是什么：可以粘贴 k=v&… 的请求体、带查询串的 URL、curl 命令、HTTP 原文或 HAR",
            "no known form: paste a body k=v&…, a URL with its query, a curl line, a raw HTTP request or a HAR",
        )
    return Inbound("POST", b"", _FORM, lines[0].encode())


def _http(line: str, rest: str) -> Inbound:
    verb, target, _ = line.split(" ", 2)
    head, gap, body = re.split(r"(\r?\n\r?\n|\Z)", rest, maxsplit=1)
    headers = dict(_header(each) for each in head.splitlines())
    if not gap:
        body = ""
    kind = headers.get("content-type", _kind_of(body))
    if kind.lower().startswith("multipart/"):
        return _inbound(
            target, verb, kind, re.sub(r"\r?\n", "\r\n", body).encode()
        )  # a terminal has dropped the CRs
    return _inbound(target, verb, kind, body.rstrip("\r\n").encode())


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()


def _har(text: str) -> Inbound:
    """The last call of a HAR to a gateway, or a request of one."""
    try:
        shown = json.loads(text)
        entries = shown["log"]["entries"] if "log" in shown else [shown]
        asked = [each.get("request", each) for each in entries]
        called = [each for each in asked if "url" in each]
        chosen = next(
            (each for each in reversed(called) if "router/rest" in each["url"]), called[-1]
        )
        return _of_har(chosen)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        raise BadPaste(
            "JSON 里没有 HAR 的请求(log.entries[].request)",
            "the JSON holds no request of a HAR (log.entries[].request)",
        ) from None


def _of_har(asked: Mapping[str, Any]) -> Inbound:
    post = asked.get("postData") or {}
    headers = {str(each["name"]).lower(): str(each["value"]) for each in asked.get("headers", ())}
    body = post.get("text") or urlencode(
        [(str(each["name"]), str(each.get("value", ""))) for each in post.get("params", ())]
    )
    return _inbound(
        str(asked["url"]),
        str(asked.get("method", "GET")),
        headers.get("content-type") or post.get("mimeType", _FORM),
        str(body).encode(),
    )


def _curl(text: str) -> Inbound:
    joined = re.sub(r"[\\^]\r?\n", " ", text)
    joined = re.sub(
        r"\$'((?:[^'\\]|\\.)*)'", lambda found: shlex.quote(_unescaped(found[1])), joined
    )
    try:
        words = iter(shlex.split(joined)[1:])
    except ValueError:
        raise BadPaste(
            "curl 命令的引号没有配对", "the quotes of the curl line do not match"
        ) from None
    url, verb, kind, data, parts, in_query = "", "", "", [], [], False
    for name, value in _options(words):
        if name in ("", "--url"):
            url = url or value
        elif name in ("-X", "--request"):
            verb = value
        elif name in ("-H", "--header"):
            kind = _header(value)[1] if _header(value)[0] == "content-type" else kind
        elif name in _DATA:
            data.append(_no_file(value))
            kind = kind or ("application/json" if name == "--json" else "")
        elif name == "--data-urlencode":
            data.append(_encoded(value))
        elif name in ("-F", "--form", "--form-string"):
            parts.append(value)
        elif name in ("-G", "--get"):
            in_query = True
    if parts:
        return _inbound(
            url, verb or "POST", "multipart/form-data; boundary=pasted", _multipart(parts)
        )
    if in_query:
        return _inbound(
            f"{url}{'&' if '?' in url else '?'}{'&'.join(data)}", verb or "GET", "", b""
        )
    return _inbound(
        url, verb or ("POST" if data else "GET"), kind or _FORM, "&".join(data).encode()
    )


def _options(words: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Option and value; a plain word has no name.  Of options not known here, short ones take a value and long ones none."""
    for word in words:
        if not word.startswith("-") or word == "-":
            yield "", word
        elif word.startswith("--"):
            name, equals, value = word.partition("=")
            yield name, value if equals else next(words, "") if name in _TAKES_ONE else ""
        elif word in _TAKES_NONE:
            yield word, ""
        else:
            yield word[:2], word[2:] or next(words, "")


def _unescaped(text: str) -> str:
    """The text of a `$'…'` word of a shell."""
    plain = {"n": "\n", "r": "\r", "t": "\t", "'": "'", '"': '"', "\\": "\\"}

    def one(found: re.Match[str]) -> str:
        code = found[1]
        return (
            chr(int(code[1:], 16)) if code[0] in "ux" and len(code) > 1 else plain.get(code, code)
        )

    return re.sub(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", one, text, flags=re.DOTALL)


def _no_file(value: str) -> str:
    if value.startswith("@"):
        raise BadPaste(
            f"curl 的数据在文件 {value[1:60]} 里：请把内容直接粘贴进来",
            f"the data is in file {value[1:60]}: paste what is in it",
        )
    return value


def _encoded(value: str) -> str:
    name, equals, text = value.partition("=")
    return f"{name}{equals}{quote(text, safe='')}" if equals else quote(value, safe="")


def _multipart(parts: list[str]) -> bytes:
    """The body of `-F` options; of files, which are not signed, only the name."""
    pieces = []
    for part in parts:
        name, _, value = part.partition("=")
        filed = f'; filename="{value[1:].partition(";")[0]}"' if value.startswith("@") else ""
        pieces.append(
            f'--pasted\r\nContent-Disposition: form-data; name="{name}"{filed}\r\n\r\n{"" if filed else value}\r\n'
        )
    return "".join([*pieces, "--pasted--\r\n"]).encode()
