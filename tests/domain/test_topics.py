"""Topics of the message channel: their pages, payloads and what is known of them."""

import pytest

from mockserver.domain.topics import TOPICS


@pytest.mark.parametrize(
    ("name", "page", "members"),
    [  # docs/spec/top-protocol.md 7, tmc-topics
        ("taobao_dispute_ExchangeAgree", 2400, 5),
        ("taobao_dispute_RefundCreated", 2451, 9),
        ("taobao_refund_RefundClosed", 126, 10),
    ],
)
def test_a_topic_cites_its_page(name, page, members):
    """Name, page and number of payload members are the page's; the evidence names the page."""
    topic = TOPICS[name]
    assert (topic.name, topic.doc_id, len(topic.members)) == (name, page, members)
    assert topic.evidence.note == f"tmc-{page}"
