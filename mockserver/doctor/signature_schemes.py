"""How a client made a digest of its content: the correct scheme, and how known mistakes change it.

A scheme has two parts that fail independently.  Its text settings say how the content becomes one
encoded string: order, separators, whether names are joined, the encoding.  Its digest settings say
how the secret and the string become a digest: algorithm, HMAC or not, where the secret stands.
Schemes with equal text settings share the same string, so the search makes it once for all of them.

Three schemes are correct, one for each `sign_method`; they agree in the text and differ in the
digest. A mistake is a `SchemeChange`, which yields variants with labels under the same laws as a
`ContentChange` (see `signed_content`).

Source: docs/spec/top-protocol.md#top-2
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ..protocol.binding import SYSTEM_PARAMETERS
from .signed_content import Pair, Pairs, SignedCall, SignedContent
from .text_encodings import ENCODERS

__all__ = [
    "DIGEST_BYTES",
    "SCHEMES",
    "SchemeChange",
    "SignatureScheme",
    "alter_secret",
    "canonical_string",
    "change_settings",
    "correct_scheme",
    "digest_function",
    "encode_text",
    "keep_order",
    "pad_secret",
    "sort_by_name",
    "sort_groups",
    "sort_otherwise",
    "use_credential_as_secret",
    "use_other_form_of_secret",
    "use_other_hash",
    "use_other_method",
    "use_other_secret",
]

DIGEST_BYTES: Mapping[str, int] = MappingProxyType({"md5": 16, "sha1": 20, "sha256": 32})
_HASHES: Mapping[str, Callable[[bytes], Any]] = {
    "md5": partial(hashlib.md5, usedforsecurity=False),
    "sha1": partial(hashlib.sha1, usedforsecurity=False),
    "sha256": hashlib.sha256,
}
_SECRET_PREFIX = "sandbox"  # noqa: S105  # what a sandbox secret begins with, instead of 7 others
Order = Callable[[SignedCall, Pairs], Iterable[Pair]]
Alteration = Callable[[str], str]


def sort_by_name(call: SignedCall, pairs: Pairs) -> Iterable[Pair]:
    """Sort as the platform does: by the bytes of the names."""
    return sorted(pairs)


class SignatureScheme(Struct, frozen=True, kw_only=True):
    """How a content becomes a signature.

    Text settings: `order` sorts the parameters; `value_separator` stands between name and value,
    `pair_separator` between parameters; `with_names` is False when only values are joined. Digest
    settings: `secret_first` and `secret_last` say where the secret stands beside the text, `keyed`
    that it is the key of an HMAC; `secret_separator` stands before a secret at the end, `suffix`
    after everything, `bom` before everything.  `encoding`, a name of `text_encodings`, is both.
    """

    secret: str
    algorithm: str = "md5"
    keyed: bool = False
    secret_first: bool = True
    secret_last: bool = True
    secret_separator: str = ""
    suffix: str = ""
    bom: bytes = b""
    order: Order = sort_by_name
    value_separator: str = ""
    pair_separator: str = ""
    with_names: bool = True
    encoding: str = "utf-8"

    @property
    def text_settings(self) -> tuple[object, ...]:
        """Return all that the string to sign depends on besides the content."""
        return (
            self.order,
            self.value_separator,
            self.pair_separator,
            self.with_names,
            self.encoding,
        )

    @property
    def digest_settings(self) -> tuple[object, ...]:
        """Return all that the digest depends on besides the string to sign."""
        return (
            self.secret,
            self.algorithm,
            self.keyed,
            self.secret_first,
            self.secret_last,
            self.secret_separator,
            self.suffix,
            self.bom,
            self.encoding,
        )

    @property
    def digest_bytes(self) -> int:
        """Return the length of the digest in bytes."""
        return DIGEST_BYTES[self.algorithm]

    @property
    def formula(self) -> str:
        """Return the digest as a formula, for example `MD5(secret + string + secret)`."""
        parts = ["secret"] * self.secret_first + ["string"]
        parts += [f"{self.secret_separator}secret"] * self.secret_last
        return f"{'HMAC-' * self.keyed}{self.algorithm.upper()}({' + '.join(parts)})"


_HMAC = SignatureScheme(secret="", keyed=True, secret_first=False, secret_last=False)
SCHEMES: Mapping[str, SignatureScheme] = MappingProxyType(
    {
        "md5": SignatureScheme(secret=""),
        "hmac": _HMAC,
        "hmac-sha256": replace(_HMAC, algorithm="sha256"),
    }
)

Variants = Iterator[tuple[str, SignatureScheme]]
SchemeChange = Callable[[SignedCall, SignatureScheme], Variants]


def correct_scheme(call: SignedCall) -> SignatureScheme:
    """Return the scheme that the call's `sign_method` and secret demand."""
    return replace(SCHEMES[call.sign_method], secret=call.secret)


def canonical_string(call: SignedCall, content: SignedContent, scheme: SignatureScheme) -> bytes:
    """Return the string to sign, encoded, without the secret."""
    pairs = scheme.order(call, content.pairs)
    if scheme.with_names:
        parts = [name + scheme.value_separator + value for name, value in pairs]
    else:
        parts = [value for _, value in pairs]
    text = content.head + scheme.pair_separator.join(parts) + content.tail
    return encode_text(text, scheme)


def encode_text(text: str, scheme: SignatureScheme) -> bytes:
    """Encode a text as the scheme does; the bytes of a file come through UTF-8 unchanged."""
    return ENCODERS[scheme.encoding](text)


