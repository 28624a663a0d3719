"""Where a signed text differs from the correct one, and the string to sign around it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.console.sign_difference import find_difference, split_string


@pytest.mark.parametrize(
    ("signed", "correct", "pieces"),
    [
        ("time10%3A00", "time10:00", ("time10", "%3A", ":", "00")),
        ("a", "a", ("a", "", "", "")),
        ("", "b", ("", "", "b", "")),
        ("aa", "a", ("a", "a", "", "")),
        ("a", "aa", ("a", "", "a", "")),
        ("x1y", "x2y", ("x", "1", "2", "y")),
        ("中A文", "中B文", ("中", "A", "B", "文")),
    ],
)
def test_the_middle_differs(signed, correct, pieces):
    """Both begin and end alike; what stands between is marked."""
    place = find_difference(signed, correct)

    assert (place.begin, place.signed, place.correct, place.end) == pieces


@given(st.text(max_size=12, alphabet="ab"), st.text(max_size=12, alphabet="ab"))
def test_nothing_is_lost(signed, correct):
    """The pieces put together are the two texts, and the middles share no beginning or end."""
    place = find_difference(signed, correct)

    assert place.begin + place.signed + place.end == signed
    assert place.begin + place.correct + place.end == correct
    if place.signed and place.correct:
        assert place.signed[0] != place.correct[0]
        assert place.signed[-1] != place.correct[-1]


def test_the_string_has_the_parameters_in_order():
    """Names and values stand sorted between two masked secrets, without the sign."""
    params = {"v": "2.0", "b": "1 2", "sign": "X", "sign_method": "md5"}

    pieces = split_string(params, {"where": "b", "signed": "b1+2", "wanted": "b1 2"})

    assert "".join(piece.text for piece in pieces) == "***b1 2sign_methodmd5v2.0***"
    assert [piece.text for piece in pieces if piece.differs] == ["b1 2"]


def test_a_digest_with_a_key_has_no_secret_in_its_string():
    """HMAC signs the parameters alone."""
    params = {"a": "1", "sign_method": "hmac"}

    pieces = split_string(params, {"where": "a", "signed": "a2", "wanted": "a1"})

    assert "".join(piece.text for piece in pieces) == "a1sign_methodhmac"


@pytest.mark.parametrize("where", ["digest", "sign", "", "none"])
def test_a_difference_outside_the_string_has_none(where):
    """A wrong digest or form of the sign is no place in the string."""
    assert split_string({"a": "1"}, {"where": where}) == ()
