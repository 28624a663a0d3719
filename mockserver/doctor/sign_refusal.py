"""A refused sign: what is known of it at once, and what the search for its mistake needs later.

The caller waits for what is done here, also the first caller of a server.  So this module, which
the door imports when it starts, is small: the search and all that it knows of mistakes are imported
by whoever reads the entry (`signature_report.py`).
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import chain, islice

import msgspec
from msgspec import Struct

from ..api.methods import METHODS
from ..protocol.errors import CODES
from ..protocol.forms import Upload
from ..protocol.messages import Inbound
from ..protocol.signing import SIGN_METHODS
from ..world.directory import Directory
from ..world.identity import App, Session
from ..world.masking import is_private
from ..world.secret_index import SecretIndex
from ..world.world import World
from .finding import Finding
from .finding_texts import make_finding
from .refused_call import RefusedCall
from .signed_content import LEAST_SECRET_CHARACTERS, SINGLE_AT_MOST, SignedCall

__all__ = [
    "Diagnosis",
    "describe_findings",
    "extend_cause",
    "get_code",
    "has_searchable_sign",
    "is_sign_refused",
    "list_apps",
    "list_hidden",
    "list_sessions",
    "postpone_search",
    "prepare_signed_call",
    "report_broken_diagnosis",
]

_INVALID_SIGN = 25
_MAX_COMPARED = 500  # apps
_MAX_OTHER_SECRETS = 32
_MAX_SECRET_CHARACTERS = 1000


class Diagnosis(Struct, frozen=True):
    """What the journal entry gets: the findings as JSON, the cause (zh, en), more warnings."""

    findings: bytes
    cause: tuple[str, str]
    warnings: tuple[str, ...]


def is_sign_refused(call: RefusedCall) -> bool:
    """Return True if the platform refused the call for its sign, and no planned fault did."""
    return call.error is not None and call.error.code == _INVALID_SIGN and not call.planned


def get_code(call: RefusedCall) -> int:
    """Return the code of the platform error, 0 for none."""
    return call.error.code if call.error is not None else 0


def postpone_search(
    call: RefusedCall, others: list[Finding]
) -> tuple[Diagnosis, Callable[[], Diagnosis]]:
    """Return what is known at once of a call with a wrong sign, and the search for its mistake.

    `others` are findings besides.  The search returns the whole diagnosis.  It holds texts of the
    call, but neither the sandbox nor the directory nor an exception with its frames, so whoever
    keeps it keeps none of them alive.
    """
    search = partial(
        _search_sign,
        prepare_signed_call(call),
        hidden=list_hidden(call),
        others=others,
        code=get_code(call),
        cause=call.cause,
        tolerated=call.tolerated is not None,
    )
    return describe_findings([*others, make_finding("unexamined")], call.cause, []), search


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
    from .signature_report import explain_sign, mask_finding

    about_sign = [mask_finding(finding, hidden) for finding in explain_sign(read_call())]
    findings = [*others, *about_sign]
    cause = extend_cause(code, cause, findings)
    return describe_findings(findings, cause, about_sign if tolerated else [])


def describe_findings(
    findings: list[Finding], cause: tuple[str, str], tolerated: list[Finding]
) -> Diagnosis:
    warnings = tuple([f"lax：{finding.zh} ({finding.en})" for finding in tolerated])
    return Diagnosis(msgspec.json.encode(findings), cause, warnings)


def extend_cause(code: int, cause: tuple[str, str], findings: list[Finding]) -> tuple[str, str]:
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


def list_hidden(call: RefusedCall) -> SecretIndex:
    own_secret = call.app.app_secret if call.app else ""
    secrets = (own_secret, call.text("session")[:_MAX_SECRET_CHARACTERS])
    return SecretIndex(secrets, LEAST_SECRET_CHARACTERS)


def has_searchable_sign(call: RefusedCall) -> bool:
    """Return whether there is a sign, made by a known method, that a search may explain.

    What is too long to be searched is not kept for later.
    """
    method = call.text("sign_method") or "md5"
    if not call.text("sign") or method not in SIGN_METHODS:
        return False
    return len(call.inbound.query) + len(call.inbound.body or b"") <= SINGLE_AT_MOST


class _ServerSecrets(Struct, frozen=True):
    """What the server knows that a sign can be tried with: the app's secret, sessions, others."""

    secret: str
    sessions: tuple[str, ...]
    app_secrets: tuple[tuple[str, str], ...]


def prepare_signed_call(call: RefusedCall) -> Callable[[], SignedCall]:
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


def list_sessions(world: World) -> list[Session]:
    """Return the sessions of a sandbox, in the order made."""
    return list(world.view.sessions())


def list_apps(directory: Directory) -> Iterator[App]:
    """Yield the apps of all sandboxes, at most _MAX_COMPARED."""
    apps = chain.from_iterable(list(world.view.apps()) for world in directory.loaded())
    return islice(apps, _MAX_COMPARED)


def report_broken_diagnosis(place: str) -> bytes:
    """Return the findings, as JSON, of a diagnosis that itself broke at `place`."""
    return msgspec.json.encode([make_finding("own_fault", place=place)])