def digest_function(scheme: SignatureScheme) -> Callable[[bytes], bytes]:
    """Return the function from an encoded string to sign to its raw digest."""
    secret = encode_text(scheme.secret, scheme)
    front = scheme.bom + (secret if scheme.secret_first else b"")
    back = encode_text(scheme.suffix, scheme)
    if scheme.secret_last:
        back = encode_text(scheme.secret_separator, scheme) + secret + back
    if scheme.keyed:
        algorithm = scheme.algorithm
        key = scheme.bom + secret
        return lambda text: hmac.digest(key, front + text + back, algorithm)
    new_hash = _HASHES[scheme.algorithm]
    return lambda text: new_hash(front + text + back).digest()


def change_settings(*variants: tuple[str, dict[str, Any]], foreign: bool = False) -> SchemeChange:
    """Make the change that sets other fields of the scheme, for each labelled variant.

    `foreign` changes make a difference only for text beyond ASCII, and are not tried without any.
    """

    def change(call: SignedCall, scheme: SignatureScheme) -> Variants:
        if foreign and all(value.isascii() for _, value in call.pairs) and call.body.isascii():
            return
        for label, settings in variants:
            changed = replace(scheme, **settings)
            if changed != scheme:
                yield label, changed

    return change


def keep_order(call: SignedCall, scheme: SignatureScheme) -> Variants:
    """Join the parameters in the order sent: query first, then body first."""
    yield "", replace(scheme, order=_keep_sent_order)
    if call.query_names:
        yield "", replace(scheme, order=_put_body_first)


def _keep_sent_order(call: SignedCall, pairs: Pairs) -> Iterable[Pair]:
    return pairs


def _put_body_first(call: SignedCall, pairs: Pairs) -> Iterable[Pair]:
    return sorted(pairs, key=lambda pair: pair[0] in call.query_names)


def sort_groups(call: SignedCall, scheme: SignatureScheme) -> Variants:
    """Sort two groups of parameters separately and join them, in either order."""
    groups = (
        ("query", "body", call.query_names),
        ("system", "business", frozenset(SYSTEM_PARAMETERS)),
    )
    for one, other, names in groups:
        yield f"{one} + {other}", replace(scheme, order=_group_by(names, first=True))
        yield f"{other} + {one}", replace(scheme, order=_group_by(names, first=False))


def _group_by(names: frozenset[str], *, first: bool) -> Order:
    return _sort_by(lambda pair: ((pair[0] in names) is not first, *pair))


def sort_otherwise(call: SignedCall, scheme: SignatureScheme) -> Variants:
    """Sort the parameters by something else than the bytes of their names."""
    yield "z-a", replace(scheme, order=lambda call, pairs: sorted(pairs, reverse=True))
    for label, key in _SORT_KEYS:
        yield label, replace(scheme, order=_sort_by(key))


def _sort_by(key: Callable[[Pair], Any]) -> Order:
    return lambda call, pairs: sorted(pairs, key=key)


_SORT_KEYS: tuple[tuple[str, Callable[[Pair], Any]], ...] = (
    ("a-z", lambda pair: pair[0].lower()),
    ("A-Z", lambda pair: pair[0].upper()),
    ("a-z, no _", lambda pair: pair[0].replace("_", "").lower()),
    ("by value", lambda pair: pair[1]),
    ("by length", lambda pair: (len(pair[0]), pair[0])),
)


def use_other_method(call: SignedCall, scheme: SignatureScheme) -> Variants:
    """Make the digest of another `sign_method` than the one sent."""
    for method, other in SCHEMES.items():
        if method != call.sign_method:
            yield (
                method,
                replace(
                    scheme,
                    algorithm=other.algorithm,
                    keyed=other.keyed,
                    secret_first=other.secret_first,
                    secret_last=other.secret_last,
                ),
            )


def use_other_hash(call: SignedCall, scheme: SignatureScheme) -> Variants:
    """Make a digest that no `sign_method` names."""
    for algorithm, keyed in (("sha256", False), ("sha1", False), ("sha1", True)):
        changed = replace(
            scheme, algorithm=algorithm, keyed=keyed, secret_first=not keyed, secret_last=not keyed
        )
        yield changed.formula, changed


def use_other_secret(call: SignedCall, scheme: SignatureScheme) -> Variants:
    """Use another app's secret."""
    for app_key, secret in call.app_secrets:
        if secret != scheme.secret:
            yield app_key, replace(scheme, secret=secret)


def alter_secret(*alterations: Alteration) -> SchemeChange:
    """Make the change that uses the secret in another form, each of these in turn."""

    def change(call: SignedCall, scheme: SignatureScheme) -> Variants:
        for alter in alterations:
            secret = alter(scheme.secret)
            if secret != scheme.secret:
                yield "", replace(scheme, secret=secret)

    return change


def pad_secret(*paddings: tuple[str, str]) -> SchemeChange:
    """Make the change that puts something before and after the secret, each pair in turn."""

    def change(call: SignedCall, scheme: SignatureScheme) -> Variants:
        for before, after in paddings:
            yield "", replace(scheme, secret=f"{before}{scheme.secret}{after}")

    return change


def use_other_form_of_secret(call: SignedCall, scheme: SignatureScheme) -> Variants:
    """Use the secret of the other environment, which differs in its first seven letters."""
    size = len(_SECRET_PREFIX)
    rest = scheme.secret[size:]
    for secret in (_SECRET_PREFIX + rest, *(secret for _, secret in call.app_secrets)):
        if secret[size:] == rest and secret != scheme.secret and len(secret) > size:
            yield "", replace(scheme, secret=secret)


def use_credential_as_secret(call: SignedCall, scheme: SignatureScheme) -> Variants:
    """Use another of the caller's own credentials as the secret."""
    texts = dict(call.pairs)
    for name in ("app_key", "session"):
        if texts.get(name):
            yield name, replace(scheme, secret=texts[name])
