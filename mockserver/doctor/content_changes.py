"""Mistakes about which parameters are signed: omitted, added, renamed, with other heads or tails.

Each function is a `ContentChange` or makes one; `signed_content` says what holds for all of them.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from itertools import combinations, filterfalse, product

import msgspec

from ..protocol.binding import OPTIONAL_SYSTEM_PARAMETERS, SYSTEM_PARAMETERS
from ..protocol.forms import Upload
from ..protocol.signing import SIGN_METHODS
from .signed_content import ContentChange, SignedCall, SignedContent

__all__ = [
    "add_constants",
    "add_empty_parameters",
    "add_files",
    "add_session",
    "add_several_constants",
    "add_sign",
    "append_form",
    "append_line_end",
    "append_untyped_body",
    "change_name_case",
    "keep_pairs",
    "omit_any_parameter",
    "omit_body",
    "omit_parameter",
    "omit_several_parameters",
    "prepend_text",
    "replace_session",
    "replace_settings",
    "sign_json_members",
]

_MAX_FILE_BYTES = 64 * 1024  # of all files together; larger ones are not tried
_ADDED_LATE = ("partner_id", "format", "simplify", "v")  # what clients most often add after signing
_GUESSED_EMPTY = tuple([name for name in OPTIONAL_SYSTEM_PARAMETERS if name != "sign_method"])
_SETTINGS = (
    ("format", ("json", "xml")),
    ("sign_method", SIGN_METHODS),
    ("simplify", ("true", "false")),
)
_CONSTANTS = (
    ("format", "json"),
    ("format", "xml"),
    ("v", "2.0"),
    *(("sign_method", method) for method in SIGN_METHODS),
    ("simplify", "true"),
    ("simplify", "false"),
)

Variants = Iterator[tuple[str, SignedContent]]


def keep_pairs(test: Callable[[SignedCall, str, str], bool]) -> ContentChange:
    """Make the change that signs only the parameters (name, value) that pass the test."""

    def change(call: SignedCall, content: SignedContent) -> Variants:
        pairs = [pair for pair in content.pairs if test(call, *pair)]
        if len(pairs) < len(content.pairs):
            yield "", content.with_pairs(pairs)

    return change


def omit_parameter(omitted: str) -> ContentChange:
    """Make the change that does not sign one named parameter."""
    return keep_pairs(lambda call, name, value: name != omitted)


def omit_any_parameter(call: SignedCall, content: SignedContent) -> Variants:
    """Omit one parameter, each in turn, beginning with those that clients add after signing."""
    names = [name for name, _ in content.pairs]
    late = len(_ADDED_LATE)
    for name in sorted(names, key=lambda n: _ADDED_LATE.index(n) if n in _ADDED_LATE else late):
        place = names.index(name)
        yield name, content.with_pairs((*content.pairs[:place], *content.pairs[place + 1 :]))


def omit_several_parameters(call: SignedCall, content: SignedContent) -> Variants:
    """Omit any of the system parameters, then any two, then any three parameters.

    Few before many.  Of repeated names all are omitted.
    """
    names = list(dict.fromkeys([name for name, _ in content.pairs]))
    system = [name for name in names if name in SYSTEM_PARAMETERS]
    for size in range(2, len(system) + 1):
        yield from _omit_sets(content, combinations(system, size))
    for size in (2, 3):
        mixed = filterfalse(set(system).issuperset, combinations(names, size))
        yield from _omit_sets(content, mixed)


def _omit_sets(content: SignedContent, sets: Iterable[tuple[str, ...]]) -> Variants:
    for omitted in sets:
        pairs = [pair for pair in content.pairs if pair[0] not in omitted]
        yield ", ".join(omitted), content.with_pairs(pairs)


def add_several_constants(call: SignedCall, content: SignedContent) -> Variants:
    """Sign any two or more system parameters with their usual values, not sent."""
    absent = content.select_absent(dict.fromkeys(name for name, _ in _CONSTANTS))
    choices = [[pair for pair in _CONSTANTS if pair[0] == name] for name in absent]
    for size in range(2, len(choices) + 1):
        for some in combinations(choices, size):
            for pairs in product(*some):
                label = ", ".join([f"{name}={value}" for name, value in pairs])
                yield label, content.add_pairs(*pairs)


def omit_body(call: SignedCall, content: SignedContent) -> Variants:
    """Omit a raw body."""
    if content.tail:
        yield "", SignedContent(content.pairs, "", content.head)


def change_name_case(call: SignedCall, content: SignedContent) -> Variants:
    """Sign the names in another case than they are sent in."""
    for label, alter in (("aBc", _to_camel_case), ("abc", str.lower), ("ABC", str.upper)):
        changed = content.with_pairs([(alter(name), value) for name, value in content.pairs])
        if changed.pairs != content.pairs:
            yield label, changed


def _to_camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join([word.capitalize() for word in rest])


def add_empty_parameters(call: SignedCall, content: SignedContent) -> Variants:
    """Sign empty parameters that were not sent: all that the method has, then each alone."""
    names = content.select_absent(dict.fromkeys((*call.absent_names, *_GUESSED_EMPTY)))
    of_method = [name for name in names if name in call.absent_names]
    if len(of_method) > 1:
        yield ", ".join(of_method), content.add_pairs(*((name, "") for name in of_method))
    for name in names:
        yield name, content.add_pairs((name, ""))


def add_constants(call: SignedCall, content: SignedContent) -> Variants:
    """Sign a system parameter with its usual value, not sent."""
    absent = content.select_absent([name for name, _ in _CONSTANTS])
    for name, value in _CONSTANTS:
        if name in absent:
            yield f"{name}={value}", content.add_pairs((name, value))


def replace_settings(call: SignedCall, content: SignedContent) -> Variants:
    """Sign a system parameter with another value than is sent."""
    for name, values in _SETTINGS:
        sent = content.value_of(name)
        for value in values:
            if sent is not None and sent != value:
                yield f"{name}={value}", content.replace_value(name, value)


def add_session(call: SignedCall, content: SignedContent) -> Variants:
    """Sign a session of this sandbox, not sent."""
    if content.value_of("session") is None:
        for token in call.sessions:
            yield "", content.add_pairs(("session", token))


def replace_session(call: SignedCall, content: SignedContent) -> Variants:
    """Sign another session of this sandbox than is sent."""
    sent = content.value_of("session")
    for token in call.sessions:
        if sent is not None and token != sent:
            yield "", content.replace_value("session", token)


def add_sign(call: SignedCall, content: SignedContent) -> Variants:
    """Sign `sign` itself, still empty."""
    yield "", content.add_pairs(("sign", ""))


def add_files(call: SignedCall, content: SignedContent) -> Variants:
    """Sign the files: their bytes, Base64, names or MD5, or only the parameters' names."""
    if call.files and sum(len(upload.content) for upload in call.files) <= _MAX_FILE_BYTES:
        for label, write in _FILE_FORMS:
            yield label, content.add_pairs(*((upload.name, write(upload)) for upload in call.files))


