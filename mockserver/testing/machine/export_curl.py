"""A failure as a shell script of curl calls: a sandbox with the same credentials and ids, every call as it was sent.

Signatures hold again, since the bodies, key and secret are the same and the timestamp may be old.
"""

import shlex
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

import msgspec

from ...domain.durations import MAX_DURATION, format_duration
from ...version import __version__
from .checks import CheckFailure, join_lines
from .local_server import RecordedCall
from .machine_run import ExecutedStep, MachineRun
from .possible_steps import StepDocument

__all__ = ["export_curl"]

_HEAD = """#!/bin/sh
# {zh}
# {en}
# tmall-mockserver {version}；运行 (run): tmall-mockserver exec -- sh {path}
# 退出码 (exit): 1 重现了 (reproduced)，0 没有重现 (not reproduced)，2 无法运行 (cannot run)
set -u
: "${{TMALL_MOCKSERVER_URL:?}}" "${{TMALL_MOCKSERVER_TOKEN:?}}"
api="$TMALL_MOCKSERVER_URL/_sandbox/sandboxes"
control() {{ # VERB PATH [JSON]
  curl -sS --noproxy '*' -X "$1" "$api$2" -H "Authorization: Bearer $TMALL_MOCKSERVER_TOKEN" -H 'Content-Type: application/json' ${{3+--data-raw "$3"}}
}}
did() {{ control "$@" > /dev/null; }}
top() {{ # QUERY [CONTENT-TYPE]; with one the body comes in
  curl -sS --noproxy '*' "$TMALL_MOCKSERVER_URL/router/rest$1" ${{2+-H "Content-Type: $2" --data-binary @-}}
  echo
}}
made=$(control POST '' {document})
id=$(printf %s "$made" | sed -n 's/^{{"id":"\\([^"]*\\)".*/\\1/p')
test -n "$id" || {{ printf '%s\\n' "$made" >&2; exit 2; }}
trap 'did DELETE "/$id"' EXIT
"""
_VERDICT = """
# 结果 (the outcome)
answer=$(control GET "/$id/"{path})
printf '%s\\n' "$answer"
case "$answer" in
  '') exit 2 ;;
  *{text}*) exit {there} ;;
  *) exit {absent} ;;
esac
"""
_UNSEEN = """
# 错误在客户端内部，平台看不到：以上是经过，pytest 文件重现错误
# the failure is within the client, unseen by the platform: this is what led there, the pytest file shows it again
"""


def export_curl(encounter: MachineRun, failure: CheckFailure, path: str) -> str:
    """The text of the script that is going to stand at `path`."""
    document = encounter.plan.document(encounter.began)
    document["rules"] = {
        **document.get("rules", {}),
        "timestamp_tolerance": format_duration(MAX_DURATION),
    }
    text = _HEAD.format(
        zh=failure.zh,
        en=failure.en,
        version=__version__,
        path=shlex.quote(path),
        document=_json(document),
    )
    text += (
        "".join(f"\n{line}" for deed in encounter.operations for line in _lines(encounter, deed))
        + "\n"
    )
    if failure.evidence is None:
        return text + _UNSEEN
    seen = failure.evidence
    return text + _VERDICT.format(
        path=shlex.quote(seen.path),
        text=shlex.quote(seen.text),
        there=int(seen.there),
        absent=int(not seen.there),
    )


def _lines(encounter: MachineRun, deed: ExecutedStep) -> Iterator[str]:
    """A deed as lines of the script."""
    step = deed.step
    kind = next(iter(step))
    if deed.heard or kind == "client":
        yield f"# {'客户端的一轮 (a round of the client)' if kind == 'client' else '卖家 (the seller)'}"
        for heard in deed.heard:
            yield from _sent(heard)
    else:
        verb, path, body = _CONTROLS.get(kind, _move)(encounter, step)
        yield f'did {verb} "/$id/{path}" {_json(body)}'


def _sent(heard: RecordedCall) -> Iterator[str]:
    """One call as it was sent, and how it ended."""
    inbound = heard.inbound
    query, kind = (
        inbound.query.decode("latin-1"),
        inbound.content_type or "application/x-www-form-urlencoded",
    )
    where = shlex.quote(f"?{query}" if query else "")
    yield (
        f"top {where}"
        if inbound.verb == "GET"
        else f"{_printed(inbound.body or b'')} | top {where} {shlex.quote(kind)}"
    )
    yield f"#   {_ended(heard)}"


def _ended(heard: RecordedCall) -> str:
    """How a call ended; what the reply carried is shown when the script runs."""
    if heard.lost:
        return "应答丢失 (the reply was lost)"
    if heard.trouble is None:
        return "成功 (ok)"
    trouble = heard.trouble
    return join_lines(
        f"{trouble.code or trouble.msg_code} {trouble.sub_code} {trouble.cause_zh} ({trouble.cause_en})"
    )


def _printed(body: bytes) -> str:
    """The command that prints a body."""
    try:
        return f"printf %s {shlex.quote(body.decode('ascii'))}"
    except UnicodeDecodeError:
        return f"printf %s {b64encode(body).decode()} | base64 -d"


def _apply(encounter: MachineRun, step: StepDocument) -> tuple[str, str, Any]:
    return (
        "POST",
        "exchanges",
        {key: value for key, value in step.items() if key not in ("buyer", "as")},
    )


def _move(encounter: MachineRun, step: StepDocument) -> tuple[str, str, Any]:
    actor, name = next(iter(step.items()))
    if name == "apply":
        return _apply(encounter, step)
    number = next(number for number, each in encounter.names.items() if each == step["on"])
    fields = {key: value for key, value in step.items() if key not in (actor, "on")}
    return "POST", f"exchanges/{number}/moves", {"by": actor, "move": name, **fields}


def _stock(encounter: MachineRun, step: StepDocument) -> tuple[str, str, Any]:
    ((name, units),) = step["stock"].items()
    return "PUT", f"stock/{quote(name, safe='')}", {"available": units}


_CONTROLS: Mapping[str, Callable[[MachineRun, StepDocument], tuple[str, str, Any]]] = (
    MappingProxyType(
        {
            "advance": lambda encounter, step: ("POST", "clock/advance", {"by": step["advance"]}),
            "age": lambda encounter, step: ("POST", "clock/age", {"by": step["age"]}),
            "rules": lambda encounter, step: ("PATCH", "rules", step["rules"]),
            "fault": lambda encounter, step: ("POST", "faults", step),
            "stock": _stock,
        }
    )
)


def _json(value: Any) -> str:
    return shlex.quote(msgspec.json.encode(value).decode())
