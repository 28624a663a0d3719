"""Why a sign is refused: it is computed again under every known mistake, until one matches.

A digest cannot be read backwards.  But there are few ways to sign wrongly, and all of them are
known from the SDKs, from other platforms and from support forums.  So the search makes, from the
call that arrived, every sign that a client with a known mistake would have made, and compares.

The space.  A sign is made from a content (what is signed) by a scheme (how it becomes a digest);
see `signed_content` and `signature_schemes`.  A mistake changes one of the two and yields variants.
With C wrong contents and S wrong schemes, the search tries, in this order:

1. the correct content with the correct scheme (then there is no mistake in them);
2. each wrong content with the correct scheme, then the correct content with each wrong scheme;
3. pairs: each wrong content with each wrong scheme, then two changes of content, then two of
   scheme;
4. several parameters at once that were not signed, or were signed and not sent.

The order is the order of likelihood: one mistake before two, and the special before the general, as
the rows of `signature_mistakes` stand.  The first match is the explanation.

The target.  What was sent need not be an upper-case hex digest.  It may be lower case, Base64, cut
to 16 digits, or have blanks around it: these mistakes are read off the sign itself
(`_read_targets`), and the search looks for the raw digest behind them.  Its length excludes most
schemes without computing.

Bounds.  The work is finite and small whatever a client sends: above SINGLE_AT_MOST bytes of the
string nothing is tried, above PAIRS_AT_MOST no pairs; a mistake has at most _MAX_VARIANTS variants
alone, and one to three in a pair; of sets of parameters at most _MAX_SETS are tried, and fewer of a
long string (_MAX_SET_BYTES in all).  Within one content, the string is made once for all schemes
with equal text settings (`_StringCache`); the tries of one call are kept, so a second sign of the
same call costs only comparisons (`_Tries`).

Honesty.  Nobody is accused without proof: a mistake is named only if it leads to exactly the digest
that was sent.  By chance that happens once in 2^128 tries (2^64 where only 16 digits were sent).
What nothing explains is `unknown`.

What would break: a change that depends on the sign (its tries could not be kept), a change that
yields something when it makes no difference (a mistake would be named that nobody made), a general
row before a special one (the explanation would be true and useless).

Source: docs/spec/top-protocol.md#top-2
"""

import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from msgspec import Struct

from .mistake import Mistake
from .signature_mistakes import MISTAKES, SIGN_FORM_MISTAKES
from .signature_schemes import (
    DIGEST_BYTES,
    SignatureScheme,
    canonical_string,
    correct_scheme,
    digest_function,
)
from .signed_content import SINGLE_AT_MOST, SignedCall, SignedContent, correct_content

__all__ = [
    "PAIRS_AT_MOST",
    "SINGLE_AT_MOST",
    "MatchedMistake",
    "SignExplanation",
    "SignatureSearch",
]

PAIRS_AT_MOST = 4 * 1024  # bytes of the string to sign
_MAX_VARIANTS = 200  # of one mistake alone
_MAX_SETS = 4000  # of several parameters; 11 system parameters have 2036
_MAX_SET_BYTES = 8 * 1024 * 1024  # of the strings of all sets
_MAX_SCHEME_VARIANTS_IN_PAIR = 2
_MAX_CONTENT_VARIANTS_IN_PAIR = 3
_MD5_BYTES = DIGEST_BYTES["md5"]
_SIGN_FORMS = {mistake.id: mistake for mistake in SIGN_FORM_MISTAKES}

_T = TypeVar("_T", SignedContent, SignatureScheme)
_Row = tuple[int, Mistake, Callable[[SignedCall, _T], Iterator[tuple[str, _T]]]]
_CONTENT_ROWS: tuple[_Row[SignedContent], ...] = tuple(
    (number, mistake, mistake.change_content)
    for number, mistake in enumerate(
        [mistake for mistake in MISTAKES if mistake.change_content and not mistake.many]
    )
    if mistake.change_content
)
_MANY_ROWS: tuple[_Row[SignedContent], ...] = tuple(
    (number, mistake, mistake.change_content)
    for number, mistake in enumerate(MISTAKES, len(_CONTENT_ROWS))
    if mistake.change_content and mistake.many
)
_SCHEME_ROWS: tuple[_Row[SignatureScheme], ...] = tuple(
    (number, mistake, mistake.change_scheme)
    for number, mistake in enumerate([mistake for mistake in MISTAKES if mistake.change_scheme])
    if mistake.change_scheme
)


class MatchedMistake(Struct, frozen=True):
    """A mistake that was made: its `number` among those of its kind, and which of its variants."""

    mistake: Mistake
    label: str = ""
    number: int = 0
    variant: int = 0


