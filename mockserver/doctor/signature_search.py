"""Why a sign is refused: it is computed again under every known mistake, and under every pair of them.

What matches is what the client did; what nothing explains is called unknown, so nobody is accused wrongly (but by a
chance of 2^-128, 2^-64 where only 16 digits were sent).  Pure and bounded: above SINGLE_AT_MOST bytes nothing is tried,
above PAIRS_AT_MOST single mistakes only.  Secrets and private values stand masked in every finding.
"""

import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from msgspec import Struct

from .signature_mistakes import FORMS, MISTAKES, Mistake
from .signature_schemes import (
    HASH_BYTES,
    SignatureScheme,
    canonical_string,
    correct_scheme,
    digest_function,
)
from .signed_content import Sent, SignedContent, correct_content

__all__ = ["PAIRS_AT_MOST", "SINGLE_AT_MOST", "Diagnosis", "MatchedMistake", "SignatureSearch"]

SINGLE_AT_MOST, PAIRS_AT_MOST = 128 * 1024, 4 * 1024  # bytes of the string to sign
_VARIANTS, _PAIRED = 40, 2  # of one mistake, alone and as one of two
_FORMS = {form.id: form for form in FORMS}
_T = TypeVar("_T", SignedContent, SignatureScheme)
_Row = tuple[int, Mistake, Callable[[Sent, _T], Iterator[tuple[str, _T]]]]
_DRAFTS: tuple[_Row[SignedContent], ...] = tuple(
    (number, mistake, mistake.draft)
    for number, mistake in enumerate(each for each in MISTAKES if each.draft)
    if mistake.draft
)
_WAYS: tuple[_Row[SignatureScheme], ...] = tuple(
    (number, mistake, mistake.way)
    for number, mistake in enumerate(each for each in MISTAKES if each.way)
    if mistake.way
)


class MatchedMistake(Struct, frozen=True):
    """A mistake that was made, by its place among its kind; `variant` and `label` tell how."""

    mistake: Mistake
    label: str = ""
    number: int = 0
    variant: int = 0


class Diagnosis(Struct, frozen=True):
    """What explains a sign: no slip at all for a right one, None for an unknown one.

    `draft` and `way` are what was signed, and how.
    """

    slips: tuple[MatchedMistake, ...] | None
    draft: SignedContent
    way: SignatureScheme
    tried: bool = True


_Try = tuple[tuple[MatchedMistake, ...], SignedContent, SignatureScheme, bytes]


class _Target(Struct, frozen=True):
    """The digest that a sign spells, and the form it is spelt in; `cut` is the part that was kept of it."""

    digest: bytes
    forms: tuple[MatchedMistake, ...] = ()
    cut: slice = slice(None)

    @property
    def size(self) -> int:
        """Bytes of the whole digest."""
        return len(self.digest) if self.cut == slice(None) else 16


class SignatureSearch:
    """Examines the signs of one call; what was tried for one sign serves the next."""

    def __init__(self, sent: Sent) -> None:
        self._sent, self._right = sent, (correct_content(sent), correct_scheme(sent))
        self._length = len(canonical_string(sent, *self._right))
        self._tries: dict[int, _Tries] = {}

    def explain(self, sign: str) -> Diagnosis:
        """The mistakes that lead from what was sent to `sign`; fewest first, in the table's order."""
        if self._length > SINGLE_AT_MOST:
            return Diagnosis(None, *self._right, tried=False)
        for target in _targets(sign):
            if target.size not in self._tries:
                self._tries[target.size] = _Tries(
                    _tries(self._sent, target.size, paired=self._length <= PAIRS_AT_MOST)
                )
            for slips, draft, way, found in self._tries[target.size]:
                if found[target.cut] == target.digest:
                    return Diagnosis((*slips, *target.forms), draft, way)
        return Diagnosis(None, *self._right)


class _Tries:
    """What a generator makes, kept to be gone through again."""

    def __init__(self, rest: Iterator[_Try]) -> None:
        self._made: list[_Try] = []
        self._rest = rest

    def __iter__(self) -> Iterator[_Try]:
        yield from self._made
        for each in self._rest:
            self._made.append(each)
            yield each


