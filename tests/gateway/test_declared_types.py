"""Every reply of every method decodes into its declared types, in all three forms."""

import json
import re
from xml.etree import ElementTree

import msgspec
import pytest

from mockserver.api.methods import METHODS
from mockserver.protocol.shapes import ValueKind

DISPUTE, TRADE, ORDER = 880000000000000042, 2839475610293847561, 2839475610293847562
REFUND = 980000000000000042
REFUND_WRITES = {
    "taobao.rp.refund.review",
    "taobao.rp.refunds.agree",
    "taobao.refund.refuse",
    "taobao.refund.message.add",
}
# what is unknown is a platform error, not an empty reply
REFUSED_WITHOUT_RECORD = REFUND_WRITES | {
    "taobao.trade.fullinfo.get",
    "taobao.logistics.trace.search",
    "taobao.logistics.offline.send",
    "taobao.logistics.consign.resend",
    "taobao.top.auth.token.create",
    "taobao.top.auth.token.refresh",
    "taobao.refund.get",
    "taobao.refund.messages.get",
    "taobao.refund.refusereason.get",
}
TESTED_ELSEWHERE = {"taobao.refund.message.add"}  # with a file, in test_refund_writes.py
SHIPMENTS = {
    "taobao.logistics.offline.send": 3571000000000000011,  # waits to be shipped
    "taobao.logistics.consign.resend": 3571000000000000021,  # is on its way
}
TOKENS = {"taobao.top.auth.token.create": "code", "taobao.top.auth.token.refresh": "refresh_token"}
PERSONAL_ARGUMENTS = {
    "dispute_id": DISPUTE,
    "seller_refuse_reason_id": 0,
    "address_id": 0,
    "logistics_no": "SF1234567890",
    "logistics_type": 200,
    "logistics_company_name": "顺丰速运",
    "content": "好的",
    "tid": TRADE,
    "refund_phase": "aftersale",
    "operator": "小王",
    "message": "同意",
    "result": "true",
    "refuse_message": "影响二次销售",
    "start_modified": "2026-02-28 12:00:00",
    "end_modified": "2026-03-01 12:00:00",
}
STATUS_BEFORE = {
    "tmall.exchange.returngoods.agree": 3,
    "tmall.exchange.returngoods.refuse": 3,
    "tmall.exchange.consigngoods": 12,
    "tmall.exchange.confirm.consign": 3,
    "tmall.exchange.get": 13,
    "tmall.exchange.receive.get": 13,
    **dict.fromkeys(REFUND_WRITES, 14),
}
SCALARS = {
    ValueKind.NUMBER: int,
    ValueKind.BOOLEAN: bool,
    ValueKind.STRING: str,
    ValueKind.PRICE: str,
    ValueKind.DATE: str,
}
CHANNEL_ARGUMENTS = {
    "taobao.tmc.user.cancel": {"nick": ""},
    "taobao.tmc.user.get": {"nick": ""},
    "taobao.tmc.queue.get": {"group_name": "default"},
    "taobao.tmc.group.add": {"group_name": "mine", "nicks": ""},
    "taobao.tmc.group.delete": {"group_name": "made"},
    "taobao.tmc.topic.group.add": {"group_name": "mine", "topics": "taobao_dispute_ExchangeAgree"},
    "taobao.tmc.topic.group.delete": {"group_name": "made", "topics": "a"},
    "taobao.tmc.messages.confirm": {"s_message_ids": "1"},
    "taobao.tmc.message.produce": {"topic": "a", "content": "{}"},
    "taobao.tmc.messages.produce": {"messages": '[{"topic": "a", "content": "{}"}]'},
}
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


def make_type(fields, *, form, root=False):
    """A class of the declared fields that takes no other; lists are wrapped unless simplified."""
    members = [(field.name, make_member(field, form), msgspec.UNSET) for field in fields]
    if root:
        members.append(("request_id", str, msgspec.UNSET))
    return msgspec.defstruct("Reply", members, forbid_unknown_fields=True)


def make_member(field, form):
    """The type of one field, which may be absent."""
    if field.kind is ValueKind.STRINGS:
        kind = list[str] if form == "simplify" else make_wrapped(str, field.item)
    elif field.kind is not ValueKind.OBJECT:
        kind = SCALARS[field.kind]
    elif not field.item:
        kind = make_type(field.of, form=form)
    elif form == "simplify":
        kind = list[make_type(field.of, form=form)]
    else:
        kind = make_wrapped(make_type(field.of, form=form), field.item)
    return kind | msgspec.UnsetType


def make_wrapped(row, item):
    """The type of a list of `row` below its element name."""
    return msgspec.defstruct("Rows", [(item, list[row], msgspec.UNSET)], forbid_unknown_fields=True)


def read_xml(element, fields):
    """An element as plain values: texts, objects, lists of the declared element name."""
    by_name = {field.name: field for field in fields}
    values = {}
    for child in element:
        field = by_name.get(child.tag)
        if field is not None and field.kind is ValueKind.STRINGS:
            values[child.tag] = {field.item: [row.text or "" for row in child]}
        elif field is None or field.kind is not ValueKind.OBJECT:
            values[child.tag] = child.text or ""
        elif field.item:
            values[child.tag] = {field.item: [read_xml(row, field.of) for row in child]}
        else:
            values[child.tag] = read_xml(child, field.of)
    return values


