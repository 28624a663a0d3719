"""One request of a signed-in browser, and what a page may answer with."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from msgspec import Struct

from ..service.console_access import ConsoleSession
from ..service.context import ServerContext
from ..service.control_function import ControlCall, sandbox_path
from ..world.world import World

__all__ = [
    "Answer",
    "Download",
    "NoSuchPage",
    "Redirect",
    "View",
    "Visit",
    "read_number",
    "read_page_number",
]


class NoSuchPage(Exception):
    """Nothing has this address; `zh` and `en` say what there is instead."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(f"{zh} ({en})")


class View(Struct, frozen=True):
    """A page: the name of its template and the values that stand in it."""

    template: str
    values: Mapping[str, Any] = {}
    status: int = 200


class Redirect(Struct, frozen=True):
    """The path of the page to show next."""

    to: str


class Download(Struct, frozen=True):
    """A file to save."""

    name: str
    kind: str
    content: bytes


Answer = View | Redirect | Download


class Visit(Struct, frozen=True):
    """One request of a browser that is signed in.

    `path` has the arguments in the address, `query` and `form` the texts that the browser sent,
    `form` None for a GET.  `control` is the control API, in process, with the base URL by which the
    browser reached the server.  `revision` is that of the sandbox in the address, 0 without one.
    `files` are the contents of the files that the form uploads, by field, empty ones left out.
    """

    context: ServerContext
    control: ControlCall
    session: ConsoleSession
    lang: str
    base_url: str
    address: str
    path: Mapping[str, Any]
    query: Mapping[str, Sequence[str]]
    form: Mapping[str, Sequence[str]] | None
    revision: int = 0
    files: Mapping[str, Sequence[bytes]] = {}

    def translate(self, zh: str, en: str) -> str:
        """Return the text in the language of the browser."""
        return en if self.lang == "en" else zh

    def pick(self, sentences: object) -> str:
        """Return what has `zh` and `en` (an object or a mapping) in the browser's language."""
        if isinstance(sentences, Mapping):
            return str(sentences.get(self.lang, ""))
        return str(getattr(sentences, self.lang))

    @property
    def world(self) -> World:
        """The sandbox in the address.  Raises NoSuchPage: there is none of this name."""
        world = self.context.directory.get(self.path.get("id", ""))
        if world is None:
            raise NoSuchPage("没有这个独立环境", "there is no such sandbox")
        return world

    def ask(self, verb: str, path: str = "", body: object = None, **query: object) -> Any:
        """Return the control API's reply about the sandbox in the address.

        Raises:
            ControlRefused: with the problem document.
        """
        return self.control(verb, sandbox_path(self.path["id"], path), body, **query)

    def text(self, name: str) -> str:
        """Return the value of a query parameter without blanks around it, "" without one."""
        values = self.query.get(name, ())
        return values[0].strip() if values else ""

    def field(self, name: str) -> str:
        """Return the value of a form's field without blanks around it, "" without one."""
        values = (self.form or {}).get(name, ())
        return values[0].strip() if values else ""

    @property
    def home(self) -> str:
        """The path of the list of sandboxes, below the path of a proxy if there is one."""
        return f"{urlsplit(self.base_url).path}/console"

    def link(self, *segments: str) -> str:
        """Return the address of a page of this sandbox."""
        parts = (self.path["id"], *segments)
        return f"{self.home}/s/" + "/".join(quote(part, safe="") for part in parts)

    def here(self, **changes: object) -> str:
        """Return this page's address with other query parameters; None leaves one out."""
        query = {name: list(values) for name, values in self.query.items() if name != "since"}
        for name, value in changes.items():
            query[name] = [] if value is None else [str(value)]
        text = urlencode([(name, value) for name, values in query.items() for value in values])
        return f"{self.address}?{text}" if text else self.address

    def succeed(self, zh: str, en: str, to: str) -> Redirect:
        """Return the page to go to, where the browser reads that something has been done."""
        self.session.add_notice(self.translate(zh, en))
        return Redirect(to)


def read_number(text: str, least: int, most: int) -> int:
    """Return the whole number in `text`, brought between the limits; `least` for other texts."""
    return min(max(int(text), least), most) if re.fullmatch(r"\d{1,9}", text, re.ASCII) else least


def read_page_number(visit: Visit, total: int, page_size: int) -> int:
    """Return the number of the page asked for, from 1; the last one for a higher number."""
    return read_number(visit.text("page"), 1, max(1, -(-total // page_size)))
