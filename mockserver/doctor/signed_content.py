"""What a client signed: the call as it arrived, and the content that its sign was made from.

A sign is made in two steps.  First the client chooses the content: which parameters, with which
values, and what stands before and after them.  `SignedContent` is that choice.  Then it turns the
content into a digest; `signature_schemes.SignatureScheme` is that choice.  Every known mistake of
signing spoils exactly one of the two, so mistakes are functions from a correct content or scheme to
wrong ones, and can be combined freely.

The correct content is every text parameter as it arrived, except `sign`, then a raw JSON or XML
body. The server cannot know what a client meant; it can only start from what arrived.  A parameter
that was signed but not sent must therefore be guessed (`content_changes`), and so must a value that
changed between signing and sending (`value_changes`).

A change of content is a `ContentChange`: it takes the call and a content, and yields variants, each
with a label that distinguishes it from its siblings (a parameter, an encoder).  Three laws hold for
all of them, and the search relies on them:

* it yields nothing when the mistake makes no difference for this call;
* it does not look at the sign, so that one set of variants serves every sign;
* it changes what it is given and does not start anew, so that it can follow another change.

Source: docs/spec/top-protocol.md#top-2
"""

from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from ..protocol.forms import Upload

__all__ = [
    "LEAST_SECRET_CHARACTERS",
    "SINGLE_AT_MOST",
    "ContentChange",
    "Pair",
    "Pairs",
    "SignedCall",
    "SignedContent",
    "correct_content",
]

LEAST_SECRET_CHARACTERS = 4  # of a secret of the call itself: shorter texts stand everywhere
SINGLE_AT_MOST = 128 * 1024  # bytes of the string to sign for which single mistakes are tried

Pair = tuple[str, str]  # the name and the value of one parameter
Pairs = tuple[Pair, ...]


class SignedCall(Struct, frozen=True, kw_only=True):
    """One signed call as it arrived, and what its receiver knows besides.

    `pairs` are the text parameters without `sign`, in the order sent; those named in `query_names`
    came in the query.  `raw_pairs` are the same before URL decoding.  `body` is a raw JSON or XML
    body, `form` an urlencoded body as text.  `absent_names` are the optional parameters of the
    method that were not sent.  `sessions` are all tokens of the sandbox and `app_secrets` the
    secrets by app_key that a client may have mixed up.  A value whose name `is_private` is never
    shown.
    """

    pairs: Pairs
    sign: str
    secret: str
    sign_method: str = "md5"
    body: str = ""
    form: str = ""
    raw_pairs: Pairs = ()
    query_names: frozenset[str] = frozenset()
    files: tuple[Upload, ...] = ()
    absent_names: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    app_secrets: tuple[Pair, ...] = ()
    is_private: Callable[[str], bool] = lambda name: name == "session"


class SignedContent(Struct, frozen=True):
    """What is signed: parameters in any order, between a head and a tail."""

    pairs: Pairs
    tail: str = ""
    head: str = ""

    def with_pairs(self, pairs: Iterable[Pair]) -> "SignedContent":
        """Return the content with these parameters instead."""
        return SignedContent(tuple(pairs), self.tail, self.head)

    def add_pairs(self, *pairs: Pair) -> "SignedContent":
        """Return the content with more parameters."""
        return SignedContent((*self.pairs, *pairs), self.tail, self.head)

    def replace_value(self, name: str, value: str) -> "SignedContent":
        """Return the content with another value for one parameter."""
        return self.with_pairs([(key, value if key == name else old) for key, old in self.pairs])

    def value_of(self, name: str) -> str | None:
        """Return the value of a parameter, None if the content does not have it."""
        return dict(self.pairs).get(name)

    def select_absent(self, names: Iterable[str]) -> list[str]:
        """Return those of the names that are no parameters of this content."""
        present = {name for name, _ in self.pairs}
        return [name for name in names if name not in present]


ContentChange = Callable[[SignedCall, SignedContent], Iterator[tuple[str, SignedContent]]]


def correct_content(call: SignedCall) -> SignedContent:
    """Return what should have been signed."""
    return SignedContent(call.pairs, call.body)
