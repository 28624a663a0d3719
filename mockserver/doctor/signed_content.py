"""What a client may have signed: what arrived, drafts of the string to sign, and how known mistakes change them.

Right is one draft: every text parameter as it arrived, then a raw body.  A change yields its variants with what
tells them apart (a parameter, an encoder), and nothing where the mistake would make no difference; changes
can be combined.  Which mistake each is, `doctor_table.py` says.  Source: protocol page 2.
"""

import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, quote_plus, unquote, unquote_plus

import msgspec
from msgspec import Struct

from ..protocol.binding import SYSTEM_PARAMETERS
from ..protocol.forms import Upload
from ..protocol.shapes import read_epoch, read_time, show_time
from ..protocol.signing import SIGN_METHODS

__all__ = [
    "BOM",
    "DECODED",
    "ENCODED",
    "Alter",
    "ContentChange",
    "Pair",
    "Pairs",
    "Sent",
    "SignedContent",
    "absent_session",
    "altered",
    "as_on_the_wire",
    "body_left_out",
    "case_changed",
    "constants_added",
    "correct_content",
    "empty_added",
    "empty_as",
    "files_added",
    "form_appended",
    "framed",
    "json_members",
    "kept",
    "one_left_out",
    "other_session",
    "plus_bare",
    "recoded",
    "settings_changed",
    "sign_added",
    "swapped",
    "tailed",
    "time_again",
    "time_elsewhere",
    "time_written",
    "without",
]

Pair = tuple[str, str]
Pairs = tuple[Pair, ...]


class Sent(Struct, frozen=True, kw_only=True):
    """One signed call as it arrived, and what its receiver knows besides.

    `pairs` are the text parameters without `sign`, in the order sent, those named in `by_query` from the query;
    `raw` are the same before decoding; `body` is a raw JSON or XML body, `form` an urlencoded one as text.
    `unsent` names parameters that the method has besides; `sessions` and `secrets` (by app_key) are others that
    a client may have mixed up; the values of names that are `hidden` are never shown.
    """

    pairs: Pairs
    sign: str
    secret: str
    method: str = "md5"
    body: str = ""
    form: str = ""
    raw: Pairs = ()
    by_query: frozenset[str] = frozenset()
    files: tuple[Upload, ...] = ()
    unsent: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    secrets: tuple[Pair, ...] = ()
    hidden: Callable[[str], bool] = lambda name: name == "session"


class SignedContent(Struct, frozen=True):
    """What is signed: parameters, in any order, between a head and a tail."""

    pairs: Pairs
    tail: str = ""
    head: str = ""


ContentChange = Callable[[Sent, SignedContent], Iterator[tuple[str, SignedContent]]]
Alter = Callable[[str], str]
BOM = "\ufeff"
_FILE_AT_MOST = 64 * 1024
_OPTIONAL = ("session", "format", "partner_id", "target_app_key", "simplify")
_ADDED = ("partner_id", "format", "simplify", "v")  # what clients most often add after signing
_CONSTANTS = (
    ("format", "json"),
    ("format", "xml"),
    ("v", "2.0"),
    *(("sign_method", name) for name in SIGN_METHODS),
    ("simplify", "true"),
    ("simplify", "false"),
)
_SETTINGS = (
    ("format", ("json", "xml")),
    ("sign_method", SIGN_METHODS),
    ("simplify", ("true", "false")),
)


def _lower_escapes(text: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), text)


def _percent(text: str, safe: str = "") -> str:
    return quote(text, safe=safe, errors="surrogateescape")


def _plus(text: str, safe: str = "") -> str:
    return quote_plus(text, safe=safe, errors="surrogateescape")


ENCODED: tuple[tuple[str, Alter], ...] = (
    ("%20", _percent),
    ("+", _plus),
    ("URLEncoder", lambda text: _plus(text, "*").replace("~", "%7E")),
    ("encodeURIComponent", lambda text: _percent(text, "!'()*")),
    ("encodeURI", lambda text: _percent(text, ";,/?:@&=+$!'()*#")),
    ("HttpUtility.UrlEncode", lambda text: _lower_escapes(_plus(text, "!()*"))),
    ("%xx", lambda text: _lower_escapes(_percent(text))),
    ("%2520", lambda text: _percent(_percent(text))),
)
DECODED: tuple[tuple[str, Alter], ...] = (
    ("%20", unquote),
    ("+", lambda text: unquote_plus(text) if "%" in text else text),
)


