"""How exchanges and messages look on the wire."""

import json
from datetime import datetime, timedelta, timezone

import msgspec
import pytest

from mockserver.api.records import (
    RecordKind,
    RecordView,
    build_exchange_record,
    build_message_record,
    select_exchange_fields,
)
from mockserver.domain.exchange import Exchange, Message
from mockserver.domain.rules import DEFAULTS
from mockserver.domain.vocabulary import CsStatus, Phase, Role, Ruleset, Status
from mockserver.protocol.shapes import Items
from tests.oracle import STATUS_TEXTS

BEIJING = timezone(timedelta(hours=8))
APPLIED = datetime(2026, 3, 1, 10, 0, 0, tzinfo=BEIJING)
VIEW = RecordView(rules=DEFAULTS, aged=timedelta(0), base_url="http://mock:8420", sandbox="default")
WHITELIST = [
    "dispute_id",
    "bizorder_id",
    "num",
    "buyer_nick",
    "status",
    "created",
    "modified",
    "reason",
    "title",
    "buyer_logistic_no",
    "seller_logistic_no",
    "bought_sku",
    "exchange_sku",
    "buyer_address",
    "address",
    "buyer_phone",
    "buyer_logistic_name",
    "seller_logistic_name",
    "alipay_no",
    "buyer_name",
    "seller_nick",
]
ISV_EXTRAS = ["refund_version", "refund_phase", "good_status", "price", "time_out", "desc"]


@pytest.fixture(scope="module")
def make_exchange():
    """Makes an exchange at a status, with everything that a reply can show."""

    def make(status: int = 3, **fields) -> Exchange:
        values = {
            "dispute_id": 200000000000000001,
            "shop": "测试旗舰店",
            "ruleset": Ruleset.CLASSIC,
            "status": Status(status),
            "created": APPLIED,
            "modified": APPLIED + timedelta(days=1),
            "entered": APPLIED + timedelta(days=1),
            "tid": 300000000000000001,
            "oid": 300000000000000002,
            "bought_sku": "4001",
            "exchange_sku": "4002",
            "num": 2,
            "title": "球衣",
            "price": 12305,
            "payment": 5,
            "reason": "7天无理由换货",
            "desc": "尺码不合适",
            "buyer_nick": "卡卡",
            "buyer_open_uid": "AXADSSDSDD",
            "buyer_name": "李四",
            "buyer_phone": "10000000001",
            "buyer_address": "浙江省^^^杭州市^^^西湖区^^^转塘街道",
            "oaid": "oaid1",
            "address": "退货地址",
            "buyer_logistic_name": "圆通速递",
            "buyer_logistic_no": "YT1",
            "seller_logistic_name": "顺丰快递",
            "seller_logistic_no": "SF1",
            "operation_contraint": "cannot_refuse",
        }
        return Exchange(**{**values, **fields})

    return make


@pytest.fixture(scope="module")
def make_message():
    """Makes a message of the seller."""

    def make(**fields) -> Message:
        values = {
            "number": 1000001,
            "dispute_id": 200000000000000001,
            "role": Role.SELLER_MAIN,
            "owner_id": 2200000001,
            "owner_nick": "测试旗舰店",
            "open_uid": "AX1",
            "content": "您好",
            "created": APPLIED,
            "human": True,
        }
        return Message(**{**values, **fields})

    return make


@pytest.mark.parametrize(
    ("where", "count"), [(RecordKind.GET, 33), (RecordKind.LIST, 28), (RecordKind.WRITE, 4)]
)
def test_how_many_fields_stand_where(reference, where, count):
    """Replies of get, list and writes carry the fields that the reference flags.

    Of these the pages document 33, 28 and 4.
    """
    flag = {RecordKind.GET: "get", RecordKind.LIST: "list", RecordKind.WRITE: "write_result"}[where]
    flagged = {
        name: entry
        for name, entry in reference["objects"]["Exchange"]["fields"].items()
        if entry[flag]
    }

    assert {field.name: field.kind.value for field in select_exchange_fields(where)} == {
        name: entry["type"] for name, entry in flagged.items()
    }
    assert [entry["confidence"] for entry in flagged.values()].count("DOCUMENTED") == count


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dispute_id", {"dispute_id": "200000000000000001"}),
        ("bizorder_id", {"biz_order_id": "300000000000000002"}),
        ("biz_order_id", {"biz_order_id": "300000000000000002"}),
        ("alipay_no", {"alipay_no": "300000000000000001"}),
        ("status", {"status": "买家已退货，待收货"}),
        ("created", {"created": "2026-03-01 10:00:00"}),
        ("modified", {"modified": "2026-03-02 10:00:00"}),
        ("time_out", {"time_out": "2026-03-12 10:00:00"}),
        ("num", {"num": 2}),
        ("price", {"price": "123.05"}),
        ("bought_sku", {"bought_sku": "4001"}),
        ("seller_nick", {"seller_nick": "测试旗舰店"}),
        ("buyer_address", {"buyer_address": "浙江省^^^杭州市^^^西湖区^^^转塘街道"}),
        ("refund_version", {"refund_version": 1772416800000}),
        ("refund_phase", {"refund_phase": "aftersale"}),
        ("good_status", {"good_status": "BUYER_RECEIVED"}),
        ("cs_status", {"cs_status": 1}),
        ("advance_status", {"advance_status": 0}),
        ("operation_contraint", {"operation_contraint": "cannot_refuse"}),
        ("payment", {}),
        ("new_bought_sku", {}),
        ("operation_constraint", {}),
        ("no_such_field", {}),
        ("", {}),
    ],
)
def test_a_field_of_get(make_exchange, name, value):
    """Ids are texts, the status is its Chinese text, times are Beijing's.

    What get lacks is ignored.
    """
    assert build_exchange_record(make_exchange(), [name], RecordKind.GET, VIEW) == value


