"""What the doctor says about a sign: "your sign matches if you …", and the first difference.

Secrets, sessions and private values are masked; of a body or a file only the length is shown.
"""

from collections.abc import Iterator
from itertools import islice, zip_longest
from typing import Any, TypeVar

from msgspec import Struct

from ..world.secret_index import MASK, SecretIndex
from .finding_texts import Finding, make_finding
from .signature_schemes import SCHEMES, SignatureScheme, correct_scheme, encode_text
from .signature_search import SINGLE_AT_MOST, MatchedMistake, SignatureSearch, SignExplanation
from .signed_content import LEAST_SECRET_CHARACTERS, SignedCall, SignedContent, correct_content

__all__ = ["LEAST_SECRET_CHARACTERS", "describe_string", "explain_sign", "mask_finding"]

# follows `unknown` where values are not ASCII; it names them
_TELL_ENCODING_ZH = (
    "{names} 不全是 ASCII，要分清是密钥还是编码：用同一密钥调用 taobao.time.get"
    "(参数全是 ASCII)，通过则密钥是对的，错在编码；仍报 25 则是密钥或拼接方式不对"
)
_TELL_ENCODING_EN = (
    "{names} holds more than ASCII; to see which of the two is wrong, call taobao.time.get "
    "(ASCII only) with the same secret: if it passes, the encoding is wrong; if it is 25 again, "
    "the secret or the way of joining is"
)
_MAX_PIECE_CHARACTERS = 120
_MAX_STRING_CHARACTERS = 2000
_MAX_FOREIGN_NAMES = 5  # in the sentence that proposes a test
_MAX_LABEL_CHARACTERS = 120
_MAX_CHECKED_SIGN_CHARACTERS = 200
_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
_T = TypeVar("_T")


class _Piece(Struct, frozen=True):
    """A part of what is digested: where it stands, how it may be shown, its bytes."""

    where: str
    text: str
    content: bytes


_NO_PIECE = _Piece("", "", b"")


def explain_sign(call: SignedCall) -> tuple[Finding, ...]:
    """Return one finding a mistake, none for a correct sign, `unknown` for an unexplained one."""
    explanation = SignatureSearch(call).explain(call.sign)
    if explanation.mistakes is None:
        findings = _describe_unexplained(call, explanation)
    else:
        findings = [
            _describe_mistake(call, explanation, place)
            for place in range(len(explanation.mistakes))
        ]
    secrets = SecretIndex(_list_secrets(call), LEAST_SECRET_CHARACTERS)
    return tuple([mask_finding(finding, secrets) for finding in findings])


def _describe_mistake(call: SignedCall, explanation: SignExplanation, place: int) -> Finding:
    """Return the finding of one mistake; the first one says that all together give the sign."""
    all_zh = []
    all_en = []
    for other in explanation.mistakes or ():
        label = other.label[:_MAX_LABEL_CHARACTERS]
        all_zh.append(other.mistake.zh.replace("{}", label))
        all_en.append(other.mistake.en.replace("{}", label))
    zh = f"另一处错误是{all_zh[place]}"
    en = f"the other mistake is to {all_en[place]}"
    if place == 0:
        zh = f"如果{'，并且'.join(all_zh)}，签名就对得上"
        en = f"your sign matches if you {' and '.join(all_en)}"
    matched = (explanation.mistakes or ())[place]
    return Finding(
        matched.mistake.id,
        f"{zh}：{matched.mistake.rule_zh}",
        f"{en}: {matched.mistake.rule_en}",
        _locate_difference(call, *_apply_alone(call, explanation, matched)),
    )


def _apply_alone(
    call: SignedCall, explanation: SignExplanation, matched: MatchedMistake
) -> tuple[SignedContent, SignatureScheme]:
    """Return what this mistake alone would have signed, or what was signed if it is never alone."""
    content = correct_content(call)
    scheme = correct_scheme(call)
    mistake = matched.mistake
    if mistake.change_content:
        variants = mistake.change_content(call, content)
        return _pick_variant(variants, matched.variant, explanation.content), scheme
    if mistake.change_scheme:
        schemes = mistake.change_scheme(call, scheme)
        return content, _pick_variant(schemes, matched.variant, explanation.scheme)
    return content, scheme


def _pick_variant(variants: Iterator[tuple[str, _T]], place: int, default: _T) -> _T:
    return next((changed for _, changed in islice(variants, place, None)), default)


