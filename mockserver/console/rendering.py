"""Fill templates with values.  Whatever a value holds is text: nothing of it becomes markup."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ..domain.vocabulary import Actor, CsStatus, Status

__all__ = ["mark_safe", "render"]


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
    )
    return environment


def render(template: str, values: Mapping[str, Any]) -> str:
    """Return the page of a template, whose name has no suffix."""
    return _environment().get_template(f"{template}.html").render(values)
