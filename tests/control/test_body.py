"""A body that is no JSON is named for what it is, with what to do."""

import pytest

from mockserver.control.body import decode_body
from mockserver.world.document import BadDocument

TEXT = '{"reason": "尺码不合适"}'


@pytest.mark.parametrize(
    ("raw", "zh", "en"),
    [
        (TEXT.encode("gbk"), "GBK", "chcp 65001"),
        (TEXT.encode("utf-16"), "UTF-16", "UTF-8 file"),
        (TEXT.encode("utf-16-be"), "UTF-16", "--data-binary"),
        (b'{"a": "\xff\xff"}', "第 8 个字节", "byte 8"),
        (f"'{TEXT}'".encode(), "单引号", "cmd.exe"),
        (TEXT.replace('"', '\\"').encode(), "反斜杠", "backslash"),
        (b'{"reason": "\\ud83d"}', "代理字符", "surrogate"),
        (b'{"reason": "\xe5\xb0\xba', "中断", "cut off"),
        (b'{"reason": "x"', "中断", "line 1, column 15: cut off"),
        (b'{"reason": "x",}', "多余的逗号", "a comma too many"),
        (b'{"num": 1E400}', "超出范围", "out of range"),
        (b"reason=x&num=1", "表单", "a form"),
        (b'{"a": 1\n "b": 2}', "第 2 行第 2 列", "line 2, column 2"),
        (b"[" * 100_000, "嵌套太深", "too deep"),
        (b"{'a': 1}", "第 1 行第 2 列", "line 1, column 2"),
    ],
)
def test_a_body_in_another_form_is_named(raw, zh, en):
    """Both sentences say what it is; what can be done stands beside it."""
    for verbatim in (False, True):
        with pytest.raises(BadDocument) as caught:
            decode_body(raw, verbatim=verbatim)
        assert caught.value.field == "body"
        assert zh in caught.value.zh and en in caught.value.en
        assert len(caught.value.zh) < 200


def test_a_mark_of_utf8_is_read_over():
    """Editors on Windows write a mark before UTF-8; it is no part of the text."""
    assert decode_body(TEXT.encode("utf-8-sig")) == {"reason": "尺码不合适"}
