"""The eleven methods against the machine-readable API reference.

The reference was compared with the official metadata.
"""

import pytest

from mockserver.api.exchange_methods import EXCHANGE_METHODS
from mockserver.api.methods import METHODS
from mockserver.protocol.shapes import ValueKind

ELEVEN = {
    "tmall.exchange.get": 31194,
    "tmall.exchange.receive.get": 31198,
    "tmall.exchange.agree": 31202,
    "tmall.exchange.refuse": 31203,
    "tmall.exchange.returngoods.agree": 31199,
    "tmall.exchange.returngoods.refuse": 31204,
    "tmall.exchange.consigngoods": 31229,
    "tmall.exchange.confirm.consign": 66761,
    "tmall.exchange.message.add": 31200,
    "tmall.exchange.messages.get": 31201,
    "tmall.exchange.refusereason.get": 31214,
}
MOVES = {
    "tmall.exchange.agree": "agree",
    "tmall.exchange.refuse": "refuse",
    "tmall.exchange.returngoods.agree": "returngoods_agree",
    "tmall.exchange.returngoods.refuse": "returngoods_refuse",
    "tmall.exchange.consigngoods": "consigngoods",
    "tmall.exchange.confirm.consign": "confirm_consign",
    "tmall.exchange.message.add": "leave_message",
}
WRITES = [name for name in MOVES if name != "tmall.exchange.message.add"]
GIVEN_BY_RULES = {"operator_roles", "dispute_status_array", "logistics_type", "dispute_type"}


@pytest.fixture(params=ELEVEN)
def pair(request, reference):
    """A declared method beside its entry in the reference."""
    return METHODS[request.param], reference["methods"][request.param]


def _kind(text: str) -> str:
    return text.partition("(")[0].strip()


def _current(entries):
    """Entries that the reference does not mark as deprecated or removed."""
    if isinstance(entries, list):
        return {
            entry["name"]: entry
            for entry in entries
            if not entry.get("deprecated") and not entry.get("removed")
        }
    return {name: entry for name, entry in entries.items() if not entry.get("removed")}


def test_the_eleven_methods(reference):
    """Exactly the methods of category 换货API are declared, under their names and document ids."""
    assert {method.name: method.doc_id for method in EXCHANGE_METHODS} == ELEVEN
    assert {name: entry["doc_id"] for name, entry in reference["methods"].items()} == ELEVEN


def test_a_method_has_its_title_and_wrapper(pair):
    """The Chinese title stands as on the page; `tmall_` stays in the root of the reply."""
    method, entry = pair

    assert entry["title"].startswith(method.title)
    assert method.wrapper == entry["response"]["wrapper"]
    assert method.session


def test_a_method_has_its_parameters(pair):
    """Names, types and required marks are the page's; what is deprecated stays out."""
    method, entry = pair

    assert {p.name: (p.kind.value, p.required) for p in method.params} == {
        name: (_kind(declared["type"]), declared["required"])
        for name, declared in _current(entry["params"]).items()
    }


def test_lists_have_their_limits(pair):
    """Each list takes as many items as the page allows."""
    method, entry = pair

    assert {p.name: p.limit for p in method.params if p.limit} == {
        name: declared["max_list_size"]
        for name, declared in _current(entry["params"]).items()
        if "max_list_size" in declared
    }


def test_parameters_have_their_defaults(pair):
    """page_no and page_size begin as the page says."""
    method, entry = pair

    assert {p.name: p.default for p in method.params if p.default} == {
        name: str(declared["default"])
        for name, declared in _current(entry["params"]).items()
        if "default" in declared
    }


def test_enumerations_are_closed(pair):
    """Where the page lists the values, no other is taken."""
    method, entry = pair

    listed = {
        name: {str(value) for value in declared["enum"]}
        for name, declared in _current(entry["params"]).items()
        if "enum" in declared
    }
    assert {p.name: set(p.among) for p in method.params if p.among} == listed
    assert set(listed) <= GIVEN_BY_RULES


def test_files_are_uploads(pair):
    """`byte[]` is a file and only where the page says that the method takes one."""
    method, entry = pair

    assert {p.name for p in method.params if p.kind is ValueKind.BYTES} == {
        name for name, declared in _current(entry["params"]).items() if declared.get("file_upload")
    }
    assert any(p.kind is ValueKind.BYTES for p in method.params) is entry["file_upload"]


def _compare(fields, entries, objects):
    """The declared fields have the reference's names, types and element names, to the last leaf."""
    assert {field.name for field in fields} == set(entries)
    for field in fields:
        entry = (
            entries[field.name]
            if isinstance(entries[field.name], dict)
            else {"type": entries[field.name]}
        )
        kind = _kind(entry["type"])
        name = kind.removesuffix("[]")
        if kind in {member.value for member in ValueKind}:
            assert (field.kind.value, field.item, field.of) == (kind, "", ()), field.name
            continue
        assert field.kind is ValueKind.OBJECT
        assert field.item == (objects[name]["json_list_name"] if kind.endswith("[]") else "")
        members = entry.get("fields") or objects[name]["fields"]
        subset = entry.get("returned_subset")
        if name == "Exchange":
            flag = (
                "list"
                if kind.endswith("[]")
                else "get"
                if isinstance(subset, str)
                else "write_result"
            )
            members = {member: declared for member, declared in members.items() if declared[flag]}
            documented = [
                declared for declared in members.values() if declared["confidence"] == "DOCUMENTED"
            ]
            assert (
                set(subset) == set(members)
                if isinstance(subset, list)
                else subset.startswith(f"{len(documented)} ")
            )
        _compare(field.of, members, objects)


