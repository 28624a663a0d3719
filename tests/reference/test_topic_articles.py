"""`explain TOPIC`: members as the platform's pages list them, and the moves that send it."""

from pathlib import Path

import pytest
import yaml

from mockserver.reference.articles import explain

SPEC = Path(__file__).parents[2] / "docs" / "spec" / "tmc-topics.yaml"
PAGES = {page["topic"]: page for page in yaml.safe_load(SPEC.read_text("utf-8"))}
# evidence-5.2, and who else leads there: words that the article's lines have to hold
SENT = {
    "taobao_dispute_RefundCreated": ["buyer apply: new -> 1"],
    "taobao_dispute_ExchangeAgree": ["seller agree: 1 -> 2", "system expire: 1 -> 2"],
    "taobao_dispute_ExchangeModified": ["buyer modify: 1 -> 1", "buyer modify: 6 -> 3"],
    "taobao_dispute_ExchangeClosed": ["buyer cancel: 1 -> 4", "system expire: 2 -> 4"],
    "taobao_dispute_ExchangeSellerConfirmed": [
        "seller returngoods_agree: 3 -> 12",
        "seller confirm_consign: 3 -> 13",
    ],
    "taobao_dispute_ExchangeSellerGoodsConsigned": ["seller consigngoods: 12 -> 13"],
    "taobao_dispute_ExchangeSuccess": ["buyer confirm_receipt: 13 -> 5", "system expire: 13 -> 5"],
    "taobao_dispute_ExchangeTurnToRefund": ["seller turn_to_refund: 3 -> 14"],
    "taobao_dispute_TaobaoInterApplied": ["buyer ask_cs: 6 -> 6"],
}


@pytest.mark.parametrize("topic", SENT)
def test_a_topic_says_when_it_is_sent_and_what_it_holds(topic):
    """The article has the page's members, no others, and each move that sends it."""
    [article] = explain(topic)

    page = PAGES[topic]
    lines = article.en.splitlines()
    start = lines.index("content (JSON text):")
    members = {line.split()[0] for line in lines[start + 1 : -1]}
    assert members == set(page["payload"])
    assert article.title == page["title"]
    for sentence in SENT[topic]:
        assert any(line.strip().startswith(sentence) for line in lines), sentence


def test_a_topic_names_its_grade_and_its_places():
    """`explain taobao_dispute_ExchangeAgree`: documented by page 2400, sent by inference."""
    [article] = explain("taobao_dispute_ExchangeAgree")

    assert "文档载明" in article.zh and "推断" in article.zh
    assert "docs/spec/evidence-2026-11.md#evidence-5.2" in article.places()


def test_an_old_topic_names_its_rule():
    """The topics of refunds are sent under a rule only."""
    [article] = explain("taobao_refund_RefundCreated")

    assert "refund_topics" in article.zh and "refund_topics" in article.en
