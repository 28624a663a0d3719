"""Secrets are found in a text by value, in every shape that a client may give them.

Shapes are made by the standard library.  Source: case F5.
"""

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.world.secret_index import MASK, SecretIndex

LAWS = settings(deadline=None, derandomize=True, database=None)
SECRET = "6100c0ffee5b21d7a9f04e83c6d15aa27be94f013d86572a2000000001"
URL_SAFE = "aB3_dE-6gH9iJ_kL"
ODD = "se cret/值=1"


def escape_all(text):
    """Every character as a percent escape."""
    return "".join(f"%{byte:02x}" for byte in text.encode())


SHAPES = {
    "plain": str,
    "upper case": str.upper,
    "URL-encoded": lambda text: quote_plus(text),
    "URL-encoded twice": lambda text: quote(quote(text, safe=""), safe=""),
    "every letter URL-encoded": escape_all,
    "every letter URL-encoded twice": lambda text: quote(escape_all(text)),
    "every letter URL-encoded three times": lambda text: quote(quote(escape_all(text))),
    "JSON escapes": lambda text: "".join(f"\\u{ord(letter):04x}" for letter in text),
    "JSON escapes in JSON": lambda text: json.dumps(
        "".join(f"\\u{ord(letter):04x}" for letter in text)
    ),
    "URL-encoded JSON escapes": lambda text: quote(
        "".join(f"\\u{ord(letter):04X}" for letter in text)
    ),
    "HTML entities": lambda text: "".join(f"&#{ord(letter)};" for letter in text),
    "HTML hex entities": lambda text: "".join(f"&#x{ord(letter):X};" for letter in text),
    "bytes in a repr": lambda text: "".join(f"\\x{ord(letter):02x}" for letter in text),
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
    "Base64": lambda text: base64.b64encode(text.encode()).decode(),
    "Base64 of user:secret": lambda text: base64.b64encode(f"u:{text}".encode()).decode(),
    "Base64 of a longer text": lambda text: base64.b64encode(f"abcd{text}xyz".encode()).decode(),
    "Base64, wrapped": lambda text: base64.encodebytes(f"basic {text}".encode()).decode(),
    "Base64, URL-encoded": lambda text: quote(base64.b64encode(text.encode()).decode(), safe=""),
    "Base64, URL-safe": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "split by line breaks": lambda text: "\r\n ".join(
        text[at : at + 9] for at in range(0, len(text), 9)
    ),
    "split by an encoded line break": lambda text: f"{text[:9]}%0D%0A+{text[9:]}",
    "split by a line break, encoded twice": lambda text: f"{text[:9]}%250D%250A%2B{text[9:]}",
    "blanks as in a form": lambda text: "+".join(
        text[at : at + 4] for at in range(0, len(text), 4)
    ),
    "split by blanks": lambda text: " ".join(text[at : at + 4] for at in range(0, len(text), 4)),
    "with a zero-width space": lambda text: text[:9] + "\u200b" + text[9:],
    "UTF-16 as bytes": lambda text: text.encode("utf-16-le").decode("latin-1"),
    "within a URL": lambda text: f"http://h/p?session={text}&x=1",
    "Bearer": lambda text: f"Bearer {text}",
    "in JSON": lambda text: json.dumps({"session": text}),
    "in letters": lambda text: f"x{text}y",
    "twice": lambda text: f"{text} {text}",
}


@pytest.mark.parametrize("secret", [SECRET, URL_SAFE])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_secret_is_masked_in_every_shape(shape, secret):
    """What remains holds neither the secret nor what it can be read from, and says `***`."""
    made = SHAPES[shape](secret)
    masked = SecretIndex([secret, "another-secret"]).mask(f"a={made}; 结尾")
    assert MASK in masked and masked.startswith("a=") and masked.endswith("; 结尾")
    assert len(masked) <= len(made.replace(made, "")) + 60
    for at in range(len(secret) - 12):
        assert secret[at : at + 12].lower() not in masked.lower()
    assert SecretIndex([secret]).mask(masked) == masked


@pytest.mark.parametrize("shape", ["plain", "hex", "Base64", "Base64 of user:secret", "in letters"])
def test_a_secret_of_any_signs_is_masked(shape):
    """A secret with blanks, signs and Chinese is found as it is, in hex and in Base64."""
    assert MASK in SecretIndex([ODD]).mask(SHAPES[shape](ODD))


