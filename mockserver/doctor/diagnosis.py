"""Why a call was refused: what was wrong, where, and what is possible, as findings for the journal.

A diagnosis is made when the journal entry of a refused or failed call is written; nothing of it
goes on the wire.  Which examination a platform code leads to stands in one table, `_EXAMINATIONS`:
the sign is examined by `signature_report`, a refused move by `refusals`, sessions and app keys by
`callers`, times by `timestamps`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

from ..api.methods import METHODS
from ..api.spelling import normalize_name, suggest_name
from ..protocol.signing import SIGN_METHODS
from .body_kinds import describe_body, examine_encoding, read_json_members
from .callers import examine_app_key, examine_session, list_accounts
from .finding_texts import Finding, make_finding
from .refusals import examine_argument, explain_failure
from .refused_call import RefusedCall
from .sign_refusal import (
    Diagnosis,
    describe_findings,
    extend_cause,
    get_code,
    has_searchable_sign,
    is_sign_refused,
    list_hidden,
    postpone_search,
    prepare_signed_call,
)
from .signature_report import explain_sign, mask_finding
from .timestamps import examine_timestamp

__all__ = ["begin_diagnosis", "explain_refusal"]

_MAX_LISTED_METHODS = 8
_SIGN_METHOD_SPELLINGS: Mapping[str, str] = MappingProxyType(
    {"hmacmd5": "hmac", "sha256": "hmac-sha256", "hmacsha256": "hmac-sha256"}
)


def begin_diagnosis(call: RefusedCall) -> tuple[Diagnosis, Callable[[], Diagnosis] | None]:
    """Return what is known at once, and the search for what is wrong with the sign, if any.

    The call was refused, has failed, or a lax server let it pass.  The first finding joins the
    cause of a platform error; what a lax server let pass is also a warning.
    The search returns the whole diagnosis (`postpone_search` in `sign_refusal.py`).
    """
    wrong_sign = is_sign_refused(call) or call.tolerated is not None
    if wrong_sign and has_searchable_sign(call):
        return postpone_search(call, [] if is_sign_refused(call) else explain_refusal(call))
    tolerated = _mask_findings(call, _examine_sign(call)) if call.tolerated is not None else []
    findings = [*explain_refusal(call), *tolerated]
    cause = extend_cause(get_code(call), call.cause, findings)
    return describe_findings(findings, cause, tolerated), None


def explain_refusal(call: RefusedCall) -> list[Finding]:
    """Return the findings of the call's platform error or business failure, without secrets.

    An error that a planned fault made has no finding: its caller made no mistake.
    """
    findings: list[Finding] = []
    if call.error is not None and not call.planned:
        examination = _EXAMINATIONS.get(call.error.code)
        findings += examination(call) if examination is not None else ()
    if call.failure is not None:
        findings += explain_failure(call, call.failure)
    return _mask_findings(call, findings)


def _mask_findings(call: RefusedCall, findings: Iterable[Finding]) -> list[Finding]:
    hidden = list_hidden(call)
    return [mask_finding(finding, hidden) for finding in findings]


def _explain_absence(call: RefusedCall, name: str) -> Iterator[Finding]:
    """Find out what happened to a parameter that did not arrive."""
    lookalikes = [
        sent for sent in call.texts if sent != name and suggest_name(sent, (name,)) == name
    ]
    if name in call.texts:
        yield make_finding("sent_empty", name=name)
    elif lookalikes:
        yield make_finding("other_name", name=name, given=lookalikes[0])
    elif name in [upload.name for upload in call.files]:
        yield make_finding("sent_as_file", name=name)
    elif name in read_json_members(call):
        yield make_finding("json_body", name=name)
    elif kind_of_body := describe_body(call):
        yield kind_of_body
    elif not call.texts and not call.inbound.body:
        yield make_finding("nothing_sent")


def _examine_absent(name: str) -> Callable[[RefusedCall], Iterator[Finding]]:
    """Return the examination for a missing system parameter."""
    return lambda call: _explain_absence(call, name)


def _examine_absent_argument(call: RefusedCall) -> Iterator[Finding]:
    assert call.error is not None
    yield from _explain_absence(call, call.error.sub_code.partition(":")[2])


def _examine_absent_session(call: RefusedCall) -> Iterator[Finding]:
    yield from _explain_absence(call, "session")
    if call.world is not None:
        yield make_finding("sessions_known", known=list_accounts(call.world))


def _suggest(name: str, sent: str, correct: str) -> Iterator[Finding]:
    if correct:
        yield make_finding("did_you_mean", name=name, given=sent, meant=correct)


def _examine_method(call: RefusedCall) -> Iterator[Finding]:
    sent = call.texts["method"]
    names = [*METHODS, *(call.world.view.stubbed_methods() if call.world else ())]
    yield from _suggest("method", sent, suggest_name(sent.strip().removesuffix("_response"), names))


def _examine_format(call: RefusedCall) -> Iterator[Finding]:
    sent = call.texts["format"]
    yield from _suggest("format", sent, suggest_name(sent.strip(), ("json", "xml")))


def _examine_app_permission(call: RefusedCall) -> Iterator[Finding]:
    assert call.app is not None
    yield make_finding(
        "app_methods", app_key=call.app.app_key, known=_list_methods(call.app.methods)
    )


def _examine_session_permission(call: RefusedCall) -> Iterator[Finding]:
    assert call.session is not None
    yield make_finding(
        "session_methods", label=call.session.label, known=_list_methods(call.session.methods)
    )


def _list_methods(methods: frozenset[str] | None) -> str:
    names = sorted(methods or ())
    ellipsis = "、…" if len(names) > _MAX_LISTED_METHODS else ""
    return "、".join(names[:_MAX_LISTED_METHODS]) + ellipsis or "-"


def _examine_sign(call: RefusedCall) -> Iterator[Finding]:
    method = call.text("sign_method") or "md5"
    if method not in SIGN_METHODS:
        correct = _SIGN_METHOD_SPELLINGS.get(normalize_name(method)) or suggest_name(
            method.strip(), SIGN_METHODS
        )
        yield from _suggest("sign_method", method, correct)
    elif call.text("sign"):
        yield from explain_sign(prepare_signed_call(call)())


_EXAMINATIONS: Mapping[int, Callable[[RefusedCall], Iterator[Finding]]] = MappingProxyType(
    {
        11: _examine_app_permission,
        12: _examine_session_permission,
        21: _examine_absent("method"),
        22: _examine_method,
        23: _examine_format,
        24: _examine_absent("sign"),
        25: _examine_sign,
        26: _examine_absent_session,
        27: examine_session,
        28: _examine_absent("app_key"),
        29: examine_app_key,
        30: _examine_absent("timestamp"),
        31: examine_timestamp,
        32: _examine_absent("v"),
        40: _examine_absent_argument,
        41: examine_argument,
        47: examine_encoding,
    }
)
