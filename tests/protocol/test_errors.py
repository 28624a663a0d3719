"""The platform's error codes, spelt as the gateway wrote them."""

import pytest

from mockserver.protocol.errors import CODES, TopError, make_ban_error
from tests.oracle import ERRORS_INFERRED, ERRORS_NEVER_SEEN, ERRORS_SEEN


@pytest.mark.parametrize(("code", "wire"), [*ERRORS_SEEN.items(), *ERRORS_INFERRED.items()])
def test_codes_are_spelt_as_on_the_wire(code, wire):
    """Capitals as recorded (`Invalid app Key`), else the first word only is capitalised."""
    assert CODES[code].wire == wire


@pytest.mark.parametrize(("code", "text"), ERRORS_NEVER_SEEN.items())
def test_codes_never_seen_keep_the_words_of_the_table(code, text):
    """Where no answer was recorded the words are the documented ones, whatever their capitals."""
    assert CODES[code].wire.lower() == text.lower()


def test_only_recorded_spellings_count_as_seen():
    """A spelling that was inferred does not pass for a recorded one."""
    assert {code for code, entry in CODES.items() if entry.observed} == set(ERRORS_SEEN)


def test_the_table_is_complete():
    """Every platform code of the documents is there; the sample code 50 of the doc pages is not."""
    assert set(CODES) == {*ERRORS_SEEN, *ERRORS_INFERRED, *ERRORS_NEVER_SEEN}


def test_a_bare_error_has_code_and_msg_only():
    """Absent sub fields are left out; the code is a number."""
    assert TopError(25).tree() == {"code": 25, "msg": "Invalid signature"}


def test_a_detail_follows_a_colon():
    """`Missing required arguments:fields`, no blank."""
    assert TopError(40, "fields").tree()["msg"] == "Missing required arguments:fields"


def test_sub_fields_come_in_order():
    """code, msg, sub_code, sub_msg."""
    tree = TopError(29, sub_code="isv.appkey-not-exists", sub_msg="x").tree()

    assert list(tree.items()) == [
        ("code", 29),
        ("msg", "Invalid app Key"),
        ("sub_code", "isv.appkey-not-exists"),
        ("sub_msg", "x"),
    ]


def test_the_cause_stays_off_the_wire():
    """What the journal explains never reaches the caller."""
    assert TopError(25, zh="密钥不对", en="wrong secret").tree() == TopError(25).tree()


def test_a_ban_says_its_seconds_as_clients_read_them():
    """The sentence holds the seconds; the cause, with them, is for the journal alone."""
    ban = make_ban_error("accesscontrol.limited-by-app-access-count", 7, "超过频率", "too often")

    assert ban.tree() == {
        "code": 7,
        "msg": TopError(7).msg,
        "sub_code": "accesscontrol.limited-by-app-access-count",
        "sub_msg": "This ban will last for 7 more seconds",
    }
    assert (ban.cause_zh, ban.cause_en) == (
        "超过频率；封禁还剩 7 秒",
        "too often; banned for 7 more seconds",
    )
