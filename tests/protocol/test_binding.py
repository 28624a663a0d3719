"""Text parameters and files become typed arguments, or the one that is wrong is named."""

import pytest

from mockserver.protocol.binding import bind_arguments
from mockserver.protocol.errors import TopError
from mockserver.protocol.forms import Upload
from mockserver.protocol.shapes import Param, ValueKind, parse_time

PNG = b"\x89PNG\r\n\x1a\n"
LIMITS = {"page_size_max": 100, "message_max_bytes": 400, "picture_max_bytes": 5 * 1024 * 1024}
NUMBER = Param(name="p", kind=ValueKind.NUMBER)
PAGE = Param(name="p", kind=ValueKind.NUMBER, least=1, maximum_rule="page_size_max", default="30")
TYPE = Param(name="p", kind=ValueKind.NUMBER, among=("100", "200"))
STRING = Param(name="p", kind=ValueKind.STRING)
WORDS = Param(name="p", kind=ValueKind.STRING, maximum_rule="message_max_bytes")
CHOICE = Param(name="p", kind=ValueKind.STRING, among=("no_def", "get_def"))
BOOLEAN = Param(name="p", kind=ValueKind.BOOLEAN)
DATE = Param(name="p", kind=ValueKind.DATE)
STRINGS = Param(name="p", kind=ValueKind.STRINGS, limit=3)
STATUSES = Param(name="p", kind=ValueKind.STRINGS, limit=20, among=("1", "2", "12"))
IDS = Param(name="p", kind=ValueKind.STRINGS, limit=20, items=ValueKind.NUMBER)
PICTURE = Param(name="p", kind=ValueKind.BYTES, maximum_rule="picture_max_bytes")


def _bind(param, text=None, files=(), **how):
    texts = {} if text is None else {"p": text}
    return bind_arguments(
        [param], texts, [Upload("p", content) for content in files], LIMITS.__getitem__, **how
    )


@pytest.mark.parametrize(
    ("param", "text", "value"),
    [
        (NUMBER, "0", 0),
        (NUMBER, "-1", -1),
        (NUMBER, "200000000000000001", 200000000000000001),
        (NUMBER, "9223372036854775807", 2**63 - 1),
        (NUMBER, "-9223372036854775808", -(2**63)),
        (PAGE, "1", 1),
        (PAGE, "100", 100),
        (TYPE, "100", 100),
        (TYPE, "200", 200),
        (STRING, "a b", "a b"),
        (STRING, " ", " "),
        (WORDS, "a" * 400, "a" * 400),
        (WORDS, "换" * 133, "换" * 133),
        (CHOICE, "get_def", "get_def"),
        (BOOLEAN, "true", True),
        (BOOLEAN, "false", False),
        (DATE, "2026-03-01 10:00:00", parse_time("2026-03-01 10:00:00")),
        (STRINGS, "a", ("a",)),
        (STRINGS, "a,b,c", ("a", "b", "c")),
        (STRINGS, "a, b", ("a", "b")),
        (STATUSES, "1,12", ("1", "12")),
        (IDS, "123456,987654", ("123456", "987654")),
        (IDS, "200000000000000001", ("200000000000000001",)),
        (IDS, ",".join(["7"] * 20), ("7",) * 20),
    ],
)
def test_a_good_value_is_typed(param, text, value):
    """Every kind of the API pages is read as what it means; ids keep every digit."""
    assert _bind(param, text) == {"p": value}


@pytest.mark.parametrize(
    ("param", "text"),
    [
        (NUMBER, "x"),
        (NUMBER, "1.0"),
        (NUMBER, "1e3"),
        (NUMBER, "+1"),
        (NUMBER, " 1"),
        (NUMBER, "１"),
        (NUMBER, "--1"),
        (NUMBER, "-"),
        (NUMBER, "1_000"),
        (NUMBER, "0x10"),
        (NUMBER, "9223372036854775808"),
        (NUMBER, "-9223372036854775809"),
        (NUMBER, "9" * 5000),
        (PAGE, "0"),
        (PAGE, "-1"),
        (PAGE, "101"),
        (TYPE, "300"),
        (TYPE, "快递"),
        (WORDS, "a" * 401),
        (WORDS, "换" * 134),
        (CHOICE, "cancel"),
        (BOOLEAN, "1"),
        (BOOLEAN, "TRUE"),
        (BOOLEAN, "yes"),
        (DATE, "2026-03-01"),
        (DATE, "2026-02-30 00:00:00"),
        (DATE, "1772330400000"),
        (STRINGS, "a,b,c,d"),
        (STRINGS, " , ,"),
        (STATUSES, "11"),
        (STATUSES, "1,x"),
        (STATUSES, "换货关闭"),
        (IDS, "1,x"),
        (IDS, ",".join(["7"] * 21)),
        (IDS, "99999999999999999999"),
        (PICTURE, "a.jpg"),
    ],
)
def test_a_bad_value_is_error_41(param, text):
    """What cannot be read, is out of bounds or too long is 41 and names the parameter."""
    with pytest.raises(TopError) as wrong:
        _bind(param, text)

    assert wrong.value.code == 41
    assert wrong.value.msg == "Invalid arguments:p"
    assert wrong.value.sub_code == "isv.invalid-parameter:p"


