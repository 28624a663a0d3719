"""JSON replies byte for byte: compact, raw UTF-8, lists wrapped by the name of their elements."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.protocol.json_form import parse_json, parse_tree, write_json
from mockserver.protocol.shapes import Items

NAMES = st.from_regex(r"[a-z][a-z_]{0,9}", fullmatch=True)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXT
UNWRITABLE = {chr(code) for code in range(0x20)} - set("\b\t\n\f\r")


def _trees(values):
    return st.dictionaries(
        NAMES,
        values | st.builds(Items, NAMES, st.lists(values, min_size=1, max_size=3)),
        max_size=4,
    )


TREES = _trees(st.recursive(SCALARS, _trees, max_leaves=8))


def _expected(value, *, simplify: bool):
    """What a JSON reader should see."""
    if isinstance(value, dict):
        return {key: _expected(member, simplify=simplify) for key, member in value.items()}
    if isinstance(value, Items):
        rows = [_expected(row, simplify=simplify) for row in value.values]
        return rows if simplify else {value.name: rows}
    return "".join(c for c in value if c not in UNWRITABLE) if isinstance(value, str) else value


def test_the_captured_empty_list_reply():
    """The empty list that an integrator captured is written to the byte."""
    tree = {"has_next": False, "page_results": 0, "total_results": 0, "request_id": "nepu8r5yyyy2"}

    assert write_json("tmall_exchange_receive_get_response", tree) == (
        '{"tmall_exchange_receive_get_response":'
        '{"has_next":false,"page_results":0,"total_results":0,"request_id":"nepu8r5yyyy2"}}'
    )


def test_an_error_begins_as_the_go_sdk_wants_it():
    """`{"error_response":{` without a blank, the code a number, nothing after the last brace."""
    text = write_json(
        "error_response",
        {"code": 40, "msg": "Missing required arguments:fields", "request_id": "z2"},
    )

    assert text == (
        '{"error_response":{"code":40,"msg":"Missing required arguments:fields","request_id":"z2"}}'
    )


def test_lists_are_wrapped_twice():
    """A list holds an object whose only member is the element name, at every depth."""
    pictures = Items("pic_url", [{"url": "http://h/a.png"}])
    tree = {
        "result": {
            "results": Items("refund_message", [{"id": 1, "pic_urls": pictures}, {"id": 2}])
        },
        "request_id": "r",
    }

    assert write_json("x_response", tree) == (
        '{"x_response":{"result":{"results":{"refund_message":'
        '[{"id":1,"pic_urls":{"pic_url":[{"url":"http://h/a.png"}]}},{"id":2}]}}'
        ',"request_id":"r"}}'
    )


def test_simplify_drops_the_root_and_the_element_names():
    """Members stand at the root and lists are bare, at every depth."""
    pictures = Items("pic_url", [{"url": "u"}])
    tree = {
        "result": {"results": Items("refund_message", [{"pic_urls": pictures}])},
        "request_id": "r",
    }

    assert write_json("x_response", tree, simplify=True) == (
        '{"result":{"results":[{"pic_urls":[{"url":"u"}]}]},"request_id":"r"}'
    )


def test_simplify_keeps_the_error_root():
    """Errors are wrapped all the same."""
    assert write_json("error_response", {"code": 22, "msg": "Invalid method"}, simplify=True) == (
        '{"error_response":{"code":22,"msg":"Invalid method"}}'
    )


@pytest.mark.parametrize("simplify", [False, True])
def test_absent_values_are_left_out(simplify):
    """None is never written as null, neither at the top nor within."""
    tree = {
        "a": None,
        "result": {"b": None, "c": 0, "d": "", "e": False},
        "rows": Items("row", [{"f": None, "g": 1}]),
    }

    read = json.loads(write_json("x_response", tree, simplify=simplify))

    assert read == (
        {"result": {"c": 0, "d": "", "e": False}, "rows": [{"g": 1}]}
        if simplify
        else {"x_response": {"result": {"c": 0, "d": "", "e": False}, "rows": {"row": [{"g": 1}]}}}
    )


def test_an_empty_list_that_is_there_is_an_empty_object():
    """A list that is not null but empty is `{}`, as a recorded answer shows."""
    assert (
        write_json("x_response", {"results": Items("exchange", [])})
        == '{"x_response":{"results":{}}}'
    )


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("换货单不存在", '"换货单不存在"'),
        ("😀", '"😀"'),
        ("a/b", '"a/b"'),
        ('say "hi"', r'"say \"hi\""'),
        ("C:\\user", r'"C:\\user"'),
        ("\\u4e00", r'"\\u4e00"'),
        ("\\\x01u4e00", r'"\\u4e00"'),
        ("a\nb\tc\r", r'"a\nb\tc\r"'),
        ("\x00a\x1bb\x1f", '"ab"'),
        ("\u2028\x7f\xa0", '"\u2028\x7f\xa0"'),
        ("<&>'", '"<&>\'"'),
        (2**53 + 1, "9007199254740993"),
        (-(2**63), "-9223372036854775808"),
        (True, "true"),
        (0, "0"),
    ],
)
def test_values_are_written_raw(value, written):
    """UTF-8 stays raw, `/` is not escaped, ids have every digit.

    There is no `\\uXXXX`, not even for controls.
    """
    assert write_json("r", {"v": value}) == '{"r":{"v":' + written + "}}"


@pytest.mark.slow
@settings(deadline=None)
@given(tree=TREES, simplify=st.booleans())
def test_json_round_trip(tree, simplify):
    """Any reply reads back as it was, in order.

    Except for characters that only `\\uXXXX` could write.
    """
    text = write_json("x_response", tree, simplify=simplify)

    expected = _expected(tree, simplify=simplify)
    read = json.loads(text)
    assert read == (expected if simplify else {"x_response": expected})
    assert list(read if simplify else read["x_response"]) == list(tree)


@settings(deadline=None)
@given(tree=TREES, simplify=st.booleans())
def test_no_unicode_escape_is_ever_written(tree, simplify):
    """The official Java reader mis-decodes them, so none appears whatever the texts hold."""
    text = write_json("x_response", tree, simplify=simplify)

    assert "\\u" not in text.replace("\\\\", "")


def test_plain_json_becomes_a_tree():
    """An object whose one member is a list is a list of named items; other lists stay bare."""
    plain = {"a": {"exchange": [{"num": 2}, {"ids": {"id": ["1"]}}]}, "b": [{"c": 1}, 2], "d": "x"}

    assert parse_tree(plain) == {
        "a": Items("exchange", [{"num": 2}, {"ids": Items("id", ["1"])}]),
        "b": [{"c": 1}, 2],
        "d": "x",
    }


@pytest.mark.slow
@settings(deadline=None)
@given(TREES)
def test_a_reply_that_was_read_writes_the_same_reply(tree):
    """What was parsed from a reply is written as that reply again."""
    text = write_json("r", tree)

    assert write_json("r", parse_tree(json.loads(text)["r"])) == text


@pytest.mark.parametrize(
    "text",
    ["1e3", "-0", "1.0", "0.1000000000000000055511", "1E-7", "12345678901234567890", "9" * 5000],
)
def test_a_number_is_written_again_as_it_was(text):
    """Exponents, zeros with a sign, all digits: what was read is what is written."""
    tree = {"number": parse_json(f'{{"number": [{text}]}}'.encode())["number"]}
    assert write_json("r", tree) == f'{{"r":{{"number":[{text}]}}}}'


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" + "0" * 400 + ".5", "[1,]", ""]
)
def test_what_no_json_reader_takes_is_refused(text):
    """Not a number, infinities, and numbers above all doubles are no JSON."""
    with pytest.raises(ValueError):
        parse_json(text.encode())


def test_json_of_another_encoding_is_refused():
    """JSON is UTF-8."""
    with pytest.raises(ValueError):
        parse_json('{"a": "换货"}'.encode("gb18030"))
