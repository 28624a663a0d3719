"""Coverage documents merged, measured and printed.

Laws of merging, exact wholes, a page that needs nothing else.
"""

import json
import re
from functools import reduce
from html.parser import HTMLParser
from unicodedata import east_asian_width
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver import Sandbox, Server
from mockserver.testing.coverage import (
    count_coverage,
    format_json,
    format_text,
    list_missing_rows,
    merge_coverage,
    row_percent,
)
from mockserver.testing.coverage_html import format_html

COUNTS = st.dictionaries(
    st.sampled_from(["1-agree-2", "2-ship_back-3", "3", "3-agree:wrong_state", "25"]),
    st.integers(1, 9),
)
FLOW = st.fixed_dictionaries(
    dict.fromkeys(("states", "rows", "client_rows", "deadlines", "refused"), COUNTS)
)
DOCUMENTS = st.fixed_dictionaries(
    {
        "calls": st.integers(0, 3),
        "errors": COUNTS,
        "sub_codes": COUNTS,
        "msg_codes": COUNTS,
        "messages": COUNTS,
        "rulesets": st.dictionaries(st.sampled_from(["classic", "upgraded"]), FLOW),
    }
)
LAW = settings(derandomize=True, database=None, deadline=None)
NOTHING = {"calls": 0, "rulesets": {}}


def ruleset(**sections: dict[str, int]) -> dict:
    """A document of one call in the classic flow."""
    return {"calls": 1, "rulesets": {"classic": sections}}


@pytest.fixture
def suite() -> dict:
    """What a small suite in both flows has met."""
    sandbox = Sandbox()
    client = sandbox.client()
    for ruleset in ("classic", "upgraded"):
        exchange = sandbox.open(ruleset=ruleset)
        for _ in range(2):
            client.call("tmall.exchange.agree", dispute_id=exchange.dispute_id, address_id=10000002)
        sandbox.buyer.ship_back(exchange)
    sandbox.clock.advance("10d")
    return merge_coverage(sandbox.coverage())


@LAW
@given(DOCUMENTS, DOCUMENTS)
def test_the_order_of_merging_is_nothing(one: dict, other: dict) -> None:
    """Workers may be merged in any order."""
    assert merge_coverage(one, other) == merge_coverage(other, one)


@LAW
@given(st.lists(DOCUMENTS, max_size=4), st.integers(0, 4))
def test_the_grouping_of_merging_is_nothing(documents: list[dict], cut: int) -> None:
    """Merged by workers first, all at once, or one by one: the same."""
    whole = merge_coverage(*documents)
    assert (
        merge_coverage(merge_coverage(*documents[:cut]), merge_coverage(*documents[cut:])) == whole
    )
    assert reduce(merge_coverage, documents, merge_coverage()) == whole
    assert merge_coverage(whole, NOTHING) == merge_coverage(whole) == whole


@LAW
@given(st.lists(DOCUMENTS, max_size=4))
def test_nothing_is_lost_or_doubled(documents: list[dict]) -> None:
    """Every count of the whole is the sum of those of the sandboxes that a client called."""
    called = [document for document in documents if document["calls"]]
    merged = merge_coverage(*documents)

    for name in ("25", "3-agree:wrong_state"):
        assert merged.get("errors", {}).get(name, 0) == sum(
            document["errors"].get(name, 0) for document in called
        )
        assert merged["rulesets"].get("classic", {}).get("refused", {}).get(name, 0) == sum(
            document["rulesets"].get("classic", {}).get("refused", {}).get(name, 0)
            for document in called
        )


def test_a_sandbox_that_no_client_called_counts_for_nothing() -> None:
    """Moves that only a test itself played were met by no client."""
    sandbox = Sandbox()
    sandbox.seller.agree(sandbox.open())

    assert sandbox.coverage()["rulesets"]["classic"]["rows"]
    assert merge_coverage(sandbox.coverage()) == NOTHING
    sandbox.client().call("taobao.time.get")
    assert merge_coverage(sandbox.coverage())["rulesets"]["classic"]["rows"] == {
        "0-apply-1": 1,
        "1-agree-2": 1,
    }


