"""Build the journal entry of a call: masked, with findings, before the reply leaves; only the
search for what is wrong with a sign is left for whoever reads the entry first."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from hashlib import blake2b
from importlib import import_module

import msgspec
from msgspec import Struct

from ..doctor.finding import Finding
from ..doctor.refused_call import RefusedCall
from ..doctor.sign_refusal import (
    Diagnosis,
    has_searchable_sign,
    is_sign_refused,
    postpone_search,
    report_broken_diagnosis,
)
from ..domain.errors import DomainError
from ..domain.moves import LeaveMessage
from ..protocol.errors import TopError
from ..protocol.request_flaws import RequestFlaw
from ..protocol.shapes import Tree
from ..service.problem import exception_place
from ..world.directory import Directory
from ..world.journal import Entry
from ..world.late_diagnosis import Explanation, LateDiagnosis
from ..world.masking import CallMask, encode_clipped, mask_params, mask_reply
from .call import Call
from .faults.reply_effects import fault_sentences, mark_entry

__all__ = ["build_entry", "load_doctor"]

_MAX_SENTENCE = 500  # characters
_MAX_VERB = 20  # characters
_LATE_BYTES = 4096  # of a late diagnosis besides the call's parameters
_MARK_BYTES = 7  # a mark stays within the integers that JSON numbers carry exactly enough
_NO_EXPLANATION = Explanation("", "", b"[]", b"[]")
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
    plain = error is None and call.refusal is None
    search = None if plain else _begin_diagnosis(call, directory, error)
    secrets = directory.secrets
    mask = CallMask(call.texts, secrets)
    misread = (call.inbound.body or b"-")[0] in _NOT_A_FORM
    params, coded = mask_params(call.texts, mask, misread=misread, signed=plain)
    mask_all = secrets.mask_plain if plain else mask.mask_json
    reply = encode_clipped(mask_reply(tree, call.stub is not None), mask_all)
    inbound, real = call.inbound, directory.real()
    explanation, late = _NO_EXPLANATION, None
    if search is not None or call.warnings or call.fault is not None or any(call.cause):
        write = partial(
            _write_explanation,
            warnings=tuple(call.warnings),
            fault=fault_sentences(call.fault) if call.fault is not None else ("", ""),
            mask=mask.mask_text,
            flaws=inbound.remarks,
        )
        explanation = write(search.facts if search is not None else _Facts(b"[]", call.cause))
        if search is not None and search.run is not None:
            explain = partial(_explain_late, search.run, write)
            late = LateDiagnosis(explain, len(coded) + _LATE_BYTES)
    sandbox = call.world or call.caller_sandbox
    outcome = "refused" if error else "ok"
    entry = Entry(
        number=number,
        request_id=call.request_id,
        sandbox=sandbox.id if sandbox else "none",
        at=_sandbox_time(call, real).timestamp(),
        real=real.timestamp(),
        verb=mask.mask_header(inbound.verb)[:_MAX_VERB],
        method=params.get("method", "")[:200],
        caller=call.session.label if call.session else "",
        dispute_id=params.get("dispute_id", "")[:40],
        outcome="failed" if call.msg_code else outcome,
        code=error.code if error else 0,
        sub_code=mask.mask_text(error.sub_code) if error else "",
        msg_code=call.msg_code,
        rule=call.rule,
        micros=micros,
        params=coded,
        reply=reply,
        base_url=mask.mask_header(inbound.base_url),
        content_type=mask.mask_header(inbound.content_type),
        in_query=call.in_query,
        body_size=len(inbound.body or b""),
        files=_files(call, mask) if call.files else b"[]",
        mark=_mark(call),
        warnings=explanation.warnings,
        cause_zh=explanation.cause_zh,
        cause_en=explanation.cause_en,
        doctor=explanation.doctor,
        late=late,
    )
    return entry if call.fault is None else mark_entry(entry, call.fault)


def _sandbox_time(call: Call, real: datetime) -> datetime:
    sandbox = call.world or call.caller_sandbox
    return sandbox.view.clock.outer(real) if sandbox else real


class _Facts(Struct, frozen=True):
    """Findings as JSON, the cause (zh, en), and warnings that come with them."""

    findings: bytes
    cause: tuple[str, str]
    warnings: tuple[str, ...] = ()


class _Search(Struct, frozen=True):
    """What is known of a refusal or failure at once; `run` returns the rest, if there is more."""

    facts: _Facts
    run: Callable[[], _Facts] | None = None


def load_doctor() -> None:
    """Import what a refusal is explained with, so that the first one does not wait for it."""
    import_module("..doctor.diagnosis", __package__)


def _begin_diagnosis(call: Call, directory: Directory, error: TopError | None) -> _Search:
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
    cause = call.cause
    try:
        diagnosis, search = _diagnose(refused)
    except Exception as broken:  # the door: a broken diagnosis must not cost the caller the reply
        return _Search(_Facts(report_broken_diagnosis(exception_place(broken)), cause))
    facts = _Facts(diagnosis.findings, diagnosis.cause, diagnosis.warnings)
    if search is None:
        return _Search(facts)
    late_search = search

    def run() -> _Facts:
        try:
            diagnosis = late_search()
        except Exception as broken:  # the door: a broken diagnosis must not cost a reader the entry
            return _Facts(report_broken_diagnosis(exception_place(broken)), cause)
        return _Facts(diagnosis.findings, diagnosis.cause, diagnosis.warnings)

    return _Search(facts, run)


def _diagnose(call: RefusedCall) -> tuple[Diagnosis, Callable[[], Diagnosis] | None]:
    """Return what is known at once, and the search for what is wrong with a sign, if any."""
    if is_sign_refused(call) and has_searchable_sign(call):
        return postpone_search(call, [])
    # Most servers refuse no other call, and this import is a tenth of their start.
    from ..doctor.diagnosis import begin_diagnosis

    return begin_diagnosis(call)


def _explain_late(run: Callable[[], _Facts], write: Callable[[_Facts], Explanation]) -> Explanation:
    return write(run())


def _write_explanation(
    facts: _Facts,
    *,
    warnings: tuple[str, ...],
    fault: tuple[str, str],
    mask: Callable[[str], str],
    flaws: tuple[RequestFlaw, ...],
) -> Explanation:
    """Return what the entry says of the facts: masked and clipped, a fault's sentence first."""
    sentences = [mask(text)[:_MAX_SENTENCE] for text in (*warnings, *facts.warnings)]
    cause_zh, cause_en = (mask(text) for text in facts.cause)
    findings = _add_flaws(facts.findings, flaws) if flaws else facts.findings
    return Explanation(
        cause_zh="；".join(filter(None, (fault[0], cause_zh)))[:_MAX_SENTENCE],
        cause_en="; ".join(filter(None, (fault[1], cause_en)))[:_MAX_SENTENCE],
        warnings=encode_clipped(sentences) if sentences else b"[]",
        doctor=mask(findings.decode()).encode() if len(findings) > 2 else findings,
    )


def _add_flaws(findings: bytes, flaws: Iterable[RequestFlaw]) -> bytes:
    """Return the findings, as JSON, with one for each flaw of the request behind them."""
    added = [Finding(flaw.id, flaw.zh, flaw.en) for flaw in flaws]
    return msgspec.json.encode([*msgspec.json.decode(findings), *added])


def _files(call: Call, mask: CallMask) -> bytes:
    """Return field name and size of each file as JSON; the client's own file names are not kept."""
    return encode_clipped(
        [
            {"name": mask.mask_clipped(upload.name, 200), "bytes": len(upload.content)}
            for upload in call.files
        ]
    )


def _mark(call: Call) -> int:
    """Return a number, equal in every process for messages of equal content; 0: no message."""
    if call.method is None or call.method.move is not LeaveMessage:
        return 0
    digest = blake2b(call.texts.get("content", "").encode(), digest_size=_MARK_BYTES)
    for upload in call.files:
        digest.update(b"\0%d:" % len(upload.content) + upload.content)
    return int.from_bytes(digest.digest(), "big")