@settings(LAWS, max_examples=300)
@given(
    secret=st.text("abcdefghijkmnpqrstuvwxyzABCDEF0123456789_-", min_size=8, max_size=64),
    shape=st.sampled_from(sorted(SHAPES)),
    before=st.text(max_size=30),
    after=st.text(max_size=30),
)
def test_no_shape_and_no_neighbour_hides_a_secret(secret, shape, before, after):
    """Whatever stands around it, a secret is masked; what stands around it stays."""
    made = SHAPES[shape](secret)
    masked = SecretIndex([secret]).mask(f"{before}|{made}|{after}")
    assert MASK in masked
    assert made not in masked
    assert masked.startswith(f"{before}|"[: len(before)]) or MASK in masked[: len(before) + 4]


@settings(LAWS, max_examples=300)
@given(
    secret=st.text(min_size=8, max_size=40), before=st.text(max_size=30), after=st.text(max_size=30)
)
def test_a_secret_of_any_characters_is_masked_where_it_stands(secret, before, after):
    """Whatever characters a secret has, the quick question whether there is room never hides it."""
    index = SecretIndex([secret])
    assert MASK in index.mask(f"{before}{secret}{after}")
    assert MASK in index.mask_plain(f"{before}{secret}{after}".encode("utf-8", "replace")).decode()


def test_an_index_of_short_secrets_finds_them_as_they_stand():
    """From four characters on, where `least` says so; plainly and behind escapes."""
    index = SecretIndex(["s3cr"], least=4)
    assert index.mask("a=s3cr&b=%733cr; s3 cr") == "a=***&b=***; ***"
    assert SecretIndex(["abc"], least=4).mask("abc") == "abc"


@settings(LAWS, max_examples=300)
@given(text=st.text(max_size=200))
def test_other_texts_stay(text):
    """A text without the secret is not changed."""
    assert SecretIndex([SECRET, URL_SAFE]).mask(text) == text


@settings(LAWS, max_examples=100)
@given(secrets=st.lists(st.text(min_size=8, max_size=20), max_size=6), removed=st.data())
def test_a_forgotten_secret_is_no_secret(secrets, removed):
    """After as many removals as additions the index is as if nothing had been added."""
    index = SecretIndex([SECRET])
    for secret in secrets:
        index.add(secret)
    for secret in removed.draw(st.permutations(secrets)):
        index.remove(secret)
    fresh = SecretIndex([SECRET])
    assert vars(index).keys() == vars(fresh).keys()
    for text in (*secrets, SECRET):
        assert index.mask(text) == fresh.mask(text)


def test_a_secret_counts_as_often_as_it_was_added():
    """Two sandboxes with one app secret: dropping one does not show it."""
    index = SecretIndex([SECRET, SECRET])
    index.remove(SECRET)
    assert index.mask(SECRET) == MASK
    index.remove(SECRET)
    index.remove(SECRET)
    assert index.mask(SECRET) == SECRET and SECRET not in index


@pytest.mark.parametrize("secret", ["", "1234567"])
def test_a_short_word_is_no_secret(secret):
    """Fewer than eight characters may be any word."""
    assert SecretIndex([secret]).mask(f"a {secret} b") == f"a {secret} b"


def test_a_document_is_masked_in_names_and_values():
    """Lists and dicts keep their shape; numbers stay."""
    index = SecretIndex([SECRET])
    assert index.mask_tree({SECRET: [1, None, f"x {SECRET}"], "n": {"m": True}}) == {
        MASK: [1, None, f"x {MASK}"],
        "n": {"m": True},
    }


def test_one_of_thousands_is_masked():
    """One of many is masked, and its neighbours stay."""
    index = SecretIndex(f"{number:08d}-{SECRET}" for number in range(2000))
    assert index.mask(f"x 00001999-{SECRET} y") == f"x {MASK} y"


def test_a_remembered_text_follows_the_secrets():
    """A text masked before a secret was added, and after it was removed, is masked anew."""
    index = SecretIndex(["another-secret"])
    text = f"fields={SECRET},status"
    assert index.mask_often(text) == text
    index.add(SECRET)
    assert index.mask_often(text) == "fields=***,status" == index.mask_often(text)
    index.remove(SECRET)
    assert index.mask_often(text) == text


@LAWS
@given(st.lists(st.sampled_from([SECRET, "short", "x" * 499 + SECRET, "值" * 40]) | st.text()))
def test_remembering_changes_no_answer(texts):
    """Whatever comes again and again, in any order, is masked as it is without a memory."""
    index = SecretIndex([SECRET])
    for text in [*texts, *texts, *(f"{number:040}" for number in range(250)), *texts]:
        assert index.mask_often(text) == SecretIndex([SECRET]).mask(text)
