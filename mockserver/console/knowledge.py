"""Pages of the reference: all articles of `explain`, searchable, without a network."""

from functools import cache

from ..reference.article import Article
from ..reference.articles import build_articles
from .page import Page
from .visit import Answer, NoSuchPage, View, Visit

__all__ = ["PAGES"]

_MAX_FOUND = 100


@cache
def _articles() -> tuple[Article, ...]:
    return tuple(build_articles())


def _search(visit: Visit) -> Answer:
    words = visit.text("q").lower().split()
    kind = visit.text("kind")
    articles = _articles()
    kinds = dict.fromkeys(article.kind for article in articles)
    matches = [
        article
        for article in articles
        if kind in ("", article.kind_name("en")) and _matches(article, words)
    ]
    exact = [article for article in matches if article.id.lower() in words]
    ordered = exact + [article for article in matches if article not in exact]
    return View(
        "reference",
        {
            "articles": ordered[:_MAX_FOUND],
            "total": len(matches),
            "kinds": [(name.partition(" ")[2], name.partition(" ")[0]) for name in kinds],
        },
    )


def _matches(article: Article, words: list[str]) -> bool:
    text = f"{article.id} {article.title} {article.zh} {article.en}".lower()
    return all(word in text for word in words)


def _article(visit: Visit) -> Answer:
    kind, name = visit.path["kind"], visit.path["name"]
    matches = [
        article
        for article in _articles()
        if article.id == name and article.kind_name("en").replace(" ", "-") == kind
    ]
    if not matches:
        raise NoSuchPage(f"没有词条 {name}", f"there is no article {name}")
    return View("article", {"articles": matches})


PAGES: tuple[Page, ...] = (
    Page("GET", "reference", _search),
    Page("GET", "reference/<kind>/<path:name>", _article),
)
