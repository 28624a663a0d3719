"""What `explain` and `reference` say: every declaration has an article, each names its source."""

import pytest

from mockserver.api.methods import METHODS
from mockserver.domain.moves import MOVES
from mockserver.domain.rules import RULES
from mockserver.domain.vocabulary import Status
from mockserver.protocol.errors import CODES
from mockserver.reference.articles import build_articles, explain, render_reference
from tests.oracle import SYSTEM_PARAMETERS

ARTICLES = tuple(build_articles())
UNCITED = ("故障集 fault set", "诊断 finding")  # made of other articles; texts of the product


@pytest.mark.parametrize(
    "term",
    [
        *METHODS,
        *MOVES,
        *RULES,
        *(str(code) for code in CODES),
        *(str(status.value) for status in Status),
        *(status.zh for status in Status),
        "isv.missing-parameter:fields",
        "isv.trade-not-exist",
        "2101",
        "PY-101",
        "isv.logistics-offline-service-error:B04",
        "isv.logistics-offline-service-error:B60",
        *SYSTEM_PARAMETERS,
        "request_id",
        " agree ",
    ],
)
def test_every_known_term_is_explained(term):
    """A method, move, rule, code or status, by number or Chinese text, has at least one article."""
    assert explain(term)


def test_the_order_of_names_is_explained():
    """`explain key_order` says: alphabetical, `request_id` last, not to be relied on."""
    [article] = explain("key_order")

    assert "字母排序" in article.zh
    assert "request_id 在最后" in article.zh
    assert "不应依赖" in article.zh
    assert "alphabetical" in article.en
    assert "request_id stands last" in article.en
    assert "must not" in article.en


@pytest.mark.parametrize("form", ["yyyy-MM-dd HH:mm:ss", "13", "10", "seconds_timestamp", "31"])
def test_every_form_of_a_timestamp_is_explained(form):
    """`explain timestamp` names text, milliseconds, seconds, their rule, and the error."""
    [article] = explain("timestamp")

    assert form in article.zh
    assert form in article.en


def test_an_unknown_term_has_no_article():
    """What nobody declared is not explained."""
    assert explain("nothing-like-this") == []


@pytest.mark.parametrize(
    "article", [pytest.param(article, id=f"{article.kind} {article.id}") for article in ARTICLES]
)
def test_an_article_names_its_source(article):
    """The last line of an article says where it can be read, in both languages."""
    if article.kind in UNCITED and not article.citations:
        return
    assert article.text("zh").splitlines()[-1].strip().startswith("出处：docs/spec/")
    assert article.text("en").splitlines()[-1].strip().startswith("see: docs/spec/")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_reference_holds_every_article(lang):
    """The page has a heading for each article."""
    page = render_reference(lang)

    assert [a.id for a in ARTICLES if f"### {a.id} {a.title}\n" not in page] == []
