"""Why a call was refused, as findings for its journal entry: what was wrong, where, and what is possible.

Asked for refused and failed calls only, when the entry is made; nothing of it goes on the wire.  Says what the checks
of the same code found; the sign itself is examined by `protocol/doctor_report.py`, a refused move by `refusals.py`.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from urllib.parse import unquote_to_bytes

import msgspec

from ..api.known_names import meant, plain
from ..api.methods import METHODS
from ..domain.errors import DomainError
from ..gateway.call import Call
from ..gateway.checks import SandboxLookup
from ..protocol.errors import CODES, TopError
from ..protocol.signing import SIGN_METHODS
from ..world.masking import is_private
from .callers import accounts, apps_of, sessions_of, wrong_key, wrong_session
from .finding_texts import Finding, make_finding
from .refusals import explain_near_miss, wrong_argument
from .signature_report import findings, scrubbed
from .signed_content import Sent
from .timestamps import wrong_time

__all__ = ["diagnose", "diagnose_pasted", "diagnosis_failed"]

_OTHERS_AT_MOST, _NAMES_AT_MOST = 32, 8
Asked = Iterator[Finding]


def diagnose(call: Call, lookup: SandboxLookup, error: TopError | None) -> bytes:
    """The findings as JSON for the journal; the call's cause tells the first of them too."""
    found = diagnose_pasted(call, lookup, error)
    if error is not None and found:
        known, (zh, en) = CODES.get(error.code), call.cause
        bare = known is not None and (zh, en) == (known.zh, known.en)
        call.cause = (
            (found[0].zh, found[0].en) if bare else (f"{zh}；{found[0].zh}", f"{en}; {found[0].en}")
        )
    return msgspec.json.encode(found)


def diagnose_pasted(call: Call, lookup: SandboxLookup, error: TopError | None) -> list[Finding]:
    """All that can be told of a call that was refused with `error`, that failed, or that only a lax server let pass."""
    hidden = _hidden(call, lookup)
    return [
        scrubbed(each, hidden)
        for each in (
            *_of_error(call, lookup, error),
            *_of_failure(call, lookup),
            *_of_doubt(call, lookup),
        )
    ]


def diagnosis_failed(place: str) -> bytes:
    """The findings of a diagnosis that broke at `place`."""
    return msgspec.json.encode([make_finding("own_fault", place=place)])


def _of_error(call: Call, lookup: SandboxLookup, error: TopError | None) -> Asked:
    """What led to the error; nothing where a fault was planned, which no caller has deserved."""
    if error is not None and call.hit is None:
        yield from _CODES.get(error.code, _nothing)(call, lookup, error)


def _of_failure(call: Call, lookup: SandboxLookup) -> Asked:
    if isinstance(call.refusal, DomainError):
        yield from explain_near_miss(call, lookup.directory, call.refusal)


def _of_doubt(call: Call, lookup: SandboxLookup) -> Asked:
    """What a lax server let pass."""
    if isinstance(call.refusal, TopError):
        for each in _sign(call, lookup, call.refusal):
            call.warnings.append(f"lax：{each.zh} ({each.en})")
            yield each


def _hidden(call: Call, lookup: SandboxLookup) -> tuple[str, ...]:
    own = (call.app.app_secret,) if call.app else ()
    return (*own, call.texts.get("session", ""), *lookup.directory.tokens_in(call.texts))


def _nothing(call: Call, lookup: SandboxLookup, error: TopError) -> Asked:
    yield from ()


def _absent(name: str) -> Callable[[Call, SandboxLookup, TopError], Asked]:
    """What happened to a parameter that did not arrive."""

    def look(call: Call, lookup: SandboxLookup, error: TopError) -> Asked:
        yield from _lost(call, name)

    return look


def _lost(call: Call, name: str) -> Asked:
    others = [given for given in call.texts if given != name and meant(given, (name,)) == name]
    if name in call.texts:
        yield make_finding("sent_empty", name=name)
    elif others:
        yield make_finding("other_name", name=name, given=others[0])
    elif name in [each.name for each in call.files]:
        yield make_finding("sent_as_file", name=name)
    elif name in _json_names(call):
        yield make_finding("json_body", name=name)
    elif not call.texts and not call.inbound.body:
        yield make_finding("nothing_sent")


