"""What the doctor says: "your sign matches if you …", and where the string to sign first differs.

Secrets, sessions and private values stand masked; of a body or file only the length is told.
"""

from collections.abc import Iterator
from itertools import islice, zip_longest
from typing import Any

from msgspec import Struct

from .finding_texts import Finding, make_finding
from .signature_schemes import SCHEMES, SignatureScheme, correct_scheme, encoded
from .signature_search import SINGLE_AT_MOST, Diagnosis, MatchedMistake, SignatureSearch
from .signed_content import Sent, SignedContent, correct_content

__all__ = ["MASK", "explain_sign", "mask_finding", "shown_string"]

MASK = "***"
_PART, _STRING, _LABEL = 120, 2000, 60  # characters shown
_SECRET_AT_LEAST = 4  # shorter texts stand everywhere


class _Piece(Struct, frozen=True):
    """A part of what is digested: whose it is, how it may be shown, what it is."""

    where: str
    shown: str
    real: bytes


def explain_sign(sent: Sent) -> tuple[Finding, ...]:
    """What explains the sign: one finding a mistake; none for a right sign, `unknown` where nothing fits."""
    found = SignatureSearch(sent).explain(sent.sign)
    told = (
        _unknown(sent, found)
        if found.slips is None
        else [_told(sent, found, slip) for slip in found.slips]
    )
    return tuple([mask_finding(each, _secrets(sent)) for each in told])


def _told(sent: Sent, found: Diagnosis, slip: MatchedMistake) -> Finding:
    assert found.slips is not None
    zh = "，并且".join(each.mistake.zh.replace("{}", each.label[:_LABEL]) for each in found.slips)
    en = " and ".join(each.mistake.en.replace("{}", each.label[:_LABEL]) for each in found.slips)
    return Finding(
        slip.mistake.id,
        f"如果{zh}，签名就对得上：{slip.mistake.rule_zh}",
        f"your sign matches if you {en}: {slip.mistake.rule_en}",
        _place(sent, *_alone(sent, found, slip)),
    )


def _alone(
    sent: Sent, found: Diagnosis, slip: MatchedMistake
) -> tuple[SignedContent, SignatureScheme]:
    """What this mistake alone would have signed, where it can stand alone; else what was signed."""
    draft, way = correct_content(sent), correct_scheme(sent)
    mistake = slip.mistake
    if mistake.draft:
        made = next(
            (other for _, other in islice(mistake.draft(sent, draft), slip.variant, None)),
            found.draft,
        )
        return made, way
    if mistake.way:
        return draft, next(
            (other for _, other in islice(mistake.way(sent, way), slip.variant, None)), found.way
        )
    return draft, way


def _place(sent: Sent, draft: SignedContent, way: SignatureScheme) -> dict[str, Any]:
    """The first place where what was signed differs from what should have been."""
    right = correct_scheme(sent)
    wanted, signed = (
        list(_pieces(sent, correct_content(sent), right)),
        list(_pieces(sent, draft, way)),
    )
    nothing = _Piece("", "", b"")
    for at, (theirs, ours) in enumerate(zip_longest(signed, wanted, fillvalue=nothing)):
        if theirs.real != ours.real:
            codecs = (
                (f" ({way.codec})", f" ({right.codec})")
                if theirs.shown == ours.shown and way.codec != right.codec
                else ("", "")
            )
            before = b"".join([each.real for each in wanted[:at]]).decode(errors="replace")
            return {
                "where": ours.where or theirs.where,
                "position": len(before),
                "after": wanted[at - 1].shown if at else "",
                "signed": theirs.shown + codecs[0],
                "wanted": ours.shown + codecs[1],
            }
    if way.secret != right.secret:
        return {"where": "secret", "signed": MASK, "wanted": MASK}
    if way.label != right.label:
        return {"where": "digest", "signed": way.label, "wanted": right.label}
    return {"where": "sign", "signed": sent.sign[:_PART], "wanted": f"0-9A-F × {right.size * 2}"}


def _pieces(sent: Sent, draft: SignedContent, way: SignatureScheme) -> Iterator[_Piece]:
    """All that is digested, in order; the secret's length is not told."""
    if way.front:
        yield _Piece("secret", MASK, b"")
    if draft.head:
        yield _Piece("head", repr(draft.head)[1:-1], draft.head.encode())
    files = {each.name for each in sent.files}
    for number, (name, value) in enumerate(way.order(sent, draft.pairs)):
        shown = value if value.isprintable() else repr(value)[1:-1]
        if name in files:
            shown = f"<{len(value)}>"
        elif value and sent.hidden(name):
            shown = MASK
        before = (way.after if number else "") + (name + way.between if way.names else "")
        yield _Piece(name[:_PART], _clipped(before + shown), encoded(before + value, way))
    if draft.tail:
        shown = f"<{len(draft.tail)}>" if draft.tail.strip() else repr(draft.tail)[1:-1]
        yield _Piece("body", shown, encoded(draft.tail, way))
    if way.back:
        yield _Piece("secret", way.joint + MASK, way.joint.encode())
    if way.end:
        yield _Piece("end", repr(way.end)[1:-1], way.end.encode())


def shown_string(sent: Sent) -> str:
    """The string that should be signed, masked, without the secret."""
    return "".join(
        piece.shown
        for piece in _pieces(sent, correct_content(sent), correct_scheme(sent))
        if piece.where != "secret"
    )[:_STRING]


def _unknown(sent: Sent, found: Diagnosis) -> list[Finding]:
    size, given = SCHEMES[sent.method].size * 2, sent.sign.strip()
    told = []
    if not found.tried:
        told.append(make_finding("too_long", most=SINGLE_AT_MOST))
    else:
        told.append(
            make_finding(
                "unknown",
                {
                    "where": "string",
                    "wanted": shown_string(sent),
                    "digest": correct_scheme(sent).label,
                },
            )
        )
    if not (
        given.isascii()
        and given.isalnum()
        and all(each in "0123456789abcdefABCDEF" for each in given[:200])
    ):
        told.append(make_finding("no_digest", method=sent.method, wanted=size, given=len(given)))
    elif len(given) != size:
        told.append(
            make_finding("digest_length", method=sent.method, wanted=size, given=len(given))
        )
    return told


def _secrets(sent: Sent) -> tuple[str, ...]:
    return (
        sent.secret,
        *(secret for _, secret in sent.secrets),
        *sent.sessions,
        *(value for name, value in sent.pairs if name == "session"),
    )


def mask_finding(finding: Finding, secrets: tuple[str, ...]) -> Finding:
    """The finding with every secret in it masked, wherever it may have come from."""

    def clean(text: Any) -> Any:
        if isinstance(text, str):
            for secret in secrets:
                if len(secret) >= _SECRET_AT_LEAST and secret in text:
                    text = text.replace(secret, MASK)
        return text

    return Finding(
        finding.id,
        clean(finding.zh),
        clean(finding.en),
        {name: clean(each) for name, each in finding.at.items()},
    )


def _clipped(text: str) -> str:
    return text if len(text) <= _PART else text[: _PART - 1] + "…"
