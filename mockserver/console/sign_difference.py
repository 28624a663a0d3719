"""Where a signed text differs from what should have been signed, as pieces that a page marks."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from ..world.journal import MASK

__all__ = ["Difference", "StringPiece", "find_difference", "split_string"]


class Difference(Struct, frozen=True):
    """Two texts: what both begin with, where each differs, what both end with."""

    begin: str
    signed: str
    correct: str
    end: str


class StringPiece(Struct, frozen=True):
    """A part of the string to sign; `differs` is True for the place that was signed otherwise."""

    text: str
    differs: bool


def find_difference(signed: str, correct: str) -> Difference:
    """Return where the texts differ; both middles are empty if they do not."""
    start = _count_equal(signed, correct)
    rest_signed, rest_correct = signed[start:], correct[start:]
    end = _count_equal(rest_signed[::-1], rest_correct[::-1])
    stop_signed, stop_correct = len(rest_signed) - end, len(rest_correct) - end
    return Difference(
        signed[:start],
        rest_signed[:stop_signed],
        rest_correct[:stop_correct],
        rest_signed[stop_signed:],
    )


def _count_equal(one: str, other: str) -> int:
    """Return how many characters both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def split_string(params: Mapping[str, str], place: Mapping[str, Any]) -> tuple[StringPiece, ...]:
    """Return the string to sign of a call, masked, in pieces; the one that differs is marked.

    `params` are those that were sent, `place` is the `at` of a finding about the sign.  The result
    is empty if the finding is about no parameter: then the difference is in no place of the string.
    """
    where = str(place.get("where", ""))
    if where not in params and where != "secret":
        return ()
    return tuple(_yield_pieces(params, place, where))


def _yield_pieces(
    params: Mapping[str, str], place: Mapping[str, Any], where: str
) -> Iterator[StringPiece]:
    secret_stands = params.get("sign_method", "md5") == "md5"
    if secret_stands:
        yield StringPiece(MASK, where == "secret")
    for name in sorted(params):
        if name == where:
            yield StringPiece(str(place.get("wanted", "")), True)
        elif name != "sign":
            yield StringPiece(f"{name}{params[name]}", False)
    if secret_stands:
        yield StringPiece(MASK, False)
