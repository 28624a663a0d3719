"""Names that a caller spells otherwise than TOP.

Source: API pages (`end_gmt_modifed_time`, `operation_contraint`, `bizorder_id`).
"""

import pytest

from mockserver.api.methods import METHODS
from mockserver.api.spelling import (
    FIELD_NAMES,
    OFFICIAL_SPELLINGS,
    PARAMETER_NAMES,
    describe_unknown_fields,
    describe_unknown_parameters,
    suggest_name,
)
from tests.oracle import SYSTEM_PARAMETERS

LIST, GET, SHIP, AGREE = (
    "tmall.exchange.receive.get",
    "tmall.exchange.get",
    "tmall.exchange.consigngoods",
    "tmall.exchange.agree",
)


@pytest.mark.parametrize(
    ("method", "misspelt", "other"),
    [
        (LIST, "end_gmt_modified_time", "end_gmt_modifed_time"),
        (LIST, "start_gmt_modifed_time", "start_gmt_modified_time"),
        (LIST, "end_gmt_modifid_time", "end_gmt_modifed_time"),
        (LIST, "logistics_no", "logistic_no"),
        (SHIP, "logistic_no", "logistics_no"),
        (LIST, "bizorder_id", "biz_order_id"),
        (LIST, "bizOrderId", "biz_order_id"),
        (AGREE, "disputeId", "dispute_id"),
        (AGREE, "DISPUTE_ID", "dispute_id"),
        (AGREE, "adress_id", "address_id"),
        (AGREE, "refund_id", "dispute_id"),
        (AGREE, "contact_id", "address_id"),
        (LIST, "dispute_status", "dispute_status_array"),
        (GET, "sessionKey", "session"),
        (GET, "access_token", "session"),
        (GET, "appkey", "app_key"),
        (GET, "signature", "sign"),
        (GET, "sign_type", "sign_method"),
    ],
)
def test_a_parameter_is_recognised(method, misspelt, other):
    """The warning names what was sent and what the method has, in both languages."""
    [warning] = describe_unknown_parameters(
        METHODS[method], [misspelt, *METHODS[method].params[0].name.split()]
    )
    assert misspelt in warning and other in warning
    assert "ignored" in warning and "忽略" in warning


@pytest.mark.parametrize(
    ("misspelt", "other", "said"),
    [
        ("operation_constraint", "operation_contraint", "官方就少一个 s"),
        ("operation_contrant", "operation_contraint", "是否想写"),
        ("operationContraint", "operation_contraint", "是否想写"),
        ("timeout", "time_out", "官方"),
        ("buyer_logistics_no", "buyer_logistic_no", "官方"),
        ("dispute-id", "dispute_id", "是否想写"),
    ],
)
def test_a_field_is_recognised(misspelt, other, said):
    """Who writes the correct English reads how TOP spells it, who writes yet another is asked."""
    [warning] = describe_unknown_fields(METHODS[GET], ("status", misspelt))
    assert f" {other}" in warning
    assert said in warning


def test_official_spellings_are_known_and_their_correct_forms_are_not():
    """Each official misspelling is accepted where the platform has it, and only there."""
    assert (
        "end_gmt_modifed_time" in PARAMETER_NAMES[LIST]
        and "end_gmt_modified_time" not in PARAMETER_NAMES[LIST]
    )
    assert (
        "operation_contraint" in FIELD_NAMES[GET] and "operation_constraint" not in FIELD_NAMES[GET]
    )
    assert {"bizorder_id", "biz_order_id"} <= FIELD_NAMES[GET]
    assert all(
        spelling.official != spelling.expected and spelling.zh and spelling.en
        for spelling in OFFICIAL_SPELLINGS
    )


def test_a_field_of_another_method_is_reported_so():
    """A field that this method does not return is no misspelling."""
    [warning] = describe_unknown_fields(METHODS[AGREE], ("reason",))
    assert "不返回" in warning


def test_what_is_near_nothing_is_only_named():
    """A name like no other is ignored without a guess.

    Members of objects are known by their object.
    """
    [warning] = describe_unknown_parameters(METHODS[AGREE], ["colour"])
    assert "是否想写" not in warning
    assert (
        list(describe_unknown_fields(METHODS["taobao.trade.fullinfo.get"], ("orders.oid", "tid")))
        == []
    )


@pytest.mark.parametrize("method", METHODS)
def test_known_names_are_silent(method):
    """All that a method declares, and every system parameter, is known."""
    names = [param.name for param in METHODS[method].params]
    assert list(describe_unknown_parameters(METHODS[method], [*names, *SYSTEM_PARAMETERS])) == []
    assert (
        list(
            describe_unknown_fields(
                METHODS[method],
                METHODS[method].all_fields.split(",") if METHODS[method].record else (),
            )
        )
        == []
    )


def test_many_and_long_names_leave_little():
    """A thousand unknown names of a thousand characters give ten short warnings."""
    sentences = list(
        describe_unknown_parameters(
            METHODS[LIST], [f"{number}" + "end_gmt_modified_time" * 50 for number in range(1000)]
        )
    )
    assert (len(sentences), max(map(len, sentences)) < 400) == (10, True)
    assert suggest_name("x" * 100_000, PARAMETER_NAMES[LIST]) == ""
