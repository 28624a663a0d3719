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

Cost.  A server may know tens of thousands of secrets, and each call is searched.  So the question
comes first whether there is room for any: in whatever form, a secret takes a stretch of letters,
escapes and blanks that is as long as the shortest form, and two passes in C find whether there is
one.  An ordinary call has none but its sign.  Only then are runs walked through, with all forms in
one dict by their first letters, and escapes unfolded.  With a secret of eight characters every
text has room, and each call costs some microseconds more.

Limits.  A secret of fewer than `least` characters may be any word and is not looked for.  A text
is unfolded _MAX_ROUNDS times.  What is compressed, encrypted or in two parameters is not seen.
"""

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

__all__ = ["MASK", "MIN_SECRET_CHARACTERS", "SecretIndex"]

MASK = "***"
MIN_SECRET_CHARACTERS = 8
_KEY = 8  # letters by which a form is looked up
_MAX_ROUNDS = 4
_ORDINARY = re.compile(r"[A-Za-z0-9+/_=-]+", re.ASCII)
_BLANKS = "\\s\0\u200b-\u200f\u2028\u2029\ufeff"
_PART, _BREAK = b"#", b" "  # what the tables below make of a byte
_RUNS = b"".join(_PART if _ORDINARY.fullmatch(chr(code)) else _BREAK for code in range(256))
_UTF8_BLANKS = "\u200b\u200c\u200d\u200e\u200f\u2028\u2029\ufeff".encode()
_STRETCHES = b"".join(  # runs, with whatever may stand for a letter or between letters
    _PART
    if _RUNS[code : code + 1] == _PART or code in b"%\\&;#\t\n\v\f\r \0" + _UTF8_BLANKS
    else _BREAK
    for code in range(256)
)
_ESCAPE = re.compile(
    r"%(?:25)*([0-9A-Fa-f]{2})"  # however often it was URL-encoded
    r"|\\+u00([0-9A-Fa-f]{2})|\\+x([0-9A-Fa-f]{2})"
    r"|&(?:amp;)*#[xX]0*([0-9A-Fa-f]{2});"
    r"|&(?:amp;)*#0*([0-9]{2,3});"
    r"|\\+([/+=_-])"
    rf"|(?:\\+[nrt]|[{_BLANKS}])+",
    re.ASCII,
)
_HINT = re.compile(rf"[+%\\&{_BLANKS}]", re.ASCII)
_GAP = re.compile(rf"(?:\\+[nrt]|[+{_BLANKS}])+", re.ASCII)  # a plus is a blank in a form
_MAX_REMEMBERED = 500  # characters of a text that is remembered
_MAX_TEXTS = 200  # that are remembered
_Span = tuple[int, int]


class SecretIndex:
    """Secrets of a server, a call or a sandbox; each counts as often as it was added.

    Secrets of fewer than `least` characters are not looked for, those of fewer than
    MIN_SECRET_CHARACTERS neither in hex nor in Base64, where any text holds them by chance.

    Texts may be masked while another thread adds or removes; those who add or remove take turns.
    """

    def __init__(self, secrets: Iterable[str] = (), least: int = MIN_SECRET_CHARACTERS) -> None:
        self._least = least
        self._key = min(_KEY, least)
        self._counts: dict[str, int] = {}
        self._forms: dict[str, tuple[str, ...]] = {}  # lower case, by their first letters
        self._odd: dict[str, tuple[str, ...]] = {}  # secrets of other signs, as they are
        self._lengths: dict[int, int] = {}  # of forms, and how many have it
        self.shortest = least  # characters of a form; a shorter text has no secret
        self._room = _PART * least  # what a text needs to have room for the shortest form
        self.longest = 0  # the same of the longest form, without escapes
        self._run = _ORDINARY
        self._runs, self._stretches = _RUNS, _STRETCHES
        self._remembered: dict[str, str] = {}
        for secret in secrets:
            self.add(secret)

    def __contains__(self, secret: str) -> bool:
        return secret in self._counts

    def add(self, secret: str) -> None:
        """Make a secret known; one of fewer than `least` characters is not looked for."""
        if len(secret) < self._least:
            return
        self._counts[secret] = self._counts.get(secret, 0) + 1
        if self._counts[secret] > 1:
            return
        for index, form in self._list_forms(secret):
            key = form[: self._key]
            index[key] = (*index.get(key, ()), form)
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
            key = form[: self._key]
            index[key] = tuple(other for other in index[key] if other != form)
            if not index[key]:
                del index[key]
            self._lengths[len(form)] -= 1
            if not self._lengths[len(form)]:
                del self._lengths[len(form)]
        self._measure()

    def _list_forms(self, secret: str) -> Iterator[tuple[dict[str, tuple[str, ...]], str]]:
        if _ORDINARY.fullmatch(secret):
            yield self._forms, secret.lower()
        else:
            yield self._odd, secret
        if len(secret) >= MIN_SECRET_CHARACTERS:
            for form in _make_block_forms(secret.encode("utf-8", "replace")):
                yield self._forms, form

    def _measure(self) -> None:
        """Note the shortest and the longest form."""
        self.shortest = min(self._lengths, default=self._least)
        self._room = _PART * self.shortest
        odd = "".join(form for forms in self._odd.values() for form in forms)
        self._runs, self._stretches = _add_parts(_RUNS, odd), _add_parts(_STRETCHES, odd)
        self._remembered = {}
        self.longest = max(self._lengths, default=0)
        self._run = re.compile(
            rf"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_=-]{{{self.shortest},}}", re.ASCII
        )

    def mask(self, text: str) -> str:
        """Return the text with `***` for every secret in it, in any form."""
        if not self.has_room(text):
            return text
        spans = list(self._find(text))
        if _HINT.search(text):
            spans += self._find_folded(text)
        return _cut_out(text, spans) if spans else text

    def has_room(self, text: str) -> bool:
        """Return False if the text can hold no secret, at the cost of two passes in C."""
        if len(text) < self.shortest or not self._lengths:
            return False
        coded = text.encode("utf-8", "replace")
        return self._room in coded.translate(self._stretches)

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

        For what we write ourselves, of which there is much and which nobody escapes.
        """
        if self._room not in coded.translate(self._runs):
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
            for start, end in self._walk(run, self._forms):
                yield match.start() + start, match.start() + end
        if self._odd:
            yield from self._walk(text, self._odd)

    def _walk(self, text: str, forms: dict[str, tuple[str, ...]]) -> Iterator[_Span]:
        """Yield where forms stand in a text, also where they overlap."""
        key = self._key
        for place in range(len(text) - self.shortest + 1):
            for form in forms.get(text[place : place + key], ()):
                if text.startswith(form, place):
                    yield place, place + len(form)

    def _find_folded(self, text: str) -> Iterator[_Span]:
        """Yield where forms stand behind escapes or are split by white space."""
        places = [(place, place + 1) for place in range(len(text))]
        for _ in range(_MAX_ROUNDS):
            if "+" in text:
                yield from self._find_at(*_unfold(text, places, _GAP))
            unfolded, places = _unfold(text, places, _ESCAPE)
            if unfolded == text:
                return
            text = unfolded
            yield from self._find_at(text, places)

    def _find_at(self, text: str, places: list[_Span]) -> Iterator[_Span]:
        """Yield where forms stand in an unfolded text, by the places of its letters."""
        for start, end in self._find(text):
            yield places[start][0], places[end - 1][1]


@lru_cache(64)
def _add_parts(table: bytes, letters: str) -> bytes:
    """Return the table with the bytes of these letters as parts of a stretch, too."""
    parts = letters.encode("utf-8", "replace")
    return b"".join(_PART if code in parts else table[code : code + 1] for code in range(256))


def _unfold(text: str, places: list[_Span], escape: re.Pattern[str]) -> tuple[str, list[_Span]]:
    """Return the text with every escape as its letter, and where each letter stood.

    `places` are those of the letters of `text`; of a _GAP nothing remains.
    """
    pieces: list[str] = []
    new_places: list[_Span] = []
    end = 0
    for match in escape.finditer(text):
        pieces.append(text[end : match.start()])
        new_places += places[end : match.start()]
        letter = "" if escape is _GAP else _read_escape(match)
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