_FILE_FORMS: tuple[tuple[str, Callable[[Upload], str]], ...] = (
    ("bytes", lambda upload: upload.content.decode("utf-8", "surrogateescape")),
    ("Base64", lambda upload: b64encode(upload.content).decode()),
    ("filename", lambda upload: upload.filename),
    ("@filename", lambda upload: f"@{upload.filename}"),
    ("name", lambda upload: ""),
    ("MD5", lambda upload: hashlib.md5(upload.content, usedforsecurity=False).hexdigest()),
)


def append_form(call: SignedCall, content: SignedContent) -> Variants:
    """Append the form body like a raw one, after all parameters, then after those of the query."""
    if call.form and not content.tail:
        in_query = tuple([pair for pair in content.pairs if pair[0] in call.query_names])
        for pairs in (content.pairs, in_query):
            yield "body", SignedContent(pairs, call.form, content.head)


def append_untyped_body(call: SignedCall, content: SignedContent) -> Variants:
    """Append a JSON or XML body that came under the Content-Type of a form, after the query."""
    if call.form.lstrip("\ufeff \r\n")[:1] in ("{", "[", "<") and not content.tail:
        in_query = [pair for pair in content.pairs if pair[0] in call.query_names]
        yield "", SignedContent(tuple(in_query), call.form, content.head)


def sign_json_members(call: SignedCall, content: SignedContent) -> Variants:
    """Sign the members of a raw JSON body as parameters, and not the body."""
    try:
        members = msgspec.json.decode(content.tail) if content.tail[:1] == "{" else None
    except (msgspec.DecodeError, RecursionError):
        return
    if isinstance(members, dict):
        pairs = [(_write_member(name), _write_member(value)) for name, value in members.items()]
        yield "", SignedContent((*content.pairs, *pairs), "", content.head)


def _write_member(value: object) -> str:
    """Return a JSON value as text; lone surrogates, which JSON can escape, become `?`."""
    if not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return value.encode("utf-8", "replace").decode()


def append_line_end(call: SignedCall, content: SignedContent) -> Variants:
    """Append a line end to the string, then to any one business value or the session."""
    yield "string", SignedContent(content.pairs, content.tail + "\n", content.head)
    for name, value in content.pairs:
        if name not in SYSTEM_PARAMETERS or name == "session":
            yield name, content.replace_value(name, value + "\n")


def prepend_text(*heads: Callable[[SignedCall], str]) -> ContentChange:
    """Make the change that puts a text before the string, each of these in turn."""

    def change(call: SignedCall, content: SignedContent) -> Variants:
        for head in heads:
            if text := head(call):
                yield text, SignedContent(content.pairs, content.tail, text)

    return change