class SignExplanation(Struct, frozen=True):
    """What explains a sign: `mistakes` is empty for a correct sign and None for an unexplained one.

    `content` and `scheme` are what was signed and how, the correct ones for an unexplained sign.
    `tried` is False when the call was too long to be examined.
    """

    mistakes: tuple[MatchedMistake, ...] | None
    content: SignedContent
    scheme: SignatureScheme
    tried: bool = True


_Try = tuple[tuple[MatchedMistake, ...], SignedContent, SignatureScheme, bytes]


class _Target(Struct, frozen=True):
    """The digest that a sign spells, the mistakes in its form, and the part that was sent."""

    digest: bytes
    forms: tuple[MatchedMistake, ...] = ()
    part: slice = slice(None)

    @property
    def digest_bytes(self) -> int:
        """Return the length of the whole digest in bytes."""
        return len(self.digest) if self.part == slice(None) else _MD5_BYTES


class SignatureSearch:
    """The search for one call; what was tried for one sign serves the next."""

    def __init__(self, call: SignedCall) -> None:
        self._call = call
        self._content = correct_content(call)
        self._scheme = correct_scheme(call)
        self._length = len(canonical_string(call, self._content, self._scheme))
        self._tries: dict[int, _Tries] = {}  # by length of the digest

    def explain(self, sign: str) -> SignExplanation:
        """Return the fewest mistakes that lead from the call to `sign`.

        Of several, the first in the order of the table.
        """
        if self._length > SINGLE_AT_MOST:
            return SignExplanation(None, self._content, self._scheme, tried=False)
        for target in _read_targets(sign):
            for mistakes, content, scheme, digest in self._try_all(target.digest_bytes):
                if digest[target.part] == target.digest:
                    return SignExplanation((*mistakes, *target.forms), content, scheme)
        return SignExplanation(None, self._content, self._scheme)

    def _try_all(self, digest_bytes: int) -> "_Tries":
        if digest_bytes not in self._tries:
            paired = self._length <= PAIRS_AT_MOST
            self._tries[digest_bytes] = _Tries(_make_tries(self._call, digest_bytes, paired=paired))
        return self._tries[digest_bytes]


class _Tries:
    """A sequence that is computed while it is read for the first time, and can be read again."""

    def __init__(self, remaining: Iterator[_Try]) -> None:
        self._made: list[_Try] = []
        self._remaining = remaining

    def __iter__(self) -> Iterator[_Try]:
        yield from self._made
        for attempt in self._remaining:
            self._made.append(attempt)
            yield attempt


def _read_targets(sign: str) -> Iterator[_Target]:
    """Yield the digests that `sign` may spell; none for what cannot be a digest."""
    bare = sign.strip()
    around = (MatchedMistake(_SIGN_FORMS["sign_blanks"]),) if bare != sign else ()
    if re.fullmatch("[0-9A-Fa-f]+", bare) and len(bare) in (16, 32, 40, 64):
        case = () if bare == bare.upper() else (MatchedMistake(_SIGN_FORMS["lower_hex"]),)
        digest = bytes.fromhex(bare)
        if len(digest) > 8:
            yield _Target(digest, (*around, *case))
            return
        forms = (*around, *case, MatchedMistake(_SIGN_FORMS["short_sign"]))
        yield from (_Target(digest, forms, part) for part in _SHORT_PARTS)
        return
    try:
        digest = b64decode(bare.replace(" ", "+"), validate=True)  # a bare + arrives as a blank
    except ValueError:
        return
    if re.fullmatch(b"[0-9A-Fa-f]{32}|[0-9A-Fa-f]{64}", digest):
        digest = bytes.fromhex(digest.decode())
    if len(digest) in DIGEST_BYTES.values():
        yield _Target(digest, (*around, MatchedMistake(_SIGN_FORMS["base64_sign"])))


_SHORT_PARTS = (slice(4, 12), slice(8), slice(8, None))  # the 8 bytes of an MD5 that clients keep