def test_the_whitelist_is_answered_in_full(make_exchange):
    """All 21 names, and those that integrators ask for beside it, are given."""
    record = build_exchange_record(make_exchange(), [*WHITELIST, *ISV_EXTRAS], RecordKind.GET, VIEW)

    assert set(record) == {*(set(WHITELIST) - {"bizorder_id"}), "biz_order_id", *ISV_EXTRAS}


@pytest.mark.parametrize(
    "name",
    [
        "desc",
        "refund_phase",
        "refund_version",
        "cs_status",
        "advance_status",
        "operation_contraint",
    ],
)
def test_the_list_lacks_six_fields(make_exchange, name):
    """Integrators call get for each row since the list does not carry them."""
    assert build_exchange_record(make_exchange(), [name, "dispute_id"], RecordKind.LIST, VIEW) == {
        "dispute_id": "200000000000000001"
    }


def test_only_the_list_has_the_payment(make_exchange):
    """支付费用 stands in receive.get alone."""
    assert build_exchange_record(make_exchange(), ["payment"], RecordKind.LIST, VIEW) == {
        "payment": "0.05"
    }


@pytest.mark.parametrize("where", [RecordKind.GET, RecordKind.LIST, RecordKind.WRITE])
def test_nothing_unasked_is_given(make_exchange, where):
    """The record holds what was asked for, once, both names of the order id counting as one."""
    record = build_exchange_record(
        make_exchange(), ["status", "bizorder_id", "biz_order_id", "status"], where, VIEW
    )

    assert record == {"status": "买家已退货，待收货", "biz_order_id": "300000000000000002"}


@pytest.mark.parametrize(("status", "text"), STATUS_TEXTS.items())
def test_the_status_is_a_text(make_exchange, status, text):
    """Clients switch on these texts."""
    assert build_exchange_record(make_exchange(status), ["status"], RecordKind.WRITE, VIEW) == {
        "status": text
    }


def test_the_text_of_14_can_be_switched(make_exchange):
    """The other text that an integrator handles comes by switch."""
    rules = DEFAULTS.with_changes({"text.14": "换货单关闭,请退款"})

    record = build_exchange_record(
        make_exchange(14),
        ["status"],
        RecordKind.GET,
        RecordView(rules, timedelta(0), "", "default"),
    )

    assert record == {"status": "换货单关闭,请退款"}


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (4, {}),
        (5, {}),
        (14, {}),
        (6, {"cs_status": CsStatus.ASKED}),
        (6, {"cs_status": CsStatus.STEPPED_IN}),
    ],
)
def test_no_deadline_is_no_field(make_exchange, status, fields):
    """Where nothing will expire, `time_out` is absent."""
    assert (
        build_exchange_record(make_exchange(status, **fields), ["time_out"], RecordKind.GET, VIEW)
        == {}
    )


@pytest.mark.parametrize(
    "name",
    [
        "buyer_logistic_no",
        "buyer_logistic_name",
        "seller_logistic_no",
        "seller_logistic_name",
        "address",
        "oaid",
        "desc",
    ],
)
def test_an_empty_text_is_absent(make_exchange, name):
    """What is not there yet has no member."""
    assert build_exchange_record(make_exchange(1, **{name: ""}), [name], RecordKind.GET, VIEW) == {}


