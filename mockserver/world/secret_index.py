"""Find secrets in a text by their value, in whatever form they stand, and mask them.

A secret that a client writes into the wrong place arrives in many shapes: within a URL, encoded
once or twice, as JSON escapes, HTML entities, hex, Base64 of a longer text, in another case, split
by line breaks.  There are two ways to meet them, and each is taken where it is exact.

* Hex and Base64 mix letters, so a text cannot be decoded without knowing where it begins.  But few
  such forms of a secret exist: hex, and one Base64 for each of three alignments.  They are made
  once, when the secret becomes known, and looked for like the secret itself.
* Escapes replace letter by letter, in any mixture and depth.  Such a text is unfolded: every escape
  becomes its letter, white space goes, and each letter knows where it stood.  What is in the
  unfolded text is masked where it stood.

Cost.  A server may know tens of thousands of secrets, and each call is searched.  So all forms
stand in one dict by their first letters, and only runs of letters as long as the shortest form are
walked through: an ordinary call has two or three.

Limits.  A secret of fewer than MIN_SECRET_CHARACTERS may be any word and is not looked for.  A text
is unfolded _MAX_ROUNDS times.  What is compressed, encrypted or in two parameters is not seen.
"""

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["MASK", "MIN_SECRET_CHARACTERS", "SecretIndex"]

MASK = "***"
MIN_SECRET_CHARACTERS = 8
_KEY = 8  # letters by which a form is looked up
_MAX_ROUNDS = 4
_MAX_REMEMBERED = 500  # characters of a text that is remembered
_MAX_TEXTS = 200  # that are remembered
_ORDINARY = re.compile(r"[A-Za-z0-9+/_=-]+", re.ASCII)
_RUNS_ALONE = bytes(  # every byte outside a run becomes a blank
    code if _ORDINARY.fullmatch(chr(code)) else 0x20 for code in range(256)
)
_BLANKS = "\\s\0\u200b-\u200f\u2028\u2029\ufeff"
_ESCAPE = re.compile(
    r"%(?:25)*([0-9A-Fa-f]{2})"  # however often it was URL-encoded
    r"|\\+u00([0-9A-Fa-f]{2})|\\+x([0-9A-Fa-f]{2})"
    r"|&(?:amp;)*#[xX]0*([0-9A-Fa-f]{2});"
    r"|&(?:amp;)*#0*([0-9]{2,3});"
    r"|\\+([/+=_-])"
    rf"|(?:\\+[nrt]|[{_BLANKS}])+",
    re.ASCII,
)
_HINT = re.compile(rf"[%\\&{_BLANKS}]", re.ASCII)
_Span = tuple[int, int]


