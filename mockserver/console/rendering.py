"""Fill templates with values.  Whatever a value holds is text: nothing of it becomes markup."""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ..domain.vocabulary import Actor, CsStatus, Status
from ..reference.article import Article

__all__ = ["mark_safe", "render"]

_MAX_SUMMARY = 90


def mark_safe(drawing: str) -> Markup:
    """Return a drawing of our own as markup; it must hold no text of a client."""
    return Markup(drawing)  # noqa: S704  # made of the table alone


def _format_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _name_status(number: int, lang: str) -> str:
    status = Status(number)
    return status.name.lower().replace("_", " ") if lang == "en" else status.zh


def _name_cs_status(number: int, lang: str) -> str:
    status = CsStatus(number)
    return status.en if lang == "en" else status.zh


def _name_actor(name: str, lang: str) -> str:
    names = {"cs": "customer service"}
    return names.get(name, name) if lang == "en" else Actor(name).zh


def _summarize(article: Article, lang: str) -> str:
    """Return what an article is about: its first clause in the language, at most 90 characters."""
    text = article.en if lang == "en" else article.zh
    clause = re.split(r"[；;\n]", text, maxsplit=1)[0]
    return clause if len(clause) <= _MAX_SUMMARY else f"{clause[: _MAX_SUMMARY - 1]}…"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("mockserver.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        pretty=_format_json,
        status_name=_name_status,
        cs_name=_name_cs_status,
        actor_name=_name_actor,
        summary=_summarize,
    )
    return environment


def render(template: str, values: Mapping[str, Any]) -> str:
    """Return the page of a template, whose name has no suffix."""
    return _environment().get_template(f"{template}.html").render(values)
