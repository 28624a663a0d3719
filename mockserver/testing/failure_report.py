"""A failed test's report on its sandbox: clock, seed, timelines, last calls."""

from collections.abc import Iterator

from ..client.control_client import ControlRefused
from ..client.sandbox import Sandbox
from ..client.terminal import escape_controls, escape_line
from ..client.transport import Unreachable
from ..service.reply_documents import ExchangeDocument, RequestDocument
from ..world.secret_index import SecretIndex

__all__ = ["format_failure"]

_MAX_CALLS = 10
_MAX_EXCHANGES = 5
_MAX_EVENTS = 8  # of one exchange
_MAX_FINDINGS = 2  # of one call


def format_failure(sandbox: Sandbox, test: str) -> str:
    """Return the text of the report's section about `sandbox`; says so if the server is gone.

    `test` is pytest's node id.  The sandbox is asked three times, for what is printed only.
    """
    try:
        text = "\n".join(_format_lines(sandbox, test))
    except (Unreachable, ControlRefused) as error:
        text = f"独立环境 {sandbox.id} 已不可用 (the sandbox is gone): {error}"
    variables = ("TOP_APP_SECRET", "TOP_SESSION", "TOP_SUB_SESSION", "TMALL_MOCKSERVER_TOKEN")
    secrets = SecretIndex(sandbox.env[name] for name in variables)
    return "\n".join(escape_controls(secrets.mask(line)) for line in text.split("\n"))


def _format_lines(sandbox: Sandbox, test: str) -> Iterator[str]:
    now = f"{sandbox.clock.now:%Y-%m-%d %H:%M:%S}"
    yield f"独立环境 (sandbox) {sandbox.id}  时间 (now) {now}  种子 (seed) {sandbox.seed}"
    yield f"重跑 (run again): python -m pytest {_quote(test)}"
    total, documents = sandbox.newest_exchanges(_MAX_EXCHANGES)
    for document in documents:
        yield from _format_exchange(document)
    if total > len(documents):
        yield f"… 共 {total} 张换货单 ({total} exchanges)"
    calls = sandbox.requests(limit=_MAX_CALLS)
    if calls:
        yield f"最近的调用 (last calls, newest first, {len(calls)}):"
    for call in calls:
        line = _format_call(call)
        yield escape_line(line)
        for finding in call["diagnosis"]["findings"][:_MAX_FINDINGS]:
            if finding["zh"] not in line:  # each sentence once
                yield escape_line(f"        {finding['zh']} ({finding['en']})")


def _quote(test: str) -> str:
    return f'"{test}"' if any(sign in test for sign in " []'$") else test


def _format_exchange(document: ExchangeDocument) -> Iterator[str]:
    due = f"  时限 (deadline) {document['deadline']}" if document["deadline"] else ""
    status = f"{document['status']} {document['status_text']}"
    yield f"换货单 (exchange) {document['dispute_id']}  {status}{due}"
    for event in document["timeline"][-_MAX_EVENTS:]:
        path = f"{event['from'] or '-'} → {event['to']}"
        yield f"    {event['at']}  {event['by']:<6} {event['move']:<18} {path}"
    moves = "; ".join(
        f"{actor}: {', '.join(names)}" for actor, names in document["possible"].items()
    )
    if moves:
        yield f"    可以 (possible): {moves}"


def _format_call(call: RequestDocument) -> str:
    line = f"    {call['at']}  {call['method']} dispute_id={call['dispute_id'] or '-'}"
    if call["outcome"] == "ok":
        return f"{line} ok"
    code = call["code"] or call["msg_code"]
    diagnosis = call["diagnosis"]
    return f"{line} {call['outcome']} {code} {diagnosis['zh']} ({diagnosis['en']})"