def _json_names(call: Call) -> frozenset[str]:
    """The members of a body that is a JSON object, whatever it is called."""
    try:
        members = msgspec.json.decode(call.inbound.body or b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return frozenset()
    return frozenset(members) if isinstance(members, dict) else frozenset()


def _argument_absent(call: Call, lookup: SandboxLookup, error: TopError) -> Asked:
    yield from _lost(call, error.sub_code.partition(":")[2])


def _session_absent(call: Call, lookup: SandboxLookup, error: TopError) -> Asked:
    yield from _lost(call, "session")
    if call.world is not None:
        yield make_finding("sessions_known", known=accounts(call.world))


def _method(call: Call, lookup: SandboxLookup, error: TopError) -> Asked:
    given = call.texts["method"]
    known = [*METHODS, *(list(call.world.state.stubs) if call.world else ())]
    other = meant(given.strip().removesuffix("_response"), known)
    if other:
        yield make_finding("did_you_mean", name="method", given=given, meant=other)


def _format(call: Call, lookup: SandboxLookup, error: TopError) -> Asked:
    given = call.texts["format"]
    other = meant(given.strip(), ("json", "xml"))
    if other:
        yield make_finding("did_you_mean", name="format", given=given, meant=other)


def _permission(call: Call, lookup: SandboxLookup, error: TopError) -> Asked:
    assert call.app is not None
    yield make_finding("app_methods", app_key=call.app.app_key, known=_listed(call.app.methods))


def _right(call: Call, lookup: SandboxLookup, error: TopError) -> Asked:
    assert call.session is not None
    yield make_finding(
        "session_methods", label=call.session.label, known=_listed(call.session.methods)
    )


def _listed(methods: frozenset[str] | None) -> str:
    names = sorted(methods or ())
    more = "、…" if len(names) > _NAMES_AT_MOST else ""
    return "、".join(names[:_NAMES_AT_MOST]) + more or "-"


def _encoding(call: Call, lookup: SandboxLookup, error: TopError) -> Asked:
    raw = unquote_to_bytes(call.inbound.query + (call.inbound.body or b"")[: 64 * 1024])
    try:
        text = raw.decode("gb18030")
    except UnicodeDecodeError:
        return
    if any("\u4e00" <= each <= "\u9fff" for each in text):
        yield make_finding("not_utf8", codec="GBK")


def _sign(call: Call, lookup: SandboxLookup, error: TopError) -> Asked:
    method = call.texts.get("sign_method") or "md5"
    if method in SIGN_METHODS:
        if call.texts.get("sign"):
            yield from findings(_sent(call, lookup))
        return
    spelt = {"hmacmd5": "hmac", "sha256": "hmac-sha256", "hmacsha256": "hmac-sha256"}
    other = spelt.get(plain(method)) or meant(method.strip(), SIGN_METHODS)
    if other:
        yield make_finding("did_you_mean", name="sign_method", given=method, meant=other)


def _sent(call: Call, lookup: SandboxLookup) -> Sent:
    """The call as the doctor of signatures wants it; for a call whose app and sign_method are known."""
    assert call.app is not None
    inbound, world = call.inbound, call.world
    form = "" if call.raw_body or call.files else (inbound.body or b"").decode("utf-8", "replace")
    multipart = inbound.content_type.lower().startswith("multipart/")
    pairs = tuple([(name, value) for name, value in call.texts.items() if name != "sign"])
    raw = dict(
        _raw_pairs(inbound.query)
        + ([] if multipart or call.raw_body else _raw_pairs(inbound.body or b""))
    )
    method = METHODS.get(call.texts.get("method", ""))
    secrets = {app.app_secret: app.app_key for app in reversed(list(apps_of(lookup.directory)))}
    return Sent(
        pairs=pairs,
        sign=call.texts.get("sign", ""),
        secret=call.app.app_secret,
        method=call.texts.get("sign_method") or "md5",
        body=call.raw_body,
        form="" if multipart else form,
        raw=tuple([(name, raw.get(name, value)) for name, value in pairs]),
        by_query=frozenset(list(call.texts)[: call.in_query]),
        files=tuple(call.files),
        unsent=tuple(
            [
                each.name
                for each in method.params
                if each.name not in call.texts and not each.required
            ]
        )
        if method
        else (),
        sessions=tuple([session.token for session in sessions_of(world)]) if world else (),
        secrets=tuple([(key, secret) for secret, key in secrets.items()][:_OTHERS_AT_MOST]),
        hidden=is_private,
    )


def _raw_pairs(raw: bytes) -> list[tuple[str, str]]:
    pieces = [piece.partition("=") for piece in raw.decode("utf-8", "replace").split("&") if piece]
    return [(name, value) for name, _, value in pieces]


_CODES: Mapping[int, Callable[[Call, SandboxLookup, TopError], Asked]] = MappingProxyType(
    {
        11: _permission,
        12: _right,
        21: _absent("method"),
        22: _method,
        23: _format,
        24: _absent("sign"),
        25: _sign,
        26: _session_absent,
        27: wrong_session,
        28: _absent("app_key"),
        29: wrong_key,
        30: _absent("timestamp"),
        31: wrong_time,
        32: _absent("v"),
        40: _argument_absent,
        41: wrong_argument,
        47: _encoding,
    }
)
