"""Working snippets that call a sandbox in seven languages, with its own key, secret and session.

They use nothing but what each language ships with, so they run as pasted.  The sign is MD5 over
secret, names and values in order, secret; the body is a form.  Source: docs/spec/top-protocol.md.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from msgspec import Struct

__all__ = ["LANGUAGES", "Snippet", "render_snippets"]

LANGUAGES: Mapping[str, str] = {
    "curl": "curl",
    "java": "Java",
    "php": "PHP",
    "node": "Node.js",
    "python": "Python",
    "dotnet": ".NET (C#)",
    "go": "Go",
}


_PLACES = ("app_key", "app_secret", "session", "gateway")


class Snippet(Struct, frozen=True):
    """A program to copy: `name` is the language as a key, `label` as people write it."""

    name: str
    label: str
    text: str


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("mockserver.console", "templates/snippets"),
        autoescape=False,  # noqa: S701  # programs; the page that shows them escapes
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        variable_start_string="<<",
        variable_end_string=">>",
    )


def render_snippets(sandbox: Mapping[str, Any]) -> list[Snippet]:
    """Return a program for each language; `sandbox` is its document in the control API."""
    values = {
        name: _quote(str(sandbox[name])) for name in ("app_key", "app_secret", "session", "gateway")
    }
    return [
        Snippet(name, label, _environment().get_template(f"{name}.txt").render(values))
        for name, label in LANGUAGES.items()
    ]


def _quote(text: str) -> str:
    """Return the text as it may stand between quotation marks in every one of the languages.

    Keys that users gave may hold any character; what could end the text is left out.
    """
    return "".join(char for char in text if char.isprintable() and char not in "\\\"'$`")