def _targets(sign: str) -> Iterator[_Target]:
    """The digests that `sign` may spell: none for what is no digest at all."""
    bare = sign.strip()
    around = (MatchedMistake(_FORMS["sign_blanks"]),) if bare != sign else ()
    if re.fullmatch("[0-9A-Fa-f]+", bare) and len(bare) in (16, 32, 40, 64):
        form = around if bare == bare.upper() else (*around, MatchedMistake(_FORMS["lower_hex"]))
        raw = bytes.fromhex(bare)
        if len(raw) > 8:
            yield _Target(raw, form)
            return
        short = (*form, MatchedMistake(_FORMS["short_sign"]))
        yield from (_Target(raw, short, cut) for cut in (slice(4, 12), slice(8), slice(8, None)))
        return
    try:
        raw = b64decode(bare.replace(" ", "+"), validate=True)  # an unescaped + has become a blank
    except ValueError:
        return
    if re.fullmatch(b"[0-9A-Fa-f]{32}|[0-9A-Fa-f]{64}", raw):
        raw = bytes.fromhex(raw.decode())
    if len(raw) in HASH_BYTES.values():
        yield _Target(raw, (*around, MatchedMistake(_FORMS["base64_sign"])))


def _tries(sent: Sent, size: int, *, paired: bool) -> Iterator[_Try]:
    """Everything that may have been signed to a digest of `size` bytes, the most likely first."""
    draft, way = correct_content(sent), correct_scheme(sent)
    text, seal = _Texts(sent, draft), digest_function(way)
    drafts, ways = _drafts(sent, draft), _ways(sent, text, way)
    seals = [
        (slip, sealed, digest_function(sealed)) for slip, sealed in ways if sealed.size == size
    ]
    if way.size == size:
        yield (), draft, way, seal(text[way])
        for slip, made in drafts:
            yield (slip,), made, way, seal(canonical_string(sent, made, way))
    for slip, sealed, run in seals:
        yield (slip,), draft, sealed, run(text[sealed])
    if not paired:
        return
    drafts = [
        each
        for each in drafts
        if sum([len(value) for _, value in each[1].pairs]) <= 2 * PAIRS_AT_MOST
    ]  # no files
    ways = _some(ways, _PAIRED)
    seals = [
        (slip, sealed, digest_function(sealed)) for slip, sealed in ways if sealed.size == size
    ]
    for one, made in _some(drafts, _PAIRED + 1):
        other = _Texts(sent, made)
        for two, sealed, run in seals:
            yield (one, two), made, sealed, run(other[sealed])
    firsts = _some(drafts, 1) if way.size == size else []
    for at, (one, made) in enumerate(firsts):
        for two, both in _varied(
            sent, made, [_DRAFTS[slip.number] for slip, _ in firsts[at + 1 :]], 1
        ):
            yield (one, two), both, way, seal(canonical_string(sent, both, way))
    for one, sealed in ways:
        for two, again in _varied(sent, sealed, _WAYS[one.number + 1 :], 1):
            if again.size == size:
                yield (one, two), draft, again, digest_function(again)(text[again])


def _some(found: list[tuple[MatchedMistake, _T]], most: int) -> list[tuple[MatchedMistake, _T]]:
    """At most so many variants of each mistake."""
    by_mistake: dict[int, list[tuple[MatchedMistake, _T]]] = {}
    for each in found:
        by_mistake.setdefault(each[0].number, []).append(each)
    return [each for variants in by_mistake.values() for each in variants[:most]]


class _Texts:
    """The string to sign of one draft, made once for all ways of one style."""

    def __init__(self, sent: Sent, draft: SignedContent) -> None:
        self._sent, self._draft = sent, draft
        self._made: dict[object, bytes] = {}

    def __getitem__(self, way: SignatureScheme) -> bytes:
        style = way.style
        if style not in self._made:
            self._made[style] = canonical_string(self._sent, self._draft, way)
        return self._made[style]


def _drafts(sent: Sent, draft: SignedContent) -> list[tuple[MatchedMistake, SignedContent]]:
    """The right draft under each mistake; of equal ones the first."""
    found: dict[SignedContent, tuple[MatchedMistake, SignedContent]] = {}
    for each in _varied(sent, draft, _DRAFTS, _VARIANTS):
        found.setdefault(each[1], each)
    return list(found.values())


def _ways(
    sent: Sent, text: _Texts, way: SignatureScheme
) -> list[tuple[MatchedMistake, SignatureScheme]]:
    """The right way under each mistake; without those that make no difference here."""
    found: dict[object, tuple[MatchedMistake, SignatureScheme]] = {
        (text[way], way.seal): (MatchedMistake(MISTAKES[0]), way)
    }
    for each in _varied(sent, way, _WAYS, _VARIANTS):
        found.setdefault((text[each[1]], each[1].seal), each)
    return list(found.values())[1:]


def _varied(
    sent: Sent, made: _T, rows: Iterable[_Row[_T]], most: int
) -> Iterator[tuple[MatchedMistake, _T]]:
    """`made` under each of the mistakes, at most so many variants of each."""
    for number, mistake, change in rows:
        for variant, (label, other) in enumerate(islice(change(sent, made), most)):
            yield MatchedMistake(mistake, label, number, variant), other