class SecretIndex:
    """Secrets of a server, a call or a sandbox; each counts as often as it was added.

    Texts may be masked while another thread adds or removes; those who add or remove take turns.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._counts: dict[str, int] = {}
        self._forms: dict[str, tuple[str, ...]] = {}  # lower case, by their first letters
        self._odd: dict[str, tuple[str, ...]] = {}  # secrets of other signs, as they are
        self._lengths: dict[int, int] = {}  # of forms, and how many have it
        self.shortest = MIN_SECRET_CHARACTERS  # characters of a form; a shorter text has no secret
        self.longest = 0  # the same of the longest form, without escapes
        self._run = _ORDINARY
        self._remembered: dict[str, str] = {}
        for secret in secrets:
            self.add(secret)

    def __contains__(self, secret: str) -> bool:
        return secret in self._counts

    def add(self, secret: str) -> None:
        """Make a secret known; one of fewer than MIN_SECRET_CHARACTERS is not looked for."""
        if len(secret) < MIN_SECRET_CHARACTERS:
            return
        self._counts[secret] = self._counts.get(secret, 0) + 1
        if self._counts[secret] > 1:
            return
        for index, form in self._list_forms(secret):
            index[form[:_KEY]] = (*index.get(form[:_KEY], ()), form)
            self._lengths[len(form)] = self._lengths.get(len(form), 0) + 1
        self._measure()

    def remove(self, secret: str) -> None:
        """Forget a secret, when it was removed as often as it was added."""
        count = self._counts.pop(secret, 0)
        if count > 1:
            self._counts[secret] = count - 1
        if count != 1:
            return
        for index, form in self._list_forms(secret):
            others = tuple(other for other in index[form[:_KEY]] if other != form)
            index[form[:_KEY]] = others
            if not others:
                del index[form[:_KEY]]
            self._lengths[len(form)] -= 1
            if not self._lengths[len(form)]:
                del self._lengths[len(form)]
        self._measure()

    def _list_forms(self, secret: str) -> Iterator[tuple[dict[str, tuple[str, ...]], str]]:
        if _ORDINARY.fullmatch(secret):
            yield self._forms, secret.lower()
        else:
            yield self._odd, secret
        for form in _make_block_forms(secret.encode("utf-8", "replace")):
            yield self._forms, form

    def _measure(self) -> None:
        """Note the shortest and the longest form."""
        self.shortest = min(self._lengths, default=MIN_SECRET_CHARACTERS)
        self.longest = max(self._lengths, default=0)
        self._remembered = {}
        self._run = re.compile(
            rf"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_=-]{{{self.shortest},}}", re.ASCII
        )

    def mask(self, text: str) -> str:
        """Return the text with `***` for every secret in it, in any form."""
        if not self._lengths or len(text) < self.shortest:
            return text
        spans = list(self._find(text))
        if _HINT.search(text):
            spans += self._find_folded(text)
        return _cut_out(text, spans) if spans else text

    def mask_often(self, text: str) -> str:
        """Return the same as `mask`, and remember it: for texts that come with every call.

        Of up to _MAX_REMEMBERED characters; the memory begins anew when it is full, and with every
        secret that is added or removed.
        """
        if len(text) < self.shortest or len(text) > _MAX_REMEMBERED:
            return self.mask(text)
        remembered = self._remembered  # one that begins anew meanwhile does not get our answer
        masked = remembered.get(text)
        if masked is None:
            masked = self.mask(text)
            if len(remembered) >= _MAX_TEXTS:
                remembered.clear()
            remembered[text] = masked
        return masked

    def mask_plain(self, coded: bytes) -> bytes:
        """Return UTF-8 with `***` for secrets that stand in it without escapes or blanks.

        For what we write ourselves, of which there is much and which nobody escapes: one pass tells
        whether there is any run of letters as long as a secret.
        """
        runs = coded.translate(_RUNS_ALONE).split()
        if not self._odd and max(map(len, runs), default=0) < self.shortest:
            return coded
        text = coded.decode()
        spans = list(self._find(text)) if self._lengths else []
        return _cut_out(text, spans).encode() if spans else coded

    def mask_tree(self, value: Any) -> Any:
        """Return lists and dicts of a document with every text in them masked, names too."""
        if isinstance(value, str):
            return self.mask(value)
        if isinstance(value, dict):
            return {self.mask_tree(name): self.mask_tree(item) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.mask_tree(item) for item in value]
        return value

    def _find(self, text: str) -> Iterator[_Span]:
        """Yield where forms stand as they are."""
        for match in self._run.finditer(text):
            run = match[0].lower()
            for start, end in _walk(run, self._forms, self.shortest):
                yield match.start() + start, match.start() + end
        if self._odd:
            yield from _walk(text, self._odd, self.shortest)

    def _find_folded(self, text: str) -> Iterator[_Span]:
        """Yield where forms stand behind escapes or are split by white space."""
        places = [(place, place + 1) for place in range(len(text))]
        for _ in range(_MAX_ROUNDS):
            unfolded, places = _unfold(text, places)
            if unfolded == text:
                return
            text = unfolded
            for start, end in self._find(text):
                yield places[start][0], places[end - 1][1]


def _walk(text: str, forms: dict[str, tuple[str, ...]], shortest: int) -> Iterator[_Span]:
    """Yield where forms stand in a text, also where they overlap.

    No form has fewer than `shortest` letters, so none begins in the last ones.
    """
    for place in range(len(text) - shortest + 1):
        for form in forms.get(text[place : place + _KEY], ()):
            if text.startswith(form, place):
                yield place, place + len(form)


def _unfold(text: str, places: list[_Span]) -> tuple[str, list[_Span]]:
    """Return the text with every escape as its letter, and where each letter stood.

    `places` are those of the letters of `text`.
    """
    pieces: list[str] = []
    new_places: list[_Span] = []
    end = 0
    for match in _ESCAPE.finditer(text):
        pieces.append(text[end : match.start()])
        new_places += places[end : match.start()]
        letter = _read_escape(match)
        if letter:
            pieces.append(letter)
            new_places.append((places[match.start()][0], places[match.end() - 1][1]))
        end = match.end()
    pieces.append(text[end:])
    return "".join(pieces), new_places + places[end:]


def _read_escape(match: re.Match[str]) -> str:
    url, unit, byte, entity, number, plain = match.groups()
    code = url or unit or byte or entity
    if code:
        return chr(int(code, 16))
    if number:
        return chr(int(number))
    return plain or ""


def _cut_out(text: str, spans: list[_Span]) -> str:
    """Return the text with one MASK for each place that spans cover."""
    pieces: list[str] = []
    done = 0
    for start, end in sorted(spans):
        if end <= done:
            continue
        if start >= done:
            pieces += (text[done:start], MASK)
        done = end
    return "".join(pieces) + text[done:]


def _make_block_forms(secret: bytes) -> set[str]:
    """Return hex and the Base64 of a secret at each place in a longer text, in lower case."""
    forms = {secret.hex()}
    for before in range(3):
        for encode in (b64encode, urlsafe_b64encode):
            whole = encode(bytes(before) + secret + bytes(2)).decode()
            first = -(-before * 8 // 6)  # the letter that holds no bit of what stands before
            last = (before + len(secret)) * 8 // 6
            forms.add(whole[first:last].lower())
    return forms
