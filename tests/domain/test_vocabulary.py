"""The wire codes and Chinese words of an exchange, as the API pages and the guide spell them."""

import pytest

from mockserver.domain.vocabulary import Actor, CsStatus, GoodStatus, Phase, Role, Ruleset, Status


def test_statuses():
    """Nine statuses with their texts; the comma of status 3 is full-width, and there is no 11."""
    assert {status.value: status.zh for status in Status} == {
        1: "换货待处理",
        2: "待买家退货",
        3: "买家已退货，待收货",
        4: "换货关闭",
        5: "换货成功",
        6: "待买家修改",
        12: "待发出换货商品",
        13: "待买家收货",
        14: "请退款",
    }


def test_operator_roles():
    """Roles count from the seller's main account to the system's timeout."""
    assert {role.value: role.zh for role in Role} == {
        1: "卖家主账户",
        2: "卖家子账户",
        3: "小二",
        4: "买家",
        5: "系统",
        6: "系统超时",
    }


@pytest.mark.parametrize(
    ("role", "actor"),
    [(1, "seller"), (2, "seller"), (3, "cs"), (4, "buyer"), (5, "system"), (6, "system")],
)
def test_a_role_acts_for_a_party(role, actor):
    """Main and sub-account are the seller, a timeout is the system."""
    assert Role(role).actor is Actor(actor)


def test_customer_service_statuses():
    """The eleven numbers of the sibling refund API."""
    assert {status.value: status.zh for status in CsStatus} == {
        1: "不需客服介入",
        2: "需要客服介入",
        3: "客服已经介入",
        4: "客服初审完成",
        5: "客服主管复审失败",
        6: "客服处理完成",
        7: "维权撤销",
        8: "支持买家",
        9: "支持卖家",
        10: "举证中",
        11: "开放申诉",
    }


def test_phases_and_good_statuses():
    """售中 1 and 售后 2; goods received, not received, returned."""
    assert {phase.value: phase.zh for phase in Phase} == {1: "售中换货", 2: "售后换货"}
    assert set(GoodStatus) == {"BUYER_NOT_RECEIVED", "BUYER_RECEIVED", "BUYER_RETURNED_GOODS"}


def test_rulesets():
    """Two named choices: the guide's flow and the one of 2023."""
    assert set(Ruleset) == {"classic", "upgraded"}