def test_coverage_is_the_same_over_http() -> None:
    """A handle over HTTP gives the same document as one in process."""
    with Server() as server:
        documents = []
        for sandbox in (server.sandbox(), Sandbox()):
            exchange = sandbox.open()
            sandbox.client().call(
                "tmall.exchange.agree", dispute_id=exchange.dispute_id, address_id=10000002
            )
            documents.append(sandbox.coverage())

    assert documents[0] == documents[1]


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        {},
        {"calls": "1"},
        {"calls": True},
        {"calls": 1, "rulesets": []},
        {"calls": 1, "errors": {"25": "<b>"}},
        {"calls": 1, "errors": {"25": None}},
    ],
)
def test_what_is_no_coverage_document_is_refused(wrong: object) -> None:
    """A broken document is reported instead of counted."""
    with pytest.raises(ValueError, match=r"覆盖文档|GET S/coverage"):
        merge_coverage(wrong)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize(
    ("ruleset", "rows", "refused"), [("classic", 29, 52), ("upgraded", 31, 51)]
)
def test_the_whole_is_exact(ruleset: str, rows: int, refused: int) -> None:
    """29 or 31 moves, and apart from them messages of three parties in six states.

    Seven methods in nine states less where they are legal; a timer in each of the six open states,
    with two outcomes in the first.
    """
    wholes = {count.kind: len(count.reachable) for count in count_coverage(NOTHING, [ruleset])}

    assert wholes == {
        "rows": rows,
        "states": 9,
        "refused": refused,
        "deadlines": 7,
        "message_rows": 18,
    }


def test_only_flows_that_were_used_are_measured(suite: dict) -> None:
    """A suite of one flow is not blamed for the other.

    Without any, the classic flow is the whole.
    """
    assert {count.ruleset for count in count_coverage(ruleset(rows={"1-agree-2": 1}))} == {
        "classic"
    }
    assert {count.ruleset for count in count_coverage(suite)} == {"classic", "upgraded"}
    assert {count.ruleset for count in count_coverage(NOTHING)} == {"classic"}
    assert {count.ruleset for count in count_coverage(suite, ["upgraded"])} == {"upgraded"}


def test_a_suite_is_measured(suite: dict) -> None:
    """Application, agreement, return and a deadline are covered in both flows, and one refusal."""
    covered = {(count.ruleset.value, count.kind): count.covered for count in count_coverage(suite)}

    for ruleset in ("classic", "upgraded"):
        assert covered[ruleset, "rows"] == {
            "0-apply-1",
            "1-agree-2",
            "2-ship_back-3",
            "3-expire-14",
        }
        assert covered[ruleset, "states"] == {"1", "2", "3", "14"}
        assert covered[ruleset, "refused"] == {"2-agree"}
        assert covered[ruleset, "deadlines"] == {"3-expire-14"}
    assert row_percent(suite) == 13.3  # 8 of 60, messages apart


def test_a_refusal_for_want_of_stock_meets_no_illegal_move() -> None:
    """Agreeing is legal in the first state.

    A refusal there for another reason meets no state's refusal.
    """
    (refused,) = (
        count
        for count in count_coverage(ruleset(refused={"1-agree:no_stock": 1}))
        if count.kind == "refused"
    )

    assert refused.covered == frozenset()


def test_what_the_table_does_not_know_is_not_met() -> None:
    """A row of another release counts neither as met nor in the whole."""
    assert row_percent(ruleset(rows={"1-vanish-99": 5})) == 0.0


def test_only_all_is_100() -> None:
    """With one row missing the percentage is rounded down and the row is named.

    With it, it is 100.
    """
    names = [name.removeprefix("classic ") for name in list_missing_rows(NOTHING)]
    almost = ruleset(rows=dict.fromkeys(names[1:], 1))

    assert row_percent(almost) == 96.5  # 28 of 29
    assert list_missing_rows(almost) == ("classic 0-apply-1",)
    assert (
        row_percent(ruleset(rows=dict.fromkeys(names, 1))),
        list_missing_rows(ruleset(rows=dict.fromkeys(names, 1))),
    ) == (100.0, ())


def test_the_terminal_table_names_what_is_missing(suite: dict) -> None:
    """Both languages show aligned numbers, and the rows that are missing with who does what."""
    zh, en = format_text(suite), format_text(suite, "en")

    assert re.search(r"^经典换货流程 规则行 +4 +29 +13\.7$", zh, re.MULTILINE)
    assert re.search(r"^classic rows +4 +29 +13\.7$", en, re.MULTILINE)
    assert re.search(
        r"classic 12-consigngoods-13 +卖家发出换货商品：「待发出换货商品」→「待买家收货」", zh
    )
    assert re.search(r"upgraded 1-refuse-6 +seller: refuse the application, 1 → 6", en)
    assert "EXCHANGE_STATUS_ERROR ×2" in zh
    assert "1-agree-2" not in zh
    table = [line for line in zh.splitlines() if re.search(r"\d+\.\d$|%$", line)]
    assert (
        len({sum(2 if east_asian_width(sign) in "WF" else 1 for sign in line) for line in table})
        == 1
    )