def test_a_reply_has_its_fields(pair, reference):
    """Every member of the reply has the page's name, type and list element name.

    What was removed stays out.
    """
    method, entry = pair
    objects = {name: dict(declared) for name, declared in reference["objects"].items()}
    if method.name == "tmall.exchange.message.add":
        members = objects["RefundMessage"]["fields"]
        objects["RefundMessage"]["fields"] = {
            n: declared for n, declared in members.items() if "only_in" not in declared
        }

    _compare(method.reply, _current(entry["response"]["fields"]), objects)


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("tmall.exchange.receive.get", "end_gmt_modifed_time"),
        ("tmall.exchange.receive.get", "start_gmt_modified_time"),
        ("tmall.exchange.receive.get", "logistic_no"),
        ("tmall.exchange.receive.get", "refund_id_array"),
        ("tmall.exchange.consigngoods", "logistics_no"),
        ("tmall.exchange.confirm.consign", "logistics_no"),
        ("tmall.exchange.message.add", "message_pics"),
        ("tmall.exchange.agree", "leave_message_pics"),
    ],
)
def test_odd_spellings_of_requests(method, name):
    """Misspelt and divergent names of parameters are kept."""
    assert name in [param.name for param in METHODS[method].params]


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("tmall.exchange.receive.get", "buyer_id"),
        ("tmall.exchange.receive.get", "end_gmt_modified_time"),
        ("tmall.exchange.receive.get", "logistics_no"),
        ("tmall.exchange.receive.get", "dispute_type"),
        ("tmall.exchange.returngoods.refuse", "fields"),
        ("tmall.exchange.consigngoods", "logistic_no"),
        ("tmall.exchange.returngoods.agree", "leave_message"),
        ("tmall.exchange.get", "bizorder_id"),
    ],
)
def test_what_is_not_there(method, name):
    """Removed parameters, and those that a reader would expect, stay out."""
    assert name not in [param.name for param in METHODS[method].params]


def test_the_list_reply_has_plural_error_codes_and_no_result():
    """`receive.get` answers without `result`, with `error_codes`, and lost `exception`."""
    names = [field.name for field in METHODS["tmall.exchange.receive.get"].reply]

    assert names == [
        "results",
        "total_results",
        "page_results",
        "has_next",
        "error_codes",
        "error_msg",
    ]


@pytest.mark.parametrize("name", WRITES)
def test_a_write_answers_with_four_fields(name):
    """dispute_id, biz_order_id, status, modified: no more, whatever `fields` asks for."""
    assert {field.name for field in METHODS[name].record} == {
        "dispute_id",
        "biz_order_id",
        "status",
        "modified",
    }


@pytest.mark.parametrize("name", ELEVEN)
def test_the_order_id_is_asked_for_by_another_name(name):
    """Wherever an exchange is returned, `bizorder_id` asks for `biz_order_id`."""
    requested_names = {field.name: field.requested_as for field in METHODS[name].record}

    assert requested_names.get("biz_order_id", "bizorder_id") == "bizorder_id"


@pytest.mark.parametrize(("name", "move"), MOVES.items())
def test_a_write_plays_the_move_named_after_it(name, move):
    """The seven writes play a move, the four queries none."""
    assert METHODS[name].move.name() == move


def test_queries_play_no_move():
    """Reading changes nothing."""
    assert {method.name for method in EXCHANGE_METHODS if method.move is None} == set(ELEVEN) - set(
        MOVES
    )


@pytest.mark.parametrize(
    ("name", "failure"),
    [
        *((name, "msg_code") for name in [*WRITES, "tmall.exchange.get"]),
        ("tmall.exchange.message.add", "error_code"),
        ("tmall.exchange.messages.get", "error_code"),
        ("tmall.exchange.refusereason.get", "error_code"),
        ("tmall.exchange.receive.get", ""),
    ],
)
def test_where_a_business_failure_is_reported(name, failure):
    """`msg_code` beside `success`, else `error_code`; the list has none."""
    assert METHODS[name].failure == failure


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("tmall.exchange.message.add", "content"),
        ("tmall.exchange.agree", "leave_message"),
        ("tmall.exchange.refuse", "leave_message"),
        ("tmall.exchange.returngoods.refuse", "leave_message"),
        ("tmall.exchange.receive.get", "page_size"),
        ("tmall.exchange.messages.get", "page_size"),
        ("tmall.exchange.message.add", "message_pics"),
        ("tmall.exchange.agree", "leave_message_pics"),
    ],
)
def test_limits_are_choices(method, name):
    """Lengths of messages, sizes of pages and pictures follow a switch."""
    assert {param.name: param.maximum_rule for param in METHODS[method].params}[name]


def test_the_waybill_may_be_blank():
    """An empty waybill is a business failure of shipping, not a platform error."""
    for name in ("tmall.exchange.consigngoods", "tmall.exchange.confirm.consign"):
        assert [param.name for param in METHODS[name].params if param.allows_blank] == [
            "logistics_no"
        ]


def test_no_parameter_of_a_write_gets_lost():
    """A move has a field for each parameter but those by which the gateway finds and shows."""
    reached = {"dispute_id", "fields", "message_pics"}  # the exchange, the reply, its pictures
    for name, method in METHODS.items():
        if method.move is not None:
            names = {param.name for param in method.params}
            assert names - reached <= set(method.move.__struct_fields__), name
