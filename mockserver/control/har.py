"""The journal's calls as HAR 1.2, which browsers and API tools read.

Secrets are masked as in the journal.  What HAR has no member for stands in members that begin with
`_`, as the format demands.  Requests are rebuilt from parameters and replies from their tree: where
something is masked or clipped, sizes are not those of the wire.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from ..api.declaration import response_wrapper
from ..protocol.json_form import parse_json, parse_tree, write_json
from ..protocol.shapes import BEIJING
from ..protocol.xml_form import write_xml
from ..version import __version__
from ..world.journal import MASK, Entry, is_clipped

__all__ = ["build_har"]

_PATH = "/router/rest"
# in the effect of a fault that answers as a proxy would
_STATUS = re.compile(r"\bstatus=(\d{3})\b")
_HAR_MEMBERS = ("verb", "params", "files", "reply", "micros", "real_time")  # in HAR's own members


def build_har(entries: Iterable[Entry]) -> dict[str, Any]:
    """Return one HAR document with an entry for each call, in the order of `entries`."""
    creator = {"name": "tmall-mockserver", "version": __version__}
    return {
        "log": {
            "version": "1.2",
            "creator": creator,
            "entries": [_entry(entry) for entry in entries],
        }
    }


def _entry(entry: Entry) -> dict[str, Any]:
    document = entry.serialize()
    took = entry.micros / 1000
    started = datetime.fromtimestamp(entry.real - entry.micros / 1e6, BEIJING)
    return {
        "startedDateTime": started.isoformat(timespec="milliseconds"),
        "time": took,
        "request": _request(entry, document["params"], document["files"]),
        "response": _response(entry, document["params"], document["reply"]),
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
        **{f"_{name}": value for name, value in document.items() if name not in _HAR_MEMBERS},
    }


def _request(
    entry: Entry, params: Mapping[str, Any], files: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    pairs = [] if is_clipped(params) else list(params.items())
    query, rest = pairs[: entry.in_query], pairs[entry.in_query :]
    sent: list[dict[str, str]] = [_pair(*item) for item in rest]
    sent += [
        {"name": file["name"], "fileName": MASK, "comment": f"{file['bytes']} bytes"}
        for file in files
    ]
    request = {
        "method": entry.verb,
        "url": entry.base_url + _PATH + (f"?{urlencode(query)}" if query else ""),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [_pair("Content-Type", entry.content_type)] if entry.content_type else [],
        "queryString": [_pair(*item) for item in query],
        "headersSize": -1,
        "bodySize": entry.body_size,
    }
    if sent or entry.body_size:
        request["postData"] = {"mimeType": entry.content_type, "params": sent}
    return request


def _response(entry: Entry, params: Mapping[str, Any], reply: Mapping[str, Any]) -> dict[str, Any]:
    kind = (
        "text/javascript;charset=UTF-8"
        if params.get("format") == "json"
        else "text/xml;charset=UTF-8"
    )
    if is_clipped(reply):
        content = {
            "size": reply["bytes"],
            "mimeType": kind,
            "comment": f"{reply['begins']}…{reply['ends']}",
        }
    else:
        text = _write_reply(entry, params, reply)
        content = {"size": len(text.encode()), "mimeType": kind, "text": text}
    headers = [
        _pair("Content-Type", kind),
        _pair("X-Sandbox-Request-Id", entry.request_id),
        _pair("X-Sandbox-Id", quote(entry.sandbox)),
    ]
    status = _status(entry)
    response = {
        "status": status,
        "statusText": "OK" if status == 200 else "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": headers,
        "content": content,
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": -1,
    }
    return (
        {**response, "comment": f"{entry.fault}: the caller did not get this reply"}
        if entry.lost
        else response
    )


def _status(entry: Entry) -> int:
    """Return the HTTP status that the caller saw, 0 if a fault let nothing whole arrive."""
    if not entry.lost or "as=isp." in entry.effect:
        return 200
    match = _STATUS.search(entry.effect)
    return int(match[1]) if match else 0


def _write_reply(entry: Entry, params: Mapping[str, Any], reply: Mapping[str, Any]) -> str:
    """Return the reply in the form in which it was sent, except for what is masked."""
    root = "error_response" if entry.code else response_wrapper(entry.method)
    members = {name: parse_tree(member) for name, member in parse_json(entry.reply).items()}
    whole = {**members, "request_id": entry.request_id}
    if params.get("format") != "json":
        return write_xml(root, whole)
    return write_json(root, whole, simplify=params.get("simplify") == "true")


def _pair(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value}
