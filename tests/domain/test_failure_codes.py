"""How a business failure looks by rule: in `result`, beside it, or as error 15."""

import json

import pytest

from tests.oracle import FAILURE_CODES, SIBLING_SUB_CODES

GET = "tmall.exchange.get"
AGREE = {"method": "tmall.exchange.agree", "address_id": 10000002, "fields": "status"}
SHIP = {
    "method": "tmall.exchange.consigngoods",
    "logistics_no": "SF1000000001",
    "logistics_type": 200,
    "logistics_company_name": "顺丰速运",
    "fields": "status",
}
CONFIRM = {"method": "tmall.exchange.returngoods.agree", "fields": "status"}
UNKNOWN = 299999999999999999


@pytest.mark.parametrize(
    ("status", "call", "failure", "expected"),
    [
        (3, AGREE, "wrong_state", SIBLING_SUB_CODES["wrong_state"]),
        (1, CONFIRM, "wrong_state", SIBLING_SUB_CODES["wrong_state"]),
        (13, SHIP, "wrong_state", SIBLING_SUB_CODES["shipped_already"]),
        (1, {**AGREE, "address_id": 1}, "unknown_address", SIBLING_SUB_CODES["unknown_address"]),
        (12, {**SHIP, "logistics_no": ""}, "bad_waybill", SIBLING_SUB_CODES["bad_waybill"]),
    ],
)
def test_error15_has_the_siblings_sub_codes(
    world, top, whole_state, status, call, failure, expected
):
    """With failure_shape error15 a refusal is an error_response; the journal names the failure."""
    world.patch_rules({"failure_shape": "error15"})
    [exchange] = world.open({"status": status})
    before = whole_state(world)
    reply = top(dispute_id=exchange.dispute_id, **call)
    assert {
        key: reply["error_response"][key] for key in ("code", "msg", "sub_code", "sub_msg")
    } == {
        "code": 15,
        "msg": "Remote service error",
        "sub_code": expected[0],
        "sub_msg": expected[1],
    }
    entry = world.journal.select({}, 1)[1][0]
    assert (entry.outcome, entry.code, entry.msg_code) == ("failed", 15, FAILURE_CODES[failure])
    assert entry.rule.startswith(failure)
    assert whole_state(world) == before


def test_error15_without_a_sibling_has_its_own_code(world, top):
    """A failure that was never captured has the code of its rule as sub_code."""
    world.patch_rules({"failure_shape": "error15", "msg_code.not_exist": "NOT_THERE"})
    error = top(GET, dispute_id=UNKNOWN, fields="status")["error_response"]
    assert (error["code"], error["sub_code"]) == (15, "NOT_THERE")


def test_the_doctor_explains_error15_as_the_failure(world, top):
    """What would do is found for either shape, word for word the same."""
    [exchange] = world.open({"status": 3})
    findings = []
    for shape in ("result", "error15"):
        world.patch_rules({"failure_shape": shape})
        top(dispute_id=exchange.dispute_id, **AGREE)
        entry = world.journal.select({}, 1)[1][0]
        findings.append((json.loads(entry.doctor), entry.cause_zh, entry.cause_en))
    assert findings[0] == findings[1]
    assert findings[0][0]


@pytest.mark.parametrize(
    ("place", "inside", "beside"),
    [("inside", True, False), ("beside", False, True), ("both", True, True)],
)
def test_where_the_unknown_exchange_stands(world, top, place, inside, beside):
    """DISPUTE_NOT_EXIST stands in result, beside it, or at both levels."""
    world.patch_rules({"dispute_not_exist": place})
    reply = top(GET, dispute_id=UNKNOWN, fields="status")["tmall_exchange_get_response"]
    assert (reply.get("result", {}).get("msg_code") == "DISPUTE_NOT_EXIST") is inside
    assert (reply.get("msg_code") == "DISPUTE_NOT_EXIST") is beside


@pytest.mark.parametrize(
    ("rule", "texts"),
    [
        ("absent", {}),
        ("message", {"message": "SUCCESS"}),
        ("msg_code", {"msg_code": "OP_SUCC"}),
        ("both", {"message": "SUCCESS", "msg_code": "OP_SUCC"}),
    ],
)
def test_what_a_write_says_on_success(world, top, rule, texts):
    """A write says nothing on success, unless the rule wants SUCCESS or OP_SUCC."""
    world.patch_rules({"success_text": rule})
    [exchange] = world.open({})
    reply = top(dispute_id=exchange.dispute_id, **AGREE)["tmall_exchange_agree_response"]
    result = {name: value for name, value in reply["result"].items() if name != "exchange"}
    assert result == {"success": True, **texts}
