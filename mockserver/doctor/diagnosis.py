"""Why a call was refused: what was wrong, where, and what is possible, as findings for the journal.

A diagnosis is made when the journal entry of a refused or failed call is written; nothing of it
goes on the wire.  Which examination a platform code leads to stands in one table, `_EXAMINATIONS`:
the sign is examined by `signature_report`, a refused move by `refusals`, sessions and app keys by
`callers`, times by `timestamps`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from types import MappingProxyType

import msgspec
from msgspec import Struct

from ..api.methods import METHODS
from ..api.spelling import normalize_name, suggest_name
from ..protocol.errors import CODES
from ..protocol.forms import Upload
from ..protocol.messages import Inbound
from ..protocol.signing import SIGN_METHODS
from ..world.masking import is_private
from ..world.secret_index import SecretIndex
from .body_kinds import describe_body, examine_encoding, read_json_members
from .callers import examine_app_key, examine_session, list_accounts, list_apps, list_sessions
from .finding_texts import Finding, make_finding
from .refusals import examine_argument, explain_failure
from .refused_call import RefusedCall
from .signature_report import LEAST_SECRET_CHARACTERS, explain_sign, mask_finding
from .signature_search import SINGLE_AT_MOST
from .signed_content import SignedCall
from .timestamps import examine_timestamp

__all__ = ["Diagnosis", "begin_diagnosis", "explain_refusal", "report_broken_diagnosis"]

_INVALID_SIGN = 25
_MAX_OTHER_SECRETS = 32
_MAX_SECRET_CHARACTERS = 1000
_MAX_LISTED_METHODS = 8
_SIGN_METHOD_SPELLINGS: Mapping[str, str] = MappingProxyType(
    {"hmacmd5": "hmac", "sha256": "hmac-sha256", "hmacsha256": "hmac-sha256"}
)


class Diagnosis(Struct, frozen=True):
    """What the journal entry gets: the findings as JSON, the cause (zh, en), more warnings."""

    findings: bytes
    cause: tuple[str, str]
    warnings: tuple[str, ...]


def begin_diagnosis(call: RefusedCall) -> tuple[Diagnosis, Callable[[], Diagnosis] | None]:
    """Return what is known at once, and the search for what is wrong with the sign, if any.

    The call was refused, has failed, or a lax server let it pass.  The first finding joins the
    cause of a platform error; what a lax server let pass is also a warning.
    The search returns the whole diagnosis.  It holds texts of the call, but neither the sandbox nor
    the directory nor an exception with its frames, so whoever keeps it keeps none of them alive.
    """
    sign_refused = call.error is not None and call.error.code == _INVALID_SIGN and not call.planned
    if not (sign_refused or call.tolerated is not None) or not _has_searchable_sign(call):
        tolerated = _mask_findings(call, _examine_sign(call)) if call.tolerated is not None else []
        findings = [*explain_refusal(call), *tolerated]
        cause = _extend_cause(_code(call), call.cause, findings)
        return _describe(findings, cause, tolerated), None
    others = [] if sign_refused else explain_refusal(call)
    search = partial(
        _search_sign,
        _prepare_signed_call(call),
        hidden=_list_hidden(call),
        others=others,
        code=_code(call),
        cause=call.cause,
        tolerated=call.tolerated is not None,
    )
    return _describe([*others, make_finding("unexamined")], call.cause, []), search


def _code(call: RefusedCall) -> int:
    """Return the code of the platform error, 0 for none."""
    return call.error.code if call.error is not None else 0


def _search_sign(
    read_call: Callable[[], SignedCall],
    *,
    hidden: SecretIndex,
    others: list[Finding],
    code: int,
    cause: tuple[str, str],
    tolerated: bool,
) -> Diagnosis:
    """Return the diagnosis of a call with a wrong sign, after the findings that are known."""
    about_sign = [mask_finding(finding, hidden) for finding in explain_sign(read_call())]
    findings = [*others, *about_sign]
    cause = _extend_cause(code, cause, findings)
    return _describe(findings, cause, about_sign if tolerated else [])


def _describe(
    findings: list[Finding], cause: tuple[str, str], tolerated: list[Finding]
) -> Diagnosis:
    warnings = tuple([f"lax：{finding.zh} ({finding.en})" for finding in tolerated])
    return Diagnosis(msgspec.json.encode(findings), cause, warnings)


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


def report_broken_diagnosis(place: str) -> bytes:
    """Return the findings, as JSON, of a diagnosis that itself broke at `place`."""
    return msgspec.json.encode([make_finding("own_fault", place=place)])


def _extend_cause(code: int, cause: tuple[str, str], findings: list[Finding]) -> tuple[str, str]:
    """Return the cause with the first finding: instead of the code's general text, else after it.

    The cause of a business failure (code 0) stays as it is.
    """
    if not code or not findings:
        return cause
    finding = findings[0]
    general = CODES.get(code)
    if general is not None and cause == (general.zh, general.en):
        return finding.zh, finding.en
    zh, en = cause
    return f"{zh}；{finding.zh}", f"{en}; {finding.en}"


def _mask_findings(call: RefusedCall, findings: Iterable[Finding]) -> list[Finding]:
    hidden = _list_hidden(call)
    return [mask_finding(finding, hidden) for finding in findings]


def _list_hidden(call: RefusedCall) -> SecretIndex:
    own_secret = call.app.app_secret if call.app else ""
    secrets = (own_secret, call.text("session")[:_MAX_SECRET_CHARACTERS])
    return SecretIndex(secrets, LEAST_SECRET_CHARACTERS)


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


def _has_searchable_sign(call: RefusedCall) -> bool:
    """Return whether there is a sign, made by a known method, that a search may explain.

    What is too long to be searched is not kept for later.
    """
    method = call.text("sign_method") or "md5"
    if not call.text("sign") or method not in SIGN_METHODS:
        return False
    return len(call.inbound.query) + len(call.inbound.body or b"") <= SINGLE_AT_MOST


def _examine_sign(call: RefusedCall) -> Iterator[Finding]:
    method = call.text("sign_method") or "md5"
    if method not in SIGN_METHODS:
        correct = _SIGN_METHOD_SPELLINGS.get(normalize_name(method)) or suggest_name(
            method.strip(), SIGN_METHODS
        )
        yield from _suggest("sign_method", method, correct)
    elif call.text("sign"):
        yield from explain_sign(_prepare_signed_call(call)())


class _ServerSecrets(Struct, frozen=True):
    """What the server knows that a sign can be tried with: the app's secret, sessions, others."""

    secret: str
    sessions: tuple[str, ...]
    app_secrets: tuple[tuple[str, str], ...]