def test_json_is_the_same_for_the_same_counts(suite: dict) -> None:
    """The order in which sandboxes were merged leaves no trace in the text.

    The numbers are those of the measures.
    """
    other = ruleset(rows={"2-cancel-4": 1})
    text = format_json(merge_coverage(suite, other))

    assert text == format_json(merge_coverage(other, suite))
    rows = json.loads(text)["rulesets"]["classic"]["rows"]
    assert (rows["met"], rows["all"], rows["percent"]) == (5, 29, 17.2)
    assert "13-expire-5" in rows["missing"]


class Reader(HTMLParser):
    """Reads a page strictly: every element is closed, every reference noted."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.dispute_ids: set[str] = set()
        self.references: list[str] = []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.dispute_ids.add(tag)
        self.references += [
            name
            for name, _ in attrs
            if name in ("src", "href", "xlink:href", "srcset", "data", "action")
        ]
        self.references += [name for name, _ in attrs if name.startswith("on")]
        if tag not in ("meta", "!doctype"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list) -> None:
        self.handle_starttag(tag, attrs)
        self.open.remove(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_needs_nothing_else(suite: dict, lang: str) -> None:
    """The page is whole, forbids scripts, refers to nothing, and its drawings are XML."""
    page = format_html(suite, lang)
    reader = Reader()
    reader.feed(page)
    reader.close()

    assert reader.open == []
    assert reader.references == []
    assert reader.dispute_ids.isdisjoint(
        {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    )
    assert "default-src 'none'" in page
    assert page.replace("http://www.w3.org/2000/svg", "").count("//") == 0
    assert not re.search(r"url\(|@import", page)
    drawings = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert [ElementTree.fromstring(drawing).attrib["aria-label"] for drawing in drawings] == [
        "classic",
        "upgraded",
    ]


def test_the_page_shows_every_row_and_what_was_met(suite: dict) -> None:
    """Each row stands in the table of its flow, marked; a line of the drawing counts its rows."""
    page = format_html(suite)

    assert page.count("<td>1-agree-2</td>") == 2
    assert re.search(
        r'<tr class="all"><td>✓</td><td>1-agree-2</td><td>[^<]*</td><td class="number">1</td>'
        r'<td class="number">1</td>',
        page,
    )
    assert re.search(r'<tr class="none"><td>✗</td><td>13-expire-5</td>', page)
    assert re.search(
        r'<g class="some"><title>[^<]*✓ 1-agree-2[^<]*✗ 1-expire-2[^<]*</title>.*?>1/2</text>', page
    )
    assert '<td class="all">✓ 1</td>' in page


@pytest.mark.parametrize(
    ("lang", "legend", "edge"),
    [
        ("zh", "一行也没有发生", "✗ 系统·超时处理 [满 2d，有库存]"),
        ("en", "none was", "✗ system · expire [after 2d, in stock]"),
    ],
)
def test_each_edge_says_who_and_under_which_condition(suite, lang, legend, edge) -> None:
    """A legend explains colours and signs; each row has its line on its arrow."""
    page = format_html(suite, lang)

    assert page.count(f'<b class="none">{legend}</b>') == 2
    assert page.count(f">{edge}</text>") == 2
    drawn = re.findall(r'<text class="row"', page)
    assert len(drawn) == 25 + 27  # rows of classic and upgraded that change the status


def test_messages_stand_apart_from_the_figure(suite: dict) -> None:
    """Messages are no part of the drawing and of the percentage; they have a table of their own."""
    messages = ruleset(rows={"1-leave_message-1:buyer": 3})
    with_messages = merge_coverage(suite, messages)
    page = format_html(with_messages)

    assert row_percent(with_messages) == row_percent(suite)
    assert "留言" not in "".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL))
    assert page.count("<h3>留言(不改变状态") == 2


def test_foreign_text_is_text(suite: dict) -> None:
    """Codes that a user's rules spell as markup stand as text."""
    page = format_html(
        merge_coverage(suite, {**ruleset(), "msg_codes": {"<script>alert(1)</script>&\"'": 1}})
    )

    assert "<script" not in page
    assert "&lt;script&gt;" in page