def swapped(words: Mapping[str, str]) -> Alter:
    """Some whole values become others, the rest stays."""
    return lambda text: words.get(text, text)


def empty_as(*words: str) -> ContentChange:
    """An empty value is signed as a word, or the word sent is signed as an empty value."""
    return altered(
        *((word, _word(word)) for word in words),
        *((word, swapped({word: ""})) for word in words),
        words=True,
    )


def _word(word: str) -> Alter:
    return lambda text: text or word


def recoded(text: str) -> str:
    """UTF-8 that was read as Latin-1, read again as UTF-8."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def kept(test: Callable[[Sent, str, str], bool]) -> ContentChange:
    """Only parameters that pass the test are signed."""

    def change(sent: Sent, draft: SignedContent) -> Iterator[tuple[str, SignedContent]]:
        pairs = tuple([pair for pair in draft.pairs if test(sent, *pair)])
        if len(pairs) < len(draft.pairs):
            yield "", SignedContent(pairs, draft.tail, draft.head)

    return change


def without(left_out: str) -> ContentChange:
    """One named parameter is not signed."""
    return kept(lambda sent, name, value: name != left_out)


def body_left_out(sent: Sent, draft: SignedContent) -> Iterator[tuple[str, SignedContent]]:
    """A raw body is not signed."""
    if draft.tail:
        yield "", SignedContent(draft.pairs, "", draft.head)


def as_on_the_wire(sent: Sent, draft: SignedContent) -> Iterator[tuple[str, SignedContent]]:
    """Values are signed as they stood in the request, still encoded."""
    raw = dict(sent.raw)
    pairs = tuple([(name, raw.get(name, value)) for name, value in draft.pairs])
    if pairs != draft.pairs:
        yield "", SignedContent(pairs, draft.tail, draft.head)


def one_left_out(sent: Sent, draft: SignedContent) -> Iterator[tuple[str, SignedContent]]:
    """Any one parameter is not signed."""
    names = [name for name, _ in draft.pairs]
    for name in sorted(names, key=lambda each: _ADDED.index(each) if each in _ADDED else 4):
        at = names.index(name)
        yield name, SignedContent(draft.pairs[:at] + draft.pairs[at + 1 :], draft.tail, draft.head)


def altered(*named: tuple[str, Alter], each: bool = False, words: bool = False) -> ContentChange:
    """Every value is signed in another form; with `each`, also any one alone.

    A value of letters and digits only stays as it is, but where whole `words` are altered.
    """

    def change(sent: Sent, draft: SignedContent) -> Iterator[tuple[str, SignedContent]]:
        for label, alter in named:
            pairs = tuple(
                [
                    (
                        name,
                        value
                        if value.isalnum() and value.isascii() and not words
                        else alter(value),
                    )
                    for name, value in draft.pairs
                ]
            )
            if pairs == draft.pairs:
                continue
            yield label, SignedContent(pairs, draft.tail, draft.head)
            differing = (
                [at for at, pair in enumerate(pairs) if pair != draft.pairs[at]] if each else []
            )
            for at in differing if len(differing) > 1 else ():
                yield (
                    pairs[at][0],
                    SignedContent(
                        (*draft.pairs[:at], pairs[at], *draft.pairs[at + 1 :]),
                        draft.tail,
                        draft.head,
                    ),
                )

    return change


def case_changed(sent: Sent, draft: SignedContent) -> Iterator[tuple[str, SignedContent]]:
    """Names are signed in another case than they are sent in."""
    for label, alter in (("aBc", _camel), ("abc", str.lower), ("ABC", str.upper)):
        pairs = tuple([(alter(name), value) for name, value in draft.pairs])
        if pairs != draft.pairs:
            yield label, SignedContent(pairs, draft.tail, draft.head)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join([word.capitalize() for word in rest])


def _with_added(draft: SignedContent, *pairs: tuple[str, str]) -> SignedContent:
    return SignedContent((*draft.pairs, *pairs), draft.tail, draft.head)


def _absent(draft: SignedContent, names: Iterable[str]) -> list[str]:
    known = {name for name, _ in draft.pairs}
    return [name for name in names if name not in known]


def empty_added(sent: Sent, draft: SignedContent) -> Iterator[tuple[str, SignedContent]]:
    """Parameters without value are signed but not sent: all that the method has, or any one."""
    names = _absent(draft, dict.fromkeys((*sent.unsent, *_OPTIONAL)))
    own = [name for name in names if name in sent.unsent]
    if len(own) > 1:
        yield ", ".join(own), _with_added(draft, *((name, "") for name in own))
    for name in names:
        yield name, _with_added(draft, (name, ""))


def constants_added(sent: Sent, draft: SignedContent) -> Iterator[tuple[str, SignedContent]]:
    """A system parameter with its usual value is signed but not sent."""
    absent = _absent(draft, [name for name, _ in _CONSTANTS])
    for name, value in _CONSTANTS:
        if name in absent:
            yield f"{name}={value}", _with_added(draft, (name, value))


def _one_replaced(draft: SignedContent, wanted: str, value: str) -> SignedContent:
    return SignedContent(
        tuple([(name, value if name == wanted else old) for name, old in draft.pairs]),
        draft.tail,
        draft.head,
    )


def settings_changed(sent: Sent, draft: SignedContent) -> Iterator[tuple[str, SignedContent]]:
    """A system parameter is sent with another value than it was signed with."""
    now = dict(draft.pairs)
    for name, values in _SETTINGS:
        for value in values:
            if name in now and now[name] != value:
                yield f"{name}={value}", _one_replaced(draft, name, value)


def absent_session(sent: Sent, draft: SignedContent) -> Iterator[tuple[str, SignedContent]]:
    """A session of this sandbox is signed but not sent."""
    if _absent(draft, ("session",)):
        for token in sent.sessions:
            yield "", _with_added(draft, ("session", token))


def other_session(sent: Sent, draft: SignedContent) -> Iterator[tuple[str, SignedContent]]:
    """Another session of this sandbox is signed than is sent."""
    now = dict(draft.pairs).get("session")
    for token in sent.sessions:
        if now is not None and token != now:
            yield "", _one_replaced(draft, "session", token)


def sign_added(sent: Sent, draft: SignedContent) -> Iterator[tuple[str, SignedContent]]:
    """`sign` itself is signed, still empty."""
    yield "", _with_added(draft, ("sign", ""))


def files_added(sent: Sent, draft: SignedContent) -> Iterator[tuple[str, SignedContent]]:
    """Files are signed: their bytes, their Base64, their names, or only their parameters."""
    if not sent.files or sum(len(each.content) for each in sent.files) > _FILE_AT_MOST:
        return
    for label, write in _FILE_WRITERS:
        yield label, _with_added(draft, *((each.name, write(each)) for each in sent.files))


_FILE_WRITERS: tuple[tuple[str, Callable[[Upload], str]], ...] = (
    ("bytes", lambda each: each.content.decode("utf-8", "surrogateescape")),
    ("Base64", lambda each: b64encode(each.content).decode()),
    ("filename", lambda each: each.filename),
    ("@filename", lambda each: f"@{each.filename}"),
    ("name", lambda each: ""),
    ("MD5", lambda each: hashlib.md5(each.content, usedforsecurity=False).hexdigest()),
)


def form_appended(sent: Sent, draft: SignedContent) -> Iterator[tuple[str, SignedContent]]:
    """The urlencoded body is appended as if it were a raw one."""
    if sent.form and not draft.tail:
        yield "body", SignedContent(draft.pairs, sent.form, draft.head)
        yield (
            "body",
            SignedContent(
                tuple([pair for pair in draft.pairs if pair[0] in sent.by_query]),
                sent.form,
                draft.head,
            ),
        )


def json_members(sent: Sent, draft: SignedContent) -> Iterator[tuple[str, SignedContent]]:
    """The members of a raw JSON body are signed as parameters, the body is not."""
    try:
        members = msgspec.json.decode(draft.tail) if draft.tail[:1] == "{" else None
    except (msgspec.DecodeError, RecursionError):
        return
    if isinstance(members, dict):
        written = tuple([(_encodable(name), _encodable(each)) for name, each in members.items()])
        yield "", SignedContent((*draft.pairs, *written), "", draft.head)


def _encodable(value: object) -> str:
    """A JSON value as text, without the halves of characters that JSON can escape."""
    text = (
        value
        if isinstance(value, str)
        else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    )
    return text.encode("utf-8", "replace").decode()


def tailed(sent: Sent, draft: SignedContent) -> Iterator[tuple[str, SignedContent]]:
    """A line end stands after the string, or after any one value."""
    yield "string", SignedContent(draft.pairs, draft.tail + "\n", draft.head)
    for name, value in draft.pairs:
        if name not in SYSTEM_PARAMETERS or name == "session":
            yield name, _one_replaced(draft, name, value + "\n")


def framed(*heads: Callable[[Sent], str]) -> ContentChange:
    """Something stands before the string."""

    def change(sent: Sent, draft: SignedContent) -> Iterator[tuple[str, SignedContent]]:
        for head in heads:
            if text := head(sent):
                yield text, SignedContent(draft.pairs, draft.tail, text)

    return change


def plus_bare(sent: Sent, draft: SignedContent) -> Iterator[tuple[str, SignedContent]]:
    """Signed with `+`, sent without encoding it, so that a blank arrived."""
    bare = {name: unquote(raw) for name, raw in sent.raw if "+" in raw}
    if bare:
        yield (
            ", ".join(bare),
            SignedContent(
                tuple([(name, bare.get(name, value)) for name, value in draft.pairs]),
                draft.tail,
                draft.head,
            ),
        )
    for name in bare if len(bare) > 1 else ():
        yield name, _one_replaced(draft, name, bare[name])


def _timed(write: Callable[[str], Iterator[tuple[str, str]]]) -> ContentChange:
    def change(sent: Sent, draft: SignedContent) -> Iterator[tuple[str, SignedContent]]:
        now = dict(draft.pairs).get("timestamp", "")
        for label, text in write(now):
            if text != now:
                yield label, _one_replaced(draft, "timestamp", text)

    return change


def _instant(now: str) -> datetime | None:
    """The time that a timestamp tells, if it can be moved by hours."""
    at = read_epoch(now) or read_time(now)
    return at if at is not None and 1970 < at.year < 9999 else None


def _written(now: str) -> Iterator[tuple[str, str]]:
    at = _instant(now)
    if at is None:
        return
    text = show_time(at)
    for write in _TIME_FORMS:
        each = write(text, at)
        if each != now:
            yield each, each


_TIME_FORMS: tuple[Callable[[str, datetime], str], ...] = (
    lambda text, at: text,
    lambda text, at: f"{int(at.timestamp())}000",
    lambda text, at: str(int(at.timestamp())),
    lambda text, at: text.replace(" ", "T"),
    lambda text, at: text.replace("-", "/"),
    lambda text, at: text[:16],
    lambda text, at: f"{text}.000",
    lambda text, at: f"{text.replace(' ', 'T')}+08:00",
    lambda text, at: f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
    lambda text, at: f"{at:%Y%m%d%H%M%S}",
)


def _elsewhere(now: str) -> Iterator[tuple[str, str]]:
    at = _instant(now)
    if at is not None and " " in now:
        for hours in (-8, 8):
            each = show_time(at + timedelta(hours=hours))
            yield each, each


def _again(now: str) -> Iterator[tuple[str, str]]:
    at = _instant(now)
    for off in (-1, 1, -2, 2, -3, 3) if at is not None else ():
        assert at is not None
        each = show_time(at + timedelta(seconds=off)) if " " in now else str(int(now) + off)
        yield each, each


time_written, time_elsewhere, time_again = _timed(_written), _timed(_elsewhere), _timed(_again)


def correct_content(sent: Sent) -> SignedContent:
    """What should have been signed."""
    return SignedContent(sent.pairs, sent.body)
