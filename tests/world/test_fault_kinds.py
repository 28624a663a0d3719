"""The declared faults: names, words in both languages, evidence, options within bounds."""

from datetime import timedelta

import pytest

from mockserver.api.methods import METHODS
from mockserver.reference.articles import explain
from mockserver.world.faults.fault_kinds import FAULTS
from mockserver.world.faults.fault_sets import SETS
from mockserver.world.faults.fault_types import Calls

PROMISED = {  # docs/faults.md
    "platform_error",
    "business_failure",
    "limited",
    "latency",
    "slow_body",
    "reset",
    "empty_reply",
    "truncated",
    "garbled",
    "wrong_content_type",
    "gateway_5xx",
    "reply_lost",
    "refused_reply_lost",
    "duplicate_delivery",
    "stale_read",
    "session_expired",
    "same_second",
    "moving_rows",
    "exclusive_end",
    "late_rows",
    "clock_skew",
    "message_lost",
    "message_late",
    "message_overtaken",
    "message_twice",
}
LOST = {
    "reset",
    "empty_reply",
    "truncated",
    "garbled",
    "gateway_5xx",
    "reply_lost",
    "refused_reply_lost",
    "duplicate_delivery",
}


def test_the_promised_names():
    """Every promised fault is there, and both sets."""
    assert set(FAULTS) == PROMISED
    assert set(SETS) == {"bad_day", "double_eleven"}


@pytest.mark.parametrize("name", sorted(PROMISED | {"bad_day", "double_eleven"}))
def test_explained_in_both_languages(name):
    """`explain` knows each by its name, in Chinese and English, with its evidence."""
    (article,) = explain(name)
    assert any("一" <= letter <= "鿿" for letter in article.zh)
    assert not any("一" <= letter <= "鿿" for letter in article.en.partition("\n")[0])
    if name in FAULTS:
        assert "依据：" in article.zh and "evidence: " in article.en
        assert all(
            option.name in article.zh and option.name in article.en
            for option in FAULTS[name].options
        )


def test_explained_by_their_chinese_names():
    """A set is found by its Chinese name too."""
    assert [article.id for name in ("坏日子", "双十一") for article in explain(name)] == [
        "bad_day",
        "double_eleven",
    ]


def test_which_lose_the_reply():
    """The faults after which a caller cannot know what the journal shows are marked."""
    assert {name for name, kind in FAULTS.items() if kind.loses} == LOST


@pytest.mark.parametrize("kind", FAULTS.values(), ids=lambda kind: kind.name)
def test_options_fit_their_bounds(kind):
    """Every option has words, a valid default, and no name of a matcher."""
    for option in kind.options:
        assert option.zh and option.en
        assert option.name not in {
            "fault",
            "set",
            "id",
            "method",
            "dispute_id",
            "session",
            "after",
            "times",
            "probability",
            "until",
            "met",
            "hits",
            "left",
        }
        value = (
            option.default.total_seconds()
            if isinstance(option.default, timedelta)
            else option.default
        )
        if option.among:
            assert value in option.among
        elif isinstance(value, str):
            assert len(value) <= option.most
        elif not isinstance(value, bool):
            assert option.least <= value <= option.most


WITHOUT_SESSION = {
    "taobao.httpdns.get",
    "taobao.item.sku.get",  # optional
    "taobao.logistics.companies.get",
    "taobao.time.get",
    "taobao.top.auth.token.create",
    "taobao.top.auth.token.refresh",
}


@pytest.mark.parametrize(
    ("calls", "methods"),
    [
        (
            Calls.SESSIONS,
            {name for name in METHODS if name not in WITHOUT_SESSION and ".tmc." not in name}
            | {"taobao.tmc.user.permit"},
        ),
        (
            Calls.FAILING,
            {name for name in METHODS if name.startswith("tmall.exchange.")}
            - {"tmall.exchange.receive.get"},
        ),
        (Calls.LISTS, {"tmall.exchange.receive.get"}),
        (Calls.PAGES, {"tmall.exchange.receive.get"}),
        (Calls.ALL, set(METHODS)),
    ],
)
def test_which_methods_can_be_met(calls, methods):
    """Sessions, failures and lists as the rules have them.

    The list has no business failure; carriers, time and the messages of an app have no session.
    """
    assert {name for name, method in METHODS.items() if calls.include(method)} == methods
    assert calls.include(None) is (calls is Calls.ALL)


@pytest.mark.parametrize(
    ("calls", "arguments", "is_struck"),
    [
        (Calls.PAGES, {"page_no": 1}, False),
        (Calls.PAGES, {"page_no": 2}, True),
        (Calls.WINDOWS, {}, False),
        (Calls.WINDOWS, {"end_gmt_modifed_time": 1}, True),
        (Calls.WINDOWS, {"end_created_time": 1}, True),
        (Calls.LISTS, {"page_no": 1}, True),
    ],
)
def test_which_lists_can_be_met(calls, arguments, is_struck):
    """A fault of later pages waits for one, a fault of windows' ends for a window that has one."""
    assert calls.include(METHODS["tmall.exchange.receive.get"], arguments) is is_struck
