"""The page of coverage: the diagram coloured by what the client under test has reached."""

from ..domain.vocabulary import Ruleset
from ..reference.state_diagram import render_state_diagram
from .page import Page
from .rendering import mark_safe
from .visit import Answer, View, Visit

__all__ = ["PAGES"]


def _show(visit: Visit) -> Answer:
    document = visit.ask("GET", "coverage")
    diagrams = [
        (
            ruleset,
            counts,
            mark_safe(
                render_state_diagram(
                    Ruleset(ruleset), set(counts["rows"]), set(counts["states"]), visit.lang
                )
            ),
        )
        for ruleset, counts in document["rulesets"].items()
    ]
    return View("coverage", {"coverage": document, "diagrams": diagrams})


PAGES: tuple[Page, ...] = (Page("GET", "s/<id>/coverage", _show),)
