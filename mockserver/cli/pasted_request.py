"""Read a pasted call: form body, URL with its query, raw HTTP request, `curl` line or HAR.

Nothing is sent and no file is read.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from ..protocol.messages import Inbound

__all__ = ["MAX_PASTED_CHARACTERS", "BadPaste", "read_pasted"]

MAX_PASTED_CHARACTERS = 4 * 1024 * 1024
_FORM = "application/x-www-form-urlencoded"
_DATA_OPTIONS = re.compile("-d|--data(-raw|-ascii|-binary)?|--json")
_OPTIONS_WITHOUT_VALUE = re.compile("-[sSvikLfg#NOj0146G]|-sS|-sf")
_OPTIONS_WITH_VALUE = re.compile(
    "--(url|request|header|data-urlencode|form|form-string|user-agent|cookie|output|connect-timeout"
    "|max-time|proxy|resolve|referer|user|cacert|data(-raw|-ascii|-binary)?|json)"
)
_PAIR = re.compile(r"[\w.\-]+\s*=")
_BOUNDARY = "pasted"


class BadPaste(ValueError):
    """The pasted text is not a call that can be read."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(f"{zh} ({en})")


def read_pasted(text: str) -> Inbound:
    """Return the call as the gateway would have received it.

    Raises:
        BadPaste: the text has none of the known forms, or more than 4 MiB.
    """
    if len(text) > MAX_PASTED_CHARACTERS:
        raise BadPaste("粘贴的内容超过 4 MiB", "what was pasted is above 4 MiB")
    text = text.lstrip("\ufeff \t\r\n")
    if not text.strip():
        raise BadPaste("没有粘贴任何内容", "nothing was pasted")
    if re.match(r"(\$ *)?curl(\.exe)?\s", text):
        return _read_curl(text.lstrip("$ "))
    if text[0] in "{[":
        return _read_har(text)
    line, _, rest = text.partition("\n")
    if re.match(r"[A-Z]+ \S+ HTTP/", line):
        return _read_http(line, rest)
    if re.match(r"(?i)https?://|/\S*\?|\?", line):
        body = rest.strip("\r\n")
        verb = "POST" if body else "GET"
        return _make_inbound(line.strip(), verb, _guess_content_type(body), body.encode())
    return _read_form(text)


def _make_inbound(url: str, verb: str, content_type: str, body: bytes) -> Inbound:
    try:
        query = urlsplit(url).query
    except ValueError:
        raise BadPaste("地址读不懂", "the address cannot be read") from None
    return Inbound(verb, query.encode(), content_type, body)


def _guess_content_type(body: str) -> str:
    if body.startswith(("{", "[")):
        return "application/json"
    return "text/xml" if body.startswith("<") else _FORM


def _read_form(text: str) -> Inbound:
    """Read `k=v&…` as it is sent, or lines of `k=v` that are not yet encoded."""
    lines = [line.strip("\r") for line in text.strip("\r\n").split("\n") if line.strip()]
    if len(lines) > 1 and all(
        _PAIR.match(line) and not re.search(r"&[\w.\-]+=", line) for line in lines
    ):
        pairs = [line.partition("=") for line in lines]
        body = urlencode([(name.strip(), value.lstrip()) for name, _, value in pairs])
        return Inbound("POST", b"", _FORM, body.encode())
    if len(lines) != 1 or not _PAIR.match(lines[0]):
        raise BadPaste(
            "看不出是什么：可以粘贴 k=v&… 的请求体、带查询串的 URL、curl 命令、HTTP 原文或 HAR",
            "no known form: paste a body k=v&…, a URL with its query, a curl line, "
            "a raw HTTP request or a HAR",
        )
    return Inbound("POST", b"", _FORM, lines[0].encode())


def _read_http(line: str, rest: str) -> Inbound:
    verb, target, _ = line.split(" ", 2)
    head, gap, body = re.split(r"(\r?\n\r?\n|\Z)", rest, maxsplit=1)
    headers = dict(_read_header(header) for header in head.splitlines())
    if not gap:
        body = ""
    content_type = headers.get("content-type", _guess_content_type(body))
    if content_type.lower().startswith("multipart/"):
        body = re.sub(r"\r?\n", "\r\n", body)  # a terminal has dropped the CRs
    else:
        body = body.rstrip("\r\n")
    return _make_inbound(target, verb, content_type, body.encode())


def _read_header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()


def _read_har(text: str) -> Inbound:
    """Read one request of a HAR: the last one to a gateway, else the last one."""
    try:
        document = json.loads(text)
        entries = document["log"]["entries"] if "log" in document else [document]
        requests = [entry.get("request", entry) for entry in entries]
        requests = [request for request in requests if "url" in request]
        to_gateway = [request for request in requests if "router/rest" in request["url"]]
        return _read_har_request((to_gateway or requests)[-1])
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        raise BadPaste(
            "JSON 里没有 HAR 的请求(log.entries[].request)",
            "the JSON holds no request of a HAR (log.entries[].request)",
        ) from None