@pytest.mark.parametrize("where", [RecordKind.GET, RecordKind.LIST])
def test_the_upgraded_flow_is_marked(make_exchange, where):
    """`attributes` is JSON text with newExchangeRepair "1"."""
    record = build_exchange_record(
        make_exchange(ruleset=Ruleset.UPGRADED), ["attributes"], where, VIEW
    )

    assert json.loads(record["attributes"])["newExchangeRepair"] == "1"


def test_the_classic_flow_is_not_marked(make_exchange):
    """A classic exchange never shows the mark."""
    assert "newExchangeRepair" not in str(
        build_exchange_record(make_exchange(), ["attributes"], RecordKind.GET, VIEW)
    )


def test_the_phase_is_onsale_or_aftersale(make_exchange):
    """售中 shows as `onsale`."""
    assert build_exchange_record(
        make_exchange(phase=Phase.ONSALE), ["refund_phase"], RecordKind.GET, VIEW
    ) == {"refund_phase": "onsale"}


def test_ageing_shifts_every_recorded_time(make_exchange):
    """Seen through an aged clock all instants are older, the version with them."""
    aged = RecordView(DEFAULTS, timedelta(days=1), "", "default")

    record = build_exchange_record(
        make_exchange(), ["created", "modified", "time_out", "refund_version"], RecordKind.GET, aged
    )

    assert record == {
        "created": "2026-02-28 10:00:00",
        "modified": "2026-03-01 10:00:00",
        "time_out": "2026-03-11 10:00:00",
        "refund_version": 1772330400000,
    }


@pytest.mark.parametrize(
    ("role", "text"),
    [(1, "卖家主账户"), (2, "卖家子账户"), (3, "小二"), (4, "买家"), (5, "系统"), (6, "系统超时")],
)
def test_a_role_is_shown_by_its_chinese_name(make_message, role, text):
    """owner_role carries the word, not the number."""
    assert build_message_record(
        make_message(role=Role(role)), ["owner_role"], RecordKind.MESSAGE_LISTED, VIEW
    ) == {"owner_role": text}


@pytest.mark.parametrize(("human", "code"), [(True, "100"), (False, "111")])
def test_message_types(make_message, human, code):
    """A person's words are 100, the system's 111, as text."""
    assert build_message_record(
        make_message(human=human), ["message_type"], RecordKind.MESSAGE_LISTED, VIEW
    ) == {"message_type": code}


@pytest.mark.parametrize("role", range(1, 7))
def test_a_role_is_a_number_by_rule(make_message, role):
    """With `owner_role: number` it is the number of `operator_roles`, as text."""
    view = msgspec.structs.replace(VIEW, rules=DEFAULTS.with_changes({"owner_role": "number"}))

    assert build_message_record(
        make_message(role=Role(role)), ["owner_role"], RecordKind.MESSAGE_LISTED, view
    ) == {"owner_role": str(role)}


@pytest.mark.parametrize(("human", "text"), [(True, "0"), (False, "系统")])
def test_message_types_by_rule(make_message, human, text):
    """Each author's type is the text of its rule."""
    rules = DEFAULTS.with_changes({"message_type.human": "0", "message_type.system": "系统"})
    view = msgspec.structs.replace(VIEW, rules=rules)

    assert build_message_record(
        make_message(human=human), ["message_type"], RecordKind.MESSAGE_LISTED, view
    ) == {"message_type": text}


def test_a_message_in_full(make_message):
    """Ids are numbers, refund_id is the exchange's, pictures stand in `pic_urls.pic_url[].url`."""
    names = ["id", "refund_id", "owner_id", "owner_nick", "content", "pic_urls", "created"]

    record = build_message_record(
        make_message(pictures=("a.png", "http://given/b.png")),
        names,
        RecordKind.MESSAGE_ADDED,
        VIEW,
    )

    pictures = record.pop("pic_urls")
    assert record == {
        "id": 1000001,
        "refund_id": 200000000000000001,
        "owner_id": 2200000001,
        "owner_nick": "测试旗舰店",
        "content": "您好",
        "created": "2026-03-01 10:00:00",
    }
    assert isinstance(pictures, Items)
    assert pictures.name == "pic_url"
    assert pictures.values[0]["url"].startswith("http://mock:8420/")
    assert pictures.values[1] == {"url": "http://given/b.png"}


@pytest.mark.parametrize(
    ("where", "open_uid"),
    [(RecordKind.MESSAGE_ADDED, {}), (RecordKind.MESSAGE_LISTED, {"open_uid": "AX1"})],
)
def test_open_uid_stands_in_the_list_only(make_message, where, open_uid):
    """messages.get carries it, message.add does not; without pictures there is no `pic_urls`."""
    assert build_message_record(make_message(), ["open_uid", "pic_urls"], where, VIEW) == open_uid
