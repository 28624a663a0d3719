"""The related methods against the API reference and the types that the rules settle."""

import pytest

from mockserver.api.methods import METHODS, PERSONAL_NAMES
from mockserver.protocol.shapes import ValueKind

NEIGHBOURS = {
    "taobao.logistics.address.search": True,
    "taobao.logistics.companies.get": False,
    "taobao.trade.fullinfo.get": True,
    "taobao.time.get": False,
    "taobao.refunds.receive.get": True,
    "taobao.refund.get": True,
    "taobao.refund.messages.get": True,
    "taobao.refund.refusereason.get": True,
    "tmall.dispute.receive.get": True,
    "taobao.rp.refund.review": True,
    "taobao.rp.refunds.agree": True,
    "taobao.refund.refuse": True,
    "taobao.refund.message.add": True,
    "taobao.trades.sold.get": True,
    "taobao.trades.sold.increment.get": True,
    "taobao.user.seller.get": True,
    "taobao.item.sku.get": False,
    "taobao.item.seller.get": True,
    "taobao.logistics.orders.get": True,
    "taobao.logistics.trace.search": True,
    "taobao.logistics.offline.send": True,
    "taobao.logistics.consign.resend": True,
}
BESIDE = {  # messages and sessions: declared elsewhere, on the same pages
    "taobao.tmc.user.permit": True,
    "taobao.tmc.messages.consume": False,
    "taobao.tmc.messages.confirm": False,
    "taobao.tmc.user.get": False,
    "taobao.tmc.group.add": False,
    "taobao.top.auth.token.create": False,
    "taobao.top.auth.token.refresh": False,
}
NOT_SERVED = {  # what these are about no sandbox has: goods returned for a refund, warehouses, ...
    "taobao.rp.returngoods.agree",
    "taobao.rp.returngoods.refuse",
    "taobao.rdc.aligenius.sendgoods.cancel",
    "taobao.rdc.aligenius.refunds.check",
    "taobao.nextone.logistics.warehouse.update",
    "taobao.rdc.aligenius.warehouse.reverse.event.update",
    "taobao.top.oaid.decrypt",
    "taobao.qimen.returnorder.create",
    "taobao.qimen.returnorder.confirm",
}
WITHOUT_PAGE = {"taobao.httpdns.get"}  # not among the neighbours: read by cluster clients only
TYPES = {
    "taobao.logistics.address.search": {
        "contact_id": "Number",
        "area_id": "Number",
        "send_def": "Boolean",
        "get_def": "Boolean",
        "cancel_def": "Boolean",
        "modify_date": "Date",
    },
    "taobao.logistics.companies.get": {"id": "Number"},
}
LISTED = {
    "taobao.logistics.address.search": ("addresses", "address_result"),
    "taobao.logistics.companies.get": ("logistics_companies", "logistics_company"),
}


def test_neighbours_stand_beside_the_eleven():
    """Those that are listed here, and no other but messages' and tokens'."""
    others = {name for name in METHODS if not name.startswith("tmall.exchange.")}
    others -= {name for name in others if ".tmc." in name or ".top.auth." in name}
    assert others == set(NEIGHBOURS) | WITHOUT_PAGE


def test_every_page_is_compared_or_named(neighbours):
    """No method of the pages is forgotten: it is compared below, or it is named as not served."""
    assert set(neighbours) == set(NEIGHBOURS) | set(BESIDE) | NOT_SERVED
    assert not NOT_SERVED & set(METHODS)


@pytest.mark.parametrize(("name", "session"), [*NEIGHBOURS.items(), *BESIDE.items()])
def test_who_needs_a_session(name, session):
    """Addresses and trades belong to a seller; carriers and the time to nobody."""
    assert METHODS[name].session is session


@pytest.mark.parametrize(
    ("name", "wrapper"),
    [
        ("taobao.logistics.address.search", "logistics_address_search_response"),
        ("taobao.logistics.companies.get", "logistics_companies_get_response"),
        ("taobao.trade.fullinfo.get", "trade_fullinfo_get_response"),
        ("taobao.time.get", "time_get_response"),
    ],
)
def test_taobao_is_dropped_from_the_root(name, wrapper):
    """Only the prefix `taobao.` disappears from the name of the reply."""
    assert METHODS[name].wrapper == wrapper


