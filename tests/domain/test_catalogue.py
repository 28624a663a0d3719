"""Return addresses and the two lists of refuse reasons."""

import pytest

from mockserver.domain.catalogue import Address, Carrier, Shop, list_accepted_names, refusal_stage
from mockserver.domain.vocabulary import Status


def _address(contact_id: int, *, cancel_def: bool) -> Address:
    return Address(
        contact_id=contact_id,
        contact_name="王五",
        province="浙江省",
        city="杭州市",
        country="西湖区",
        addr="转塘街道 1 号",
        zip_code="310000",
        phone="",
        mobile_phone="10000000000",
        seller_company="",
        memo="",
        area_id=330106,
        send_def=False,
        get_def=False,
        cancel_def=cancel_def,
        modify_date="2026-01-01 00:00:00",
    )


def test_the_default_return_address_comes_first():
    """Whatever its place in the list, the address with `cancel_def` leads.

    The others keep their order.
    """
    addresses = (
        _address(1, cancel_def=False),
        _address(2, cancel_def=False),
        _address(3, cancel_def=True),
    )

    assert list(Shop("测试旗舰店", 1, addresses).return_addresses()) == [3, 1, 2]


def test_an_address_reads_as_one_line():
    """Province to street, then the person and the telephone."""
    assert _address(1, cancel_def=True).text() == "浙江省杭州市西湖区转塘街道 1 号 王五 10000000000"


@pytest.mark.parametrize(("status", "list_name"), [(1, "application"), (3, "receipt")])
def test_refusing_the_application_and_the_receipt_have_lists_of_their_own(status, list_name):
    """The list of reasons follows the stage at which the seller can refuse."""
    assert refusal_stage(Status(status)) == list_name


def test_carriers_have_their_names_and_other_spellings_of_them():
    """The names come first, in order; spellings follow only for carriers that are there."""
    names = ["圆通速递", "EMS"]
    carriers = [Carrier(number, "", name) for number, name in enumerate(names)]

    accepted = list(list_accepted_names(carriers))

    assert accepted[:2] == names
    assert list(list_accepted_names([])) == []
    assert set(accepted[2:]) >= {"圆通快递", "邮政EMS", "EMS快递"}
    assert not set(accepted) & {"顺丰", "百世快递"}