def _make_tries(call: SignedCall, digest_bytes: int, *, paired: bool) -> Iterator[_Try]:
    """Yield everything that may have been signed to a digest of this length, likeliest first."""
    content = correct_content(call)
    scheme = correct_scheme(call)
    strings = _StringCache(call, content)
    digest_of = digest_function(scheme)
    contents = _vary_content(call, content)
    schemes = _vary_scheme(call, strings, scheme)
    if scheme.digest_bytes == digest_bytes:
        yield (), content, scheme, digest_of(strings[scheme])
        for mistake, wrong in contents:
            yield (mistake,), wrong, scheme, digest_of(canonical_string(call, wrong, scheme))
    for mistake, other in schemes:
        if other.digest_bytes == digest_bytes:
            yield (mistake,), content, other, digest_function(other)(strings[other])
    if paired:
        contents = [(mistake, wrong) for mistake, wrong in contents if not _is_long(wrong)]
        schemes = _limit_variants(schemes, _MAX_SCHEME_VARIANTS_IN_PAIR)
        yield from _pair_content_and_scheme(call, contents, schemes, digest_bytes)
        if scheme.digest_bytes == digest_bytes:
            yield from _pair_contents(call, contents, scheme)
        yield from _pair_schemes(call, strings, schemes, digest_bytes)
    if scheme.digest_bytes == digest_bytes:
        sets = min(_MAX_SETS, _MAX_SET_BYTES // max(1, len(strings[scheme])))
        for mistake, wrong in _apply_rows(call, content, _MANY_ROWS, sets):
            yield (mistake,), wrong, scheme, digest_of(canonical_string(call, wrong, scheme))


def _is_long(content: SignedContent) -> bool:
    """Return whether files or bodies among the values make the content too long for pairs."""
    return sum([len(value) for _, value in content.pairs]) > 2 * PAIRS_AT_MOST


_Contents = list[tuple[MatchedMistake, SignedContent]]
_Schemes = list[tuple[MatchedMistake, SignatureScheme]]


def _pair_content_and_scheme(
    call: SignedCall, contents: _Contents, schemes: _Schemes, digest_bytes: int
) -> Iterator[_Try]:
    digests = [
        (mistake, scheme, digest_function(scheme))
        for mistake, scheme in schemes
        if scheme.digest_bytes == digest_bytes
    ]
    for first, content in _limit_variants(contents, _MAX_CONTENT_VARIANTS_IN_PAIR):
        strings = _StringCache(call, content)
        for second, scheme, digest_of in digests:
            yield (first, second), content, scheme, digest_of(strings[scheme])


def _pair_contents(
    call: SignedCall, contents: _Contents, scheme: SignatureScheme
) -> Iterator[_Try]:
    digest_of = digest_function(scheme)
    firsts = _limit_variants(contents, 1)
    for place, (first, content) in enumerate(firsts):
        later = [_CONTENT_ROWS[mistake.number] for mistake, _ in firsts[place + 1 :]]
        for second, both in _apply_rows(call, content, later, 1):
            yield (first, second), both, scheme, digest_of(canonical_string(call, both, scheme))


def _pair_schemes(
    call: SignedCall, strings: "_StringCache", schemes: _Schemes, digest_bytes: int
) -> Iterator[_Try]:
    content = correct_content(call)
    for first, scheme in schemes:
        for second, both in _apply_rows(call, scheme, _SCHEME_ROWS[first.number + 1 :], 1):
            if both.digest_bytes == digest_bytes:
                yield (first, second), content, both, digest_function(both)(strings[both])


def _limit_variants(
    changed: list[tuple[MatchedMistake, _T]], most: int
) -> list[tuple[MatchedMistake, _T]]:
    """Return at most so many variants of each mistake, variants of one mistake together."""
    by_mistake: dict[int, list[tuple[MatchedMistake, _T]]] = {}
    for mistake, result in changed:
        by_mistake.setdefault(mistake.number, []).append((mistake, result))
    return [variant for variants in by_mistake.values() for variant in variants[:most]]


class _StringCache:
    """The strings to sign of one content, each made once for all schemes of equal text settings."""

    def __init__(self, call: SignedCall, content: SignedContent) -> None:
        self._call = call
        self._content = content
        self._strings: dict[object, bytes] = {}

    def __getitem__(self, scheme: SignatureScheme) -> bytes:
        settings = scheme.text_settings
        if settings not in self._strings:
            self._strings[settings] = canonical_string(self._call, self._content, scheme)
        return self._strings[settings]


def _vary_content(call: SignedCall, content: SignedContent) -> _Contents:
    """Return the content under each mistake; of equal results the first."""
    results: dict[SignedContent, tuple[MatchedMistake, SignedContent]] = {}
    for mistake, changed in _apply_rows(call, content, _CONTENT_ROWS, _MAX_VARIANTS):
        results.setdefault(changed, (mistake, changed))
    return list(results.values())


def _vary_scheme(call: SignedCall, strings: _StringCache, scheme: SignatureScheme) -> _Schemes:
    """Return the scheme under each mistake; of those that sign this call equally the first."""
    correct = (strings[scheme], scheme.digest_settings)
    results: dict[object, tuple[MatchedMistake, SignatureScheme]] = {}
    for mistake, changed in _apply_rows(call, scheme, _SCHEME_ROWS, _MAX_VARIANTS):
        results.setdefault((strings[changed], changed.digest_settings), (mistake, changed))
    results.pop(correct, None)
    return list(results.values())


def _apply_rows(
    call: SignedCall, before: _T, rows: Iterable[_Row[_T]], most: int
) -> Iterator[tuple[MatchedMistake, _T]]:
    """Yield `before` under each of the mistakes, at most so many variants of each."""
    for number, mistake, change in rows:
        for variant, (label, changed) in enumerate(islice(change(call, before), most)):
            yield MatchedMistake(mistake, label, number, variant), changed