def _locate_difference(
    call: SignedCall, content: SignedContent, scheme: SignatureScheme
) -> dict[str, Any]:
    """Return the first place where what was signed differs from what should have been.

    In the string: `where`, `position` in characters, the piece before it (`after`), both sides.  If
    the strings are equal, the difference is in the secret, the digest or the form of the sign.
    """
    correct = correct_scheme(call)
    correct_pieces = list(_split_string(call, correct_content(call), correct))
    signed = _split_string(call, content, scheme)
    for place, (theirs, ours) in enumerate(
        zip_longest(signed, correct_pieces, fillvalue=_NO_PIECE)
    ):
        if theirs.content == ours.content:
            continue
        same_text = theirs.text == ours.text and scheme.encoding != correct.encoding
        before = b"".join([piece.content for piece in correct_pieces[:place]]).decode(
            errors="replace"
        )
        return {
            "where": ours.where or theirs.where,
            "position": len(before),
            "after": correct_pieces[place - 1].text if place else "",
            "signed": theirs.text + (f" ({scheme.encoding})" if same_text else ""),
            "wanted": ours.text + (f" ({correct.encoding})" if same_text else ""),
        }
    if scheme.secret != correct.secret:
        return {"where": "secret", "signed": MASK, "wanted": MASK}
    if scheme.formula != correct.formula:
        return {"where": "digest", "signed": scheme.formula, "wanted": correct.formula}
    return {
        "where": "sign",
        "signed": call.sign[:_MAX_PIECE_CHARACTERS],
        "wanted": f"0-9A-F × {correct.digest_bytes * 2}",
    }


def _split_string(
    call: SignedCall, content: SignedContent, scheme: SignatureScheme
) -> Iterator[_Piece]:
    """Yield all that is digested, in order; the secret has no length."""
    if scheme.secret_first:
        yield _Piece("secret", MASK, b"")
    if content.head:
        yield _Piece("head", _escape(content.head), content.head.encode())
    for number, (name, value) in enumerate(scheme.order(call, content.pairs)):
        before = scheme.pair_separator if number else ""
        if scheme.with_names:
            before += name + scheme.value_separator
        yield _Piece(
            name[:_MAX_PIECE_CHARACTERS],
            _clip(before + _describe_value(call, name, value)),
            encode_text(before + value, scheme),
        )
    if content.tail:
        text = f"<{len(content.tail)}>" if content.tail.strip() else _escape(content.tail)
        yield _Piece("body", text, encode_text(content.tail, scheme))
    if scheme.secret_last:
        separator = scheme.secret_separator
        yield _Piece("secret", separator + MASK, separator.encode())
    if scheme.suffix:
        yield _Piece("end", _escape(scheme.suffix), scheme.suffix.encode())


def _describe_value(call: SignedCall, name: str, value: str) -> str:
    """Return a value as it may be shown: a file as its length, a private one masked."""
    if name in [upload.name for upload in call.files]:
        return f"<{len(value)}>"
    if value and call.is_private(name):
        return MASK
    return value if value.isprintable() else _escape(value)


def _escape(text: str) -> str:
    return repr(text)[1:-1]


def describe_string(call: SignedCall) -> str:
    """Return the string that should be signed, masked, without the secret."""
    pieces = _split_string(call, correct_content(call), correct_scheme(call))
    text = "".join(piece.text for piece in pieces if piece.where != "secret")
    return text[:_MAX_STRING_CHARACTERS]


def _describe_unexplained(call: SignedCall, explanation: SignExplanation) -> list[Finding]:
    digits = SCHEMES[call.sign_method].digest_bytes * 2
    sign = call.sign.strip()
    findings = [make_finding("too_long", most=SINGLE_AT_MOST)]
    if explanation.tried:
        place = {
            "where": "string",
            "wanted": describe_string(call),
            "digest": correct_scheme(call).formula,
        }
        findings = [make_finding("unknown", place)]
        foreign = [name for name, value in call.pairs if not value.isascii()]
        if foreign or not call.body.isascii():
            findings = [_propose_test(findings[0], foreign or ["body"])]
    checked = sign[:_MAX_CHECKED_SIGN_CHARACTERS]
    if not (sign.isascii() and sign.isalnum() and _HEX_DIGITS.issuperset(checked)):
        findings.append(
            make_finding("no_digest", method=call.sign_method, wanted=digits, given=len(sign))
        )
    elif len(sign) != digits:
        findings.append(
            make_finding("digest_length", method=call.sign_method, wanted=digits, given=len(sign))
        )
    return findings


def _propose_test(unknown: Finding, foreign: list[str]) -> Finding:
    """Return the finding with the call that distinguishes a wrong secret from a wrong encoding."""
    names = ", ".join([_clip(name) for name in foreign[:_MAX_FOREIGN_NAMES]])
    zh = f"{unknown.zh}；{_TELL_ENCODING_ZH.format(names=names)}"
    en = f"{unknown.en}; {_TELL_ENCODING_EN.format(names=names)}"
    return Finding(unknown.id, zh, en, unknown.at)


def _list_secrets(call: SignedCall) -> tuple[str, ...]:
    return (
        call.secret,
        *(secret for _, secret in call.app_secrets),
        *call.sessions,
        *(value for name, value in call.pairs if name == "session"),
    )


def mask_finding(finding: Finding, secrets: SecretIndex) -> Finding:
    """Return the finding with every secret in it masked, in whatever form it stands."""
    at = {name: secrets.mask_tree(value) for name, value in finding.at.items()}
    return Finding(finding.id, secrets.mask(finding.zh), secrets.mask(finding.en), at)


def _clip(text: str) -> str:
    if len(text) <= _MAX_PIECE_CHARACTERS:
        return text
    return text[: _MAX_PIECE_CHARACTERS - 1] + "…"
