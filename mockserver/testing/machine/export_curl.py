"""Writes a failure as a shell script of curl calls.

A sandbox with the same credentials, every call as it was sent.

Signatures hold again, since bodies, key and secret are the same and the timestamp may be old.
"""

import shlex
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import msgspec

from ...domain.durations import MAX_DURATION, format_duration
from ...domain.moves import Apply
from ...scenario.step_calls import SandboxCall, build_move_call, build_opening_call
from ...scenario.step_kinds import STEP_KINDS
from ...version import __version__
from .check_failure import CheckFailure, join_lines
from .local_server import RecordedCall
from .machine_run import ExecutedStep, MachineRun, get_control_value, lengthen_ban, split_move
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
  curl -sS --noproxy '*' -X "$1" "$api$2" -H "Authorization: Bearer $TMALL_MOCKSERVER_TOKEN" \\
    -H 'Content-Type: application/json' ${{3+--data-raw "$3"}}
}}
did() {{ control "$@" > /dev/null; }}
top() {{ # QUERY [CONTENT-TYPE]; with one the body comes in
  curl -sS --noproxy '*' "$TMALL_MOCKSERVER_URL/router/rest$1" \\
    ${{2+-H "Content-Type: $2" --data-binary @-}}
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
_WITHIN_CLIENT = """
# 错误在客户端内部，平台看不到：以上是经过，pytest 文件重现错误
# the failure is within the client, unseen by the platform: this is what led there,
# the pytest file shows it again
"""


def export_curl(run: MachineRun, failure: CheckFailure, path: str) -> str:
    """Return the text of the script that is going to stand at `path`."""
    document = run.options.document(run.began)
    tolerance = {"timestamp_tolerance": format_duration(MAX_DURATION)}
    document["rules"] = {**document.get("rules", {}), **tolerance}
    text = _HEAD.format(
        zh=failure.zh,
        en=failure.en,
        version=__version__,
        path=shlex.quote(path),
        document=_quote_json(document),
    )
    for executed in run.executed_steps:
        text += "".join(f"\n{line}" for line in _write_step(run, executed))
    text += "\n"
    evidence = failure.evidence
    if evidence is None:
        return text + _WITHIN_CLIENT
    return text + _VERDICT.format(
        path=shlex.quote(evidence.path),
        text=shlex.quote(evidence.text),
        there=int(evidence.there),
        absent=int(not evidence.there),
    )


def _write_step(run: MachineRun, executed: ExecutedStep) -> Iterator[str]:
    """Yield the lines of a step: its signed calls as they were sent, or its control calls."""
    step = executed.step
    kind = next(iter(step))
    if executed.calls or kind == "client":
        by_client = kind == "client"
        yield f"# {'客户端的一轮 (a round of the client)' if by_client else '卖家 (the seller)'}"
        for call in executed.calls:
            yield from _write_signed_call(call)
    else:
        for control_call in _list_control_calls(run, kind, lengthen_ban(step)):
            body = "" if control_call.body is None else f" {_quote_json(control_call.body)}"
            yield f'did {control_call.verb} "/$id/{control_call.path}"{body}'


def _list_control_calls(run: MachineRun, kind: str, step: StepDocument) -> Iterator[SandboxCall]:
    move = split_move(step)
    if move is None:
        build_calls = STEP_KINDS[kind].build_calls
        assert build_calls is not None
        yield from build_calls(get_control_value(step), {})
        return
    actor, name, fields = move
    if name == Apply.name():
        yield build_opening_call(fields)
    else:
        names = {own_name: dispute_id for dispute_id, own_name in run.names.items()}
        yield build_move_call(str(names[step["on"]]), actor, name, fields)


def _write_signed_call(call: RecordedCall) -> Iterator[str]:
    """Yield the lines of a call as it was sent, and how it ended."""
    inbound = call.inbound
    query = inbound.query.decode("latin-1")
    content_type = inbound.content_type or "application/x-www-form-urlencoded"
    where = shlex.quote(f"?{query}" if query else "")
    if inbound.verb == "GET":
        yield f"top {where}"
    else:
        yield f"{_print_command(inbound.body or b'')} | top {where} {shlex.quote(content_type)}"
    yield f"#   {_describe_end(call)}"


def _describe_end(call: RecordedCall) -> str:
    """Return how a call ended; its reply is shown when the script runs."""
    if call.is_reply_lost:
        return "应答丢失 (the reply was lost)"
    entry = call.failure
    if entry is None:
        return "成功 (ok)"
    entry = entry.with_diagnosis()
    code = entry.code or entry.msg_code
    return join_lines(f"{code} {entry.sub_code} {entry.cause_zh} ({entry.cause_en})")


def _print_command(body: bytes) -> str:
    """Return the shell command that prints a body."""
    try:
        return f"printf %s {shlex.quote(body.decode('ascii'))}"
    except UnicodeDecodeError:
        return f"printf %s {b64encode(body).decode()} | base64 -d"


def _quote_json(value: Any) -> str:
    return shlex.quote(msgspec.json.encode(value).decode())
