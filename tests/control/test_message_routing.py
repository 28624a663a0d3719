"""`S/subscriptions`: what each app gets about each shop, and what cannot be."""

import pytest

from mockserver import Sandbox
from mockserver.client.control_client import ControlRefused

AGREED = "taobao_dispute_ExchangeAgree"


@pytest.fixture
def box():
    """A sandbox of two shops."""
    return Sandbox(shops=[{"nick": "春日小店"}, {"nick": "秋叶小店"}])


def test_at_first_an_app_gets_everything(box):
    """One item for each app and shop; null is all topics."""
    items = box._ask("GET", "subscriptions")["items"]

    assert [item["shop"] for item in items] == ["春日小店", "秋叶小店"]
    assert {(item["topics"], item["valid"], item["group"]) for item in items} == {
        (None, True, "default")
    }


def test_put_sets_all(box):
    """What is named is set, the rest is as at first; messages follow."""
    box._ask("PUT", "subscriptions", [{"shop": "春日小店", "topics": [AGREED]}])
    one, other = box.open(shop="春日小店"), box.open(shop="秋叶小店")
    assert box.messages.of(one.dispute_id) == []
    assert len(box.messages.of(other.dispute_id)) == 1

    changed = box._ask("PUT", "subscriptions", [{"shop": "秋叶小店", "valid": False}])

    assert [(item["topics"], item["valid"]) for item in changed["items"]] == [
        (None, True),
        (None, False),
    ]


def test_a_permit_is_seen(box):
    """What `tmc.user.permit` replaced stands in the list."""
    box.client().call("taobao.tmc.user.permit", topics=AGREED)

    assert box._ask("GET", "subscriptions")["items"][0]["topics"] == [AGREED]


@pytest.mark.parametrize(
    ("body", "meant"),
    [
        ([{"shop": "春日"}], "春日小店"),
        ([{"app_key": "1"}], "app_key"),
        ([{"topics": ["taobao_dispute_ExchangeAgre"]}], AGREED),
        ([{"topics": AGREED}], "topics"),
        ([{"topics": [AGREED] * 101}], "topics"),
        ([{"valid": "yes"}], "valid"),
        ([{"nick": "x"}], "nick"),
        ({"shop": "春日小店"}, "subscriptions|列表|array"),
    ],
)
def test_what_cannot_be_a_subscription(box, body, meant):
    """The refusal names the place and what there is; nothing has changed."""
    if body == [{"topics": [AGREED] * 101}]:
        body = [{"topics": [f"taobao_dispute_{n}" for n in range(101)]}]
    before = box._ask("GET", "subscriptions")
    with pytest.raises(ControlRefused, match=meant):
        box._ask("PUT", "subscriptions", body)
    assert box._ask("GET", "subscriptions") == before
