"""XML replies: the gateway's default form, read back with the standard library."""

from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.protocol.shapes import Items
from mockserver.protocol.xml_form import write_xml

HEAD = '<?xml version="1.0" encoding="utf-8" ?>'
NAMES = st.from_regex(r"[a-z][a-z_]{0,9}", fullmatch=True)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
TREES = st.dictionaries(
    NAMES,
    TEXT
    | st.integers()
    | st.booleans()
    | st.dictionaries(NAMES, TEXT, max_size=3)
    | st.builds(Items, NAMES, st.lists(st.dictionaries(NAMES, TEXT, max_size=3), max_size=3)),
    max_size=4,
)


def _allowed(text: str) -> str:
    """The characters that XML 1.0 allows."""
    return "".join(
        c
        for c in text
        if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c >= "\U00010000"
    )


def _read(element):
    """Name, text and children of an element."""
    return element.tag, element.text or "", [_read(child) for child in element]


def _shape(name, value):
    if isinstance(value, dict):
        return name, "", [_shape(key, member) for key, member in value.items()]
    if isinstance(value, Items):
        return name, "", [_shape(value.name, row) for row in value.values]
    if isinstance(value, bool):
        return name, "true" if value else "false", []
    return name, _allowed(str(value)), []


def test_a_reply_to_the_byte():
    """Declaration with its blank, no white space, lists as repeated elements, request_id last."""
    rows = [{"dispute_id": "1", "num": 2}, {"dispute_id": "2"}]
    tree = {
        "results": Items("exchange", rows),
        "has_next": False,
        "total_results": 2,
        "request_id": "z2",
    }

    assert write_xml("tmall_exchange_receive_get_response", tree) == (
        HEAD + "<tmall_exchange_receive_get_response><results>"
        "<exchange><dispute_id>1</dispute_id><num>2</num></exchange>"
        "<exchange><dispute_id>2</dispute_id></exchange></results><has_next>false</has_next>"
        "<total_results>2</total_results><request_id>z2</request_id>"
        "</tmall_exchange_receive_get_response>"
    )


def test_an_error_to_the_byte():
    """Root `error_response` with code, msg, sub_code, sub_msg, request_id."""
    tree = {
        "code": 11,
        "msg": "Insufficient isv permissions",
        "sub_code": "isv.permission-api-package-limit",
        "sub_msg": "scope",
        "request_id": "r",
    }

    assert write_xml("error_response", tree) == (
        HEAD + "<error_response><code>11</code><msg>Insufficient isv permissions</msg>"
        "<sub_code>isv.permission-api-package-limit</sub_code><sub_msg>scope</sub_msg><request_id>r</request_id>"
        "</error_response>"
    )


@pytest.mark.parametrize(
    ("value", "inner"),
    [
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (2**63 - 1, "9223372036854775807"),
        ("", ""),
        ("<a> & \"b\" 'c'", "&lt;a&gt; &amp; \"b\" 'c'"),
        ("]]>", "]]&gt;"),
        ("&amp;", "&amp;amp;"),
        ("换货😀", "换货😀"),
        ("a\x00b\x1b\ufffe\uffffc", "abc"),
    ],
)
def test_values(value, inner):
    """Booleans as words, markup escaped, what XML forbids left out."""
    assert write_xml("r", {"v": value}) == f"{HEAD}<r><v>{inner}</v></r>"


def test_absent_values_are_left_out():
    """None has no element."""
    assert write_xml("r", {"a": None, "b": {"c": None}, "d": Items("e", [{"f": None}])}) == (
        f"{HEAD}<r><b></b><d><e></e></d></r>"
    )


def test_lists_of_texts_repeat_their_element():
    """A string list repeats `string`."""
    assert write_xml("r", {"small_images": Items("string", ["a", "b"])}) == (
        f"{HEAD}<r><small_images><string>a</string><string>b</string></small_images></r>"
    )


@pytest.mark.parametrize("text", ["a\r\nb", "\r", "\n", " a ", "\ta\t", "a\\nb"])
def test_line_ends_survive_a_reader(text):
    """Carriage returns, too, come back as they were."""
    assert ElementTree.fromstring(write_xml("r", {"v": text})).findtext("v") == text


@settings(deadline=None)
@given(TREES)
def test_xml_round_trip(tree):
    """Any reply is well-formed and reads back as it was, except for characters that XML forbids."""
    assert _read(ElementTree.fromstring(write_xml("root", tree))) == _shape("root", tree)


def test_an_absent_value_writes_nothing():
    """None leaves no element behind, neither in the tree nor as the member of a list."""
    assert write_xml("r", {"a": None, "b": Items("c", [None, "1"])}) == (
        HEAD + "<r><b><c>1</c></b></r>"
    )


def test_a_bare_list_repeats_its_element():
    """A list without a name for its items repeats the element that holds it."""
    assert write_xml("r", {"a": ["1", {"b": "2"}], "c": []}) == (
        HEAD + "<r><a>1</a><a><b>2</b></a></r>"
    )


@pytest.mark.parametrize("name", ["", "1a", "a b", "<a>", "-", 'a"'])
def test_a_name_that_xml_forbids_becomes_an_underscore(name):
    """What a caller made up as a name never breaks the document."""
    assert write_xml("r", {name: "1"}) == HEAD + "<r><_>1</_></r>"