def read_dates(fields, values):
    """Every date of a reply, for its form."""
    for field in fields:
        value = values.get(field.name)
        if value is None:
            continue
        if field.kind is ValueKind.DATE:
            yield value
        rows = [value] if isinstance(value, dict) else []
        if field.item and rows:
            rows = value[field.item]
        for row in rows:
            yield from read_dates(field.of, row)


def assert_alphabetical(value, *, root=False):
    """Names stand alphabetically in each object, request_id last in the outermost."""
    if isinstance(value, dict):
        names = [name for name in value if not (root and name == "request_id")]
        assert names == sorted(names)
        assert not root or list(value)[-1] == "request_id"
        for member in value.values():
            assert_alphabetical(member)
    for row in value if isinstance(value, list) else ():
        assert_alphabetical(row)


@pytest.fixture
def world(make_world):
    """A sandbox with a trade that waits to be shipped, and one that is on its way."""
    statuses = ("WAIT_SELLER_SEND_GOODS", "WAIT_BUYER_CONFIRM_GOODS")
    return make_world(
        rules={"session_refresh": True},
        trades=[
            {"tid": tid, "status": status}
            for tid, status in zip(SHIPMENTS.values(), statuses, strict=True)
        ],
    )


def issue(world, name):
    """A fresh code, or a fresh refresh token."""
    app = next(iter(world.view.apps()))
    with world.unit_of_work() as work:
        code = work.authorize(app, "main", redirect_uri="http://localhost/", anew=False)
        return code if name == "code" else json.loads(work.exchange_code(app, code))[name]


@pytest.fixture
def arguments(world):
    """Opens the exchange that a method needs, and gives the arguments that the method takes."""

    def prepare(method, *, exists=True):
        ruleset = "upgraded" if method.name == "tmall.exchange.confirm.consign" else "classic"
        status = STATUS_BEFORE.get(method.name, 1)
        if exists:
            world.open(
                {
                    "dispute_id": DISPUTE,
                    "status": status,
                    "ruleset": ruleset,
                    "tid": TRADE,
                    "oid": ORDER,
                    "desc": "偏小",
                    "operation_contraint": "cannot_refuse",
                    "attributes": "{}",
                    "buyer_phone": "10000002001",
                }
            )
        reason_list = "receipt" if status == 3 else "application"
        reason = next(reason for reason in world.view.reasons if reason.stage == reason_list)
        shop = next(iter(world._state.shops.values()))
        shop_goods = next(iter(world._state.goods.values()))
        values_by_name = {
            **PERSONAL_ARGUMENTS,
            "seller_refuse_reason_id": reason.reason_id,
            "address_id": shop.addresses[0].contact_id,
            "sku_id": shop_goods.sku_id,
            "num_iid": shop_goods.num_iid,
            "refund_id": DISPUTE,
        }
        if method.name in REFUND_WRITES:
            values_by_name |= {"refund_id": REFUND, "refund_version": 1772330400000}
            values_by_name["refund_infos"] = f"{REFUND}|1|1772330400000|aftersale"
        if method.name in SHIPMENTS:
            values_by_name |= {"tid": SHIPMENTS[method.name], "out_sid": "SF1"}
            values_by_name["company_code"] = "SF"
        if method.name in TOKENS:
            return {TOKENS[method.name]: issue(world, TOKENS[method.name])}
        if method.name.endswith("sku.get"):
            values_by_name["num_iid"] = shop_goods.num_iid
        needed = {
            param.name: values_by_name[param.name]
            for param in method.params
            if param.name in values_by_name
        }
        if any(param.name == "fields" for param in method.params):
            needed["fields"] = method.all_fields
        channel = CHANNEL_ARGUMENTS.get(method.name, {})
        if channel.get("group_name") == "made":
            with world.unit_of_work() as work:
                work.channel.extend_group(next(iter(world._state.apps)), "made")
        nick = next(iter(world._state.shops))
        return {
            **needed,
            **{name: nick if name in ("nick", "nicks") else text for name, text in channel.items()},
        }

    return prepare


@pytest.mark.parametrize("form", ["json", "simplify", "xml"])
@pytest.mark.parametrize(
    ("method", "exists"),
    [
        pytest.param(method, exists, id=f"{method.name}-{'found' if exists else 'nothing'}")
        for method in METHODS.values()
        for exists in (True, False)
        if (exists or method.name not in REFUSED_WITHOUT_RECORD)
        and method.name not in TESTED_ELSEWHERE
    ],
)
def test_a_reply_has_the_declared_types(top, arguments, method, form, exists):
    """Numbers and texts have their types, lists their element name; no name is unknown."""
    options = {"format": "xml"} if form == "xml" else {"simplify": "true"} if form != "json" else {}
    if method.name == "taobao.rp.refunds.agree":
        options["session"] = top.sub_session
    params = top.params(method.name, **arguments(method, exists=exists), **options)
    text = top.send(params).body.decode()

    if form == "xml":
        element = ElementTree.fromstring(text)
        assert element.tag == method.wrapper
        values = read_xml(element, method.reply)
    else:
        values = json.loads(text)
        values = values if form == "simplify" else values[method.wrapper]
    assert_alphabetical(values, root=True)
    msgspec.convert(values, make_type(method.reply, form=form, root=True), strict=form != "xml")
    if form != "simplify":
        assert all(TIME.fullmatch(date) for date in read_dates(method.reply, values))
    if exists and method.failure == "msg_code" and form != "xml":
        assert values["result"]["success"] is True
