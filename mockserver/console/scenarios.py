"""Pages of scenarios: the library with titles, and playing one into the sandbox."""

from typing import Any

from ..domain.vocabulary import Status
from ..scenario.library import read_shipped
from .page import Page
from .visit import Answer, NoSuchPage, View, Visit

__all__ = ["PAGES"]


def _list(visit: Visit) -> Answer:
    words = visit.text("q").lower()
    items = [
        item
        for item in visit.control("GET", "stories")["items"]
        if words in f"{item['name']} {item['title']} {item['about']}".lower()
    ]
    return View("scenarios", {"items": items})


def _show(visit: Visit, **more: Any) -> Answer:
    name = visit.path["name"]
    try:
        text = read_shipped(name)
    except KeyError:
        raise NoSuchPage(f"没有场景 {name}", f"there is no scenario {name}") from None
    return View(
        "scenario",
        {
            "name": name,
            "lines": text.splitlines(),
            "statuses": list(Status),
            "result": None,
            "until": "",
            **more,
        },
    )


def _page(visit: Visit) -> Answer:
    return _show(visit)


def _play(visit: Visit) -> Answer:
    body: dict[str, Any] = {"story": visit.path["name"]}
    if visit.field("until"):
        body["until"] = visit.field("until")
    result = visit.ask("POST", "play", body)
    return _show(visit, result=result, until=visit.field("until"))


PAGES: tuple[Page, ...] = (
    Page("GET", "s/<id>/scenarios", _list),
    Page("GET", "s/<id>/scenarios/<path:name>", _page),
    Page("POST", "s/<id>/scenarios/<path:name>", _play, _page),
)