@pytest.mark.parametrize(
    "name", ["taobao.logistics.address.search", "taobao.logistics.companies.get"]
)
def test_parameters_are_the_pages(reference, name):
    """Names, types, required marks, limits and values are the reference's."""
    entries = {entry["name"]: entry for entry in reference["related_methods"][name]["params"]}
    entries.get("rdef", {})["enum"] = [
        "no_def",
        "get_def",
        "cancel_def",
    ]  # the reference lists them in a sentence

    assert {
        p.name: (p.kind.value, p.required, p.limit, set(p.among)) for p in METHODS[name].params
    } == {
        key: (
            entry["type"],
            entry["required"],
            entry.get("max_list_size", 0),
            set(entry.get("enum", [])),
        )
        for key, entry in entries.items()
    }


@pytest.mark.parametrize(
    "name", ["taobao.logistics.address.search", "taobao.logistics.companies.get"]
)
def test_replies_have_the_pages_fields(reference, name):
    """List, element and field names are the reference's, types the rules'."""
    (listing,) = METHODS[name].reply
    fields = reference["related_methods"][name]["response"]["fields"]

    assert (listing.name, listing.item) == LISTED[name]
    assert {field.name: field.kind.value for field in listing.of} == {
        field: TYPES[name].get(field, "String") for field in fields
    }


def _page_type(param):
    """The type as the page writes it: a list of numbers has its own, but not of message ids."""
    if param.name in ("s_message_ids", "f_message_ids"):
        return param.kind.value
    is_numbers = param.kind is ValueKind.STRINGS and param.items is ValueKind.NUMBER
    return "Number[]" if is_numbers else param.kind.value


def _compare_with_page(fields, entries):
    """Declared fields stand on the page with their types, to the last leaf."""
    for field in fields:
        entry = entries[field.name]
        if isinstance(entry, str):
            kind = "String" if field.kind is ValueKind.PRICE else field.kind.value
            page = "String" if entry == "Json" else entry  # JSON inside a text
            assert (kind, field.of) == (page, ()), field.name
            continue
        assert field.kind is ValueKind.OBJECT
        assert field.item == entry.get("wire_key", "")
        _compare_with_page(field.of, entry["fields"])


@pytest.mark.parametrize("name", [*NEIGHBOURS, *BESIDE])
def test_a_neighbour_is_its_page(neighbours, name):
    """Number, title, session, parameters and reply fields are the official metadata's."""
    method, entry = METHODS[name], neighbours[name]

    assert (method.doc_id, method.title) == (entry["doc_id"], entry["title"])
    assert method.session is entry["session"].startswith("required")
    assert {p.name: (_page_type(p), p.required, p.limit) for p in method.params} == {
        key: (declared["type"], declared.get("required", False), declared.get("max_list", 0))
        for key, declared in entry["params"].items()
    }
    _compare_with_page(method.reply, entry["reply"])


def test_a_trade_has_orders():
    """tid and oid are numbers; the sub-orders stand in `orders.order`."""
    (trade,) = METHODS["taobao.trade.fullinfo.get"].reply
    members = {field.name: field for field in trade.of}

    assert (trade.name, trade.item) == ("trade", "")
    assert members["tid"].kind is ValueKind.NUMBER
    assert members["orders"].item == "order"
    assert {field.name: field.kind for field in members["orders"].of}["oid"] is ValueKind.NUMBER


def test_the_time_is_a_date():
    """`time_get_response.time`, nothing asked."""
    (field,) = METHODS["taobao.time.get"].reply

    assert (field.name, field.kind, METHODS["taobao.time.get"].params) == (
        "time",
        ValueKind.DATE,
        (),
    )


@pytest.mark.parametrize(
    "name",
    [
        "buyer_nick",
        "buyer_open_uid",
        "buyer_name",
        "buyer_phone",
        "buyer_address",
        "address",
        "oaid",
        "content",
        "leave_message",
        "complete_address",
        "mobile",
        "addr",
        "mobile_phone",
        "phone",
        "contact_name",
        "receiver_name",
        "receiver_address",
        "receiver_mobile",
    ],
)
def test_personal_values_are_marked(name):
    """Names, telephones, addresses and messages of people are known as such."""
    assert name in PERSONAL_NAMES


@pytest.mark.parametrize(
    "name", ["dispute_id", "status", "modified", "num", "fields", "logistics_company_name"]
)
def test_other_values_are_not_personal(name):
    """What names nobody stays readable."""
    assert name not in PERSONAL_NAMES