@pytest.mark.parametrize(
    "kind",
    [
        ValueKind.NUMBER,
        ValueKind.STRING,
        ValueKind.BOOLEAN,
        ValueKind.DATE,
        ValueKind.STRINGS,
        ValueKind.PRICE,
    ],
)
@pytest.mark.parametrize("text", [None, ""])
def test_a_missing_required_parameter_is_error_40(kind, text):
    """Absent and empty are the same for a required parameter: 40, and its name."""
    with pytest.raises(TopError) as wrong:
        _bind(Param(name="p", kind=kind, required=True, limit=3), text)

    assert wrong.value.code == 40
    assert wrong.value.msg == "Missing required arguments:p"
    assert wrong.value.sub_code == "isv.missing-parameter:p"


@pytest.mark.parametrize(
    "param", [NUMBER, STRING, BOOLEAN, DATE, STRINGS, IDS, PICTURE, CHOICE, TYPE]
)
@pytest.mark.parametrize("text", [None, ""])
def test_an_empty_optional_parameter_is_absent(param, text):
    """SDKs send optional parameters without a value; that means nothing."""
    assert _bind(param, text) == {}


@pytest.mark.parametrize(("text", "value"), [(None, 30), ("", 30), ("7", 7)])
def test_a_default_fills_what_is_absent(text, value):
    """An absent or empty parameter takes its default."""
    assert _bind(PAGE, text) == {"p": value}


def test_a_blank_may_pass_to_the_business_check():
    """A required parameter that allows blanks binds an empty text; an absent one is 40."""
    param = Param(name="p", kind=ValueKind.STRING, required=True, allows_blank=True)

    assert _bind(param, "") == {"p": ""}
    with pytest.raises(TopError, match="40"):
        _bind(param)


def test_leniency_lets_one_required_parameter_be_absent():
    """`fields` may be missing when the switch says so; other required parameters may not."""
    fields = Param(name="p", kind=ValueKind.STRINGS, required=True, limit=3)

    assert _bind(fields, lenient="p") == {}
    with pytest.raises(TopError, match="40"):
        _bind(fields, lenient="q")


@pytest.mark.parametrize("text", [",", " , ,"])
def test_a_required_list_of_nothing_is_missing(text):
    """Commas alone name no field."""
    with pytest.raises(TopError, match="40"):
        _bind(Param(name="p", kind=ValueKind.STRINGS, required=True, limit=3), text)


def test_the_first_wrong_parameter_in_declared_order_is_named():
    """Two faults: the one declared first is reported, whatever the order sent."""
    params = [
        Param(name="dispute_id", kind=ValueKind.NUMBER, required=True),
        Param(name="page_no", kind=ValueKind.NUMBER),
    ]

    with pytest.raises(TopError, match="dispute_id"):
        bind_arguments(params, {"page_no": "x"}, [], LIMITS.__getitem__)


def test_unknown_parameters_are_ignored():
    """What the method does not have binds nothing, file or text."""
    assert bind_arguments(
        [NUMBER], {"p": "1", "other": "x"}, [Upload("odd", b"")], LIMITS.__getitem__
    ) == {"p": 1}


@pytest.mark.parametrize(
    "files",
    [[PNG], [b"GIF89a"], [PNG, b"BM\x00"], [b"\xff\xd8\xff" + b"\x00" * (5 * 1024 * 1024 - 3)]],
)
def test_pictures_are_bound_in_order(files):
    """One file or several, up to 5 MB each."""
    assert [upload.content for upload in _bind(PICTURE, files=files)["p"]] == files


@pytest.mark.parametrize(
    "files",
    [[b""], [b"hello"], [PNG, b"%PDF"], [b"\xff\xd8\xff" + b"\x00" * (5 * 1024 * 1024 - 2)]],
)
def test_what_is_no_picture_is_error_41(files):
    """Any other content, and anything above 5 MB, is refused by the parameter's name."""
    with pytest.raises(TopError) as wrong:
        _bind(PICTURE, files=files)

    assert (wrong.value.code, wrong.value.sub_code) == (41, "isv.invalid-parameter:p")


def test_limits_follow_the_switches():
    """A bound is read when the call is bound, not when the parameter is declared."""
    assert bind_arguments([PAGE], {"p": "500"}, [], {"page_size_max": 500}.__getitem__) == {
        "p": 500
    }


def test_a_required_list_of_blanks_is_missing():
    """Commas and blanks alone give no item, which a required list must have: 40, and its name."""
    with pytest.raises(TopError) as wrong:
        _bind(Param(name="p", kind=ValueKind.STRINGS, required=True, limit=3), " , ,")

    assert wrong.value.code == 40
    assert wrong.value.sub_code == "isv.missing-parameter:p"
