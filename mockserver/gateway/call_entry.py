"""Build the journal entry of a call: masked, with findings, complete before the reply leaves."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import blake2b

import msgspec

from ..doctor.finding import Finding
from ..domain.errors import DomainError
from ..domain.moves import LeaveMessage
from ..protocol.errors import TopError
from ..protocol.request_flaws import RequestFlaw
from ..protocol.shapes import Tree
from ..service.problem import exception_place
from ..world.directory import Directory
from ..world.journal import Entry
from ..world.masking import encode_clipped, mask_params, mask_reply, scrub
from .call import Call
from .faults.reply_effects import fault_sentences, mark_entry

__all__ = ["build_entry"]

_MAX_SENTENCE = 500  # characters
_MARK_BYTES = 7  # a mark stays within the integers that JSON numbers carry exactly enough
_NOT_A_FORM = b'{["< \r\n\t'  # how a body starts that was read as a form and is none


def build_entry(
    call: Call,
    directory: Directory,
    tree: Tree,
    error: TopError | None,
    *,
    number: int,
    micros: int,
) -> Entry:
    """Return the entry of a call that was answered with `tree`."""
    findings = _diagnose(call, directory, error) if error or call.refusal else b"[]"
    if call.inbound.remarks:
        findings = _add_flaws(findings, call.inbound.remarks)
    own_secrets = call.texts.get("session", ""), call.app.app_secret if call.app else ""
    misread = (call.inbound.body or b"-")[0] in _NOT_A_FORM
    params, coded, hidden = mask_params(call.texts, directory, own_secrets, misread=misread)
    warnings = [warning[:_MAX_SENTENCE] for warning in call.warnings] if call.warnings else []
    reply = encode_clipped(mask_reply(tree, call.stub is not None))
    sub_code = error.sub_code if error else ""
    if hidden:
        warnings = [scrub(warning, hidden) for warning in warnings]
        call.cause = scrub(call.cause[0], hidden), scrub(call.cause[1], hidden)
        reply = scrub(reply.decode(), hidden).encode()
        sub_code = scrub(sub_code, hidden)
    cause_zh, cause_en = call.cause
    if call.fault is not None:
        fault_zh, fault_en = fault_sentences(call.fault)
        cause_zh = "；".join(filter(None, (fault_zh, cause_zh)))
        cause_en = "; ".join(filter(None, (fault_en, cause_en)))
    inbound, real = call.inbound, directory.real()
    sandbox = call.world or call.caller_sandbox
    outcome = "refused" if error else "ok"
    entry = Entry(
        number=number,
        request_id=call.request_id,
        sandbox=sandbox.id if sandbox else "none",
        at=_sandbox_time(call, real).timestamp(),
        real=real.timestamp(),
        verb=inbound.verb[:20],
        method=params.get("method", "")[:200],
        caller=call.session.label if call.session else "",
        dispute_id=params.get("dispute_id", "")[:40],
        outcome="failed" if call.msg_code else outcome,
        code=error.code if error else 0,
        sub_code=sub_code,
        msg_code=call.msg_code,
        rule=call.rule,
        micros=micros,
        params=coded,
        reply=reply,
        base_url=inbound.base_url,
        content_type=inbound.content_type[:200],
        in_query=call.in_query,
        body_size=len(inbound.body or b""),
        files=_files(call) if call.files else b"[]",
        mark=_mark(call),
        warnings=encode_clipped(warnings) if warnings else b"[]",
        cause_zh=cause_zh[:_MAX_SENTENCE],
        cause_en=cause_en[:_MAX_SENTENCE],
        doctor=findings,
    )
    return entry if call.fault is None else mark_entry(entry, call.fault)


def _sandbox_time(call: Call, real: datetime) -> datetime:
    sandbox = call.world or call.caller_sandbox
    return sandbox.view.clock.outer(real) if sandbox else real


def _diagnose(call: Call, directory: Directory, error: TopError | None) -> bytes:
    """Return the findings as JSON; the cause and the warnings of the call are extended by them."""
    # Most servers never refuse a call, and this import is a tenth of their start.
    from ..doctor.diagnosis import diagnose, report_broken_diagnosis
    from ..doctor.refused_call import RefusedCall

    refused = RefusedCall(
        inbound=call.inbound,
        directory=directory,
        texts=call.texts,
        query_count=call.in_query,
        files=tuple(call.files),
        raw_body=call.raw_body,
        repeated=call.repeated,
        world=call.world,
        app=call.app,
        session=call.session,
        method=call.method,
        error=None if call.msg_code else error,
        failure=call.refusal if isinstance(call.refusal, DomainError) else None,
        tolerated=call.refusal if isinstance(call.refusal, TopError) else None,
        planned=call.fault is not None,
        cause=call.cause,
    )
    try:
        diagnosis = diagnose(refused)
    except Exception as broken:  # the door: a broken diagnosis must not cost the caller the reply
        return report_broken_diagnosis(exception_place(broken))
    call.cause = diagnosis.cause
    call.warnings += diagnosis.warnings
    return diagnosis.findings


def _add_flaws(findings: bytes, flaws: Iterable[RequestFlaw]) -> bytes:
    """Return the findings, as JSON, with one for each flaw of the request behind them."""
    added = [Finding(flaw.id, flaw.zh, flaw.en) for flaw in flaws]
    return msgspec.json.encode([*msgspec.json.decode(findings), *added])


def _files(call: Call) -> bytes:
    """Return field name and size of each file as JSON; the client's own file names are not kept."""
    return encode_clipped(
        [{"name": upload.name[:200], "bytes": len(upload.content)} for upload in call.files]
    )


def _mark(call: Call) -> int:
    """Return a number, equal in every process for messages of equal content; 0: no message."""
    if call.method is None or call.method.move is not LeaveMessage:
        return 0
    digest = blake2b(call.texts.get("content", "").encode(), digest_size=_MARK_BYTES)
    for upload in call.files:
        digest.update(b"\0%d:" % len(upload.content) + upload.content)
    return int.from_bytes(digest.digest(), "big")