def _read_har_request(request: Mapping[str, Any]) -> Inbound:
    post = request.get("postData") or {}
    headers = {
        str(header["name"]).lower(): str(header["value"]) for header in request.get("headers", ())
    }
    body = post.get("text") or urlencode(
        [(str(field["name"]), str(field.get("value", ""))) for field in post.get("params", ())]
    )
    return _make_inbound(
        str(request["url"]),
        str(request.get("method", "GET")),
        headers.get("content-type") or post.get("mimeType", _FORM),
        str(body).encode(),
    )


def _read_curl(text: str) -> Inbound:
    line = re.sub(r"[\\^]\r?\n", " ", text)
    line = re.sub(
        r"\$'((?:[^'\\]|\\.)*)'", lambda match: shlex.quote(_unescape_shell(match[1])), line
    )
    try:
        words = iter(shlex.split(line)[1:])
    except ValueError:
        raise BadPaste(
            "curl 命令的引号没有配对", "the quotes of the curl line do not match"
        ) from None
    url = verb = content_type = ""
    data: list[str] = []
    parts: list[str] = []
    in_query = False
    for name, value in _curl_options(words):
        if name in ("", "--url"):
            url = url or value
        elif name in ("-X", "--request"):
            verb = value
        elif name in ("-H", "--header"):
            header, header_value = _read_header(value)
            content_type = header_value if header == "content-type" else content_type
        elif _DATA_OPTIONS.fullmatch(name):
            data.append(_refuse_file(value))
            content_type = content_type or ("application/json" if name == "--json" else "")
        elif name == "--data-urlencode":
            data.append(_encode_value(value))
        elif name in ("-F", "--form", "--form-string"):
            parts.append(value)
        elif name in ("-G", "--get"):
            in_query = True
    body = "&".join(data)
    if parts:
        multipart = f"multipart/form-data; boundary={_BOUNDARY}"
        return _make_inbound(url, verb or "POST", multipart, _format_multipart(parts))
    if in_query:
        return _make_inbound(f"{url}{'&' if '?' in url else '?'}{body}", verb or "GET", "", b"")
    verb = verb or ("POST" if data else "GET")
    return _make_inbound(url, verb, content_type or _FORM, body.encode())


def _curl_options(words: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Yield `(option, value)`; the option of a plain word is "".

    Of options that are not known here, short ones take a value and long ones take none.
    """
    for word in words:
        if not word.startswith("-") or word == "-":
            yield "", word
        elif word.startswith("--"):
            name, equals, value = word.partition("=")
            if not equals and _OPTIONS_WITH_VALUE.fullmatch(name):
                value = next(words, "")
            yield name, value
        elif _OPTIONS_WITHOUT_VALUE.fullmatch(word):
            yield word, ""
        else:
            yield word[:2], word[2:] or next(words, "")


def _unescape_shell(text: str) -> str:
    """Return the text that a shell makes of `$'…'`."""
    plain = {"n": "\n", "r": "\r", "t": "\t", "'": "'", '"': '"', "\\": "\\"}

    def unescape(match: re.Match[str]) -> str:
        code = match[1]
        if code[0] in "ux" and len(code) > 1:
            return chr(int(code[1:], 16))
        return plain.get(code, code)

    return re.sub(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", unescape, text, flags=re.DOTALL)


def _refuse_file(value: str) -> str:
    """Return `value`; curl reads `@file` from a file, which is not here."""
    if value.startswith("@"):
        raise BadPaste(
            f"curl 的数据在文件 {value[1:60]} 里：请把内容直接粘贴进来",
            f"the data is in file {value[1:60]}: paste what is in it",
        )
    return value


def _encode_value(pair: str) -> str:
    name, equals, text = pair.partition("=")
    return f"{name}{equals}{quote(text, safe='')}" if equals else quote(pair, safe="")


def _format_multipart(parts: list[str]) -> bytes:
    """Return the body that `-F` options make; of files, which are not signed, only the name."""
    lines = []
    for part in parts:
        name, _, value = part.partition("=")
        disposition = f'Content-Disposition: form-data; name="{name}"'
        if value.startswith("@"):
            file_name = value[1:].partition(";")[0]
            disposition += f'; filename="{file_name}"'
            value = ""
        lines += [f"--{_BOUNDARY}", disposition, "", value]
    return "\r\n".join([*lines, f"--{_BOUNDARY}--", ""]).encode()