def _prepare_signed_call(call: RefusedCall) -> Callable[[], SignedCall]:
    """Return the function that makes the call for the signature search.

    The app and the sign method must be known.  Only what may change is read now, because the caller
    waits; the function holds texts of the call, neither its sandbox nor the directory.
    """
    assert call.app is not None
    app_keys = {app.app_secret: app.app_key for app in reversed(list(list_apps(call.directory)))}
    others = [(app_key, secret) for secret, app_key in app_keys.items()]
    sessions = list_sessions(call.world) if call.world else ()
    secrets = _ServerSecrets(
        call.app.app_secret,
        tuple([session.token for session in sessions]),
        tuple(others[:_MAX_OTHER_SECRETS]),
    )
    return partial(
        _make_signed_call,
        secrets,
        call.inbound,
        call.texts,
        query_count=call.query_count,
        files=call.files,
        raw_body=call.raw_body,
    )


def _make_signed_call(
    secrets: _ServerSecrets,
    inbound: Inbound,
    texts: Mapping[str, str],
    *,
    query_count: int,
    files: tuple[Upload, ...],
    raw_body: str,
) -> SignedCall:
    """Return the call for the signature search."""
    multipart = inbound.content_type.lower().startswith("multipart/")
    plain_form = not (raw_body or files or multipart)
    pairs = tuple([(name, value) for name, value in texts.items() if name != "sign"])
    raw_body_pairs = [] if multipart or raw_body else _split_pairs(inbound.body or b"")
    raw = dict(_split_pairs(inbound.query) + raw_body_pairs)
    method = METHODS.get(texts.get("method", ""))
    optional = [param.name for param in method.params if not param.required] if method else []
    return SignedCall(
        pairs=pairs,
        sign=texts.get("sign", ""),
        secret=secrets.secret,
        sign_method=texts.get("sign_method") or "md5",
        body=raw_body,
        form=(inbound.body or b"").decode("utf-8", "replace") if plain_form else "",
        raw_pairs=tuple([(name, raw.get(name, value)) for name, value in pairs]),
        query_names=frozenset(list(texts)[:query_count]),
        files=files,
        absent_names=tuple([name for name in optional if name not in texts]),
        sessions=secrets.sessions,
        app_secrets=secrets.app_secrets,
        is_private=is_private,
    )


def _split_pairs(raw: bytes) -> list[tuple[str, str]]:
    """Return the pairs of a query or a form body as they are written, not decoded."""
    pieces = [piece.partition("=") for piece in raw.decode("utf-8", "replace").split("&") if piece]
    return [(name, value) for name, _, value in pieces]


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
