"""Mistakes about which values are signed, the special before the general."""

from html import escape
from json import dumps

from .content_changes import append_line_end, prepend_text
from .mistake import SAME, SAME_ZH, Mistake
from .value_changes import (
    BOM,
    URL_DECODERS,
    URL_ENCODERS,
    alter_values,
    change_time_zone,
    decode_mojibake,
    replace_words,
    rewrite_timestamp,
    shift_timestamp,
    sign_bare_plus,
    sign_raw_values,
)

__all__ = ["VALUE_MISTAKES"]

VALUE_MISTAKES: tuple[Mistake, ...] = (
    Mistake(
        id="wire_signed",
        zh="用 URL 编码后的值签名",
        rule_zh="用原始值签名，发送时才编码",
        en="sign the URL-encoded values",
        rule_en="raw values are signed; encoding comes with sending",
        change_content=sign_raw_values,
    ),
    Mistake(
        id="urlencoded",
        zh="先 URL 编码再签名({})",
        rule_zh="用原始值签名，发送时才编码",
        en="URL-encode values before signing ({})",
        rule_en="raw values are signed; encoding comes with sending",
        change_content=alter_values(*URL_ENCODERS),
    ),
    Mistake(
        id="encoded_twice",
        zh="签的是原始值，发送时却编码了两次({})",
        rule_zh="值只编码一次，HTTP 库通常已经会编码",
        en="encode values twice on the way ({})",
        rule_en="values are encoded once, and HTTP libraries usually do it",
        change_content=alter_values(*URL_DECODERS, singly=True),
    ),
    Mistake(
        id="plus_bare",
        zh="签的是 +，发送时却没有编码({})",
        rule_zh="+ 要编码成 %2B，否则到达时是空格",
        en="send + without encoding it ({})",
        rule_en="+ is sent as %2B, or a blank arrives",
        change_content=sign_bare_plus,
    ),
    Mistake(
        id="plus_sent",
        zh="签的是空格，到达的却是 +",
        rule_zh="空格变成 + 之后又编码了一次：值只编码一次",
        en="sign a blank where + arrives",
        rule_en="a blank became + and was encoded again: encode once",
        change_content=alter_values(("", lambda value: value.replace("+", " ")), singly=True),
    ),
    Mistake(
        id="value_blanks",
        zh="签名时去掉了值两端的空白",
        rule_zh=SAME_ZH,
        en="trim values in the sign only",
        rule_en=SAME,
        change_content=alter_values(("", str.strip)),
    ),
    Mistake(
        id="line_end",
        zh="签名时多了一个换行({})",
        rule_zh="字符串和值的末尾没有换行(echo 会加，printf 不会)",
        en="sign a line end too many ({})",
        rule_en="no line end follows the string or a value (echo adds one, printf does not)",
        change_content=append_line_end,
    ),
    Mistake(
        id="line_breaks",
        zh="签名时换行符是 {}，发送时变了",
        rule_zh="签名之后换行符不能变，multipart 常把 LF 变成 CRLF",
        en="sign line breaks as {} and send others",
        rule_en="line breaks stay as signed; multipart often turns LF into CRLF",
        change_content=alter_values(
            ("LF", lambda value: value.replace("\r\n", "\n")),
            ("CRLF", lambda value: value.replace("\r\n", "\n").replace("\n", "\r\n")),
        ),
    ),
    Mistake(
        id="value_bom",
        zh="值里带着 BOM 发送，签名时却没有",
        rule_zh="去掉值开头的 BOM(U+FEFF)",
        en="send a BOM that is not signed",
        rule_en="values have no BOM (U+FEFF)",
        change_content=alter_values(("", lambda value: value.replace(BOM, ""))),
    ),
    Mistake(
        id="string_bom",
        zh="字符串开头多了 BOM",
        rule_zh="待签名字符串用不带 BOM 的 UTF-8",
        en="sign a BOM before the string",
        rule_en="the string is UTF-8 without a BOM",
        change_content=prepend_text(lambda call: BOM),
    ),
    Mistake(
        id="time_written",
        zh="timestamp 签的是 {}，发送时换了写法",
        rule_zh=SAME_ZH,
        en="sign the timestamp as {} and send it in another form",
        rule_en=SAME,
        change_content=rewrite_timestamp,
    ),
    Mistake(
        id="time_zone",
        zh="timestamp 签的是另一时区的 {}",
        rule_zh="timestamp 只取一次，是 GMT+8",
        en="sign the timestamp of another zone ({})",
        rule_en="the timestamp is made once, in GMT+8",
        change_content=change_time_zone,
    ),
    Mistake(
        id="time_twice",
        zh="取了两次当前时间，签的是 {}",
        rule_zh="timestamp 只取一次，签名和发送用同一个",
        en="ask for the time twice and sign {}",
        rule_en="the timestamp is made once, signed and sent",
        change_content=shift_timestamp,
    ),
    Mistake(
        id="boolean_case",
        zh="布尔值签成 {}",
        rule_zh=SAME_ZH,
        en="sign booleans as {}",
        rule_en=SAME,
        change_content=alter_values(
            ("True/False", replace_words({"true": "True", "false": "False"})),
            ("true/false", replace_words({"True": "true", "False": "false"})),
            words=True,
        ),
    ),
    Mistake(
        id="list_blanks",
        zh="签名时列表用“{}”分隔，发送时不同",
        rule_zh=SAME_ZH,
        en="sign lists with '{}' between items and send others",
        rule_en=SAME,
        change_content=alter_values(
            (",", lambda value: value.replace(", ", ",")),
            (", ", lambda value: value.replace(",", ", ")),
        ),
    ),
    Mistake(
        id="escaped",
        zh="签的是转义后的值({})",
        rule_zh="用原始值签名",
        en="sign escaped values ({})",
        rule_en="raw values are signed",
        change_content=alter_values(
            ("\\uXXXX", lambda value: dumps(value)[1:-1]),
            ("JSON", lambda value: dumps(value, ensure_ascii=False)[1:-1]),
            ("HTML", escape),
        ),
    ),
    Mistake(
        id="mojibake",
        zh="中文在签名与发送之间变了码({})",
        rule_zh="全程使用 UTF-8",
        en="change the encoding of Chinese between signing and sending ({})",
        rule_en="UTF-8 all the way",
        change_content=alter_values(
            ("UTF-8 → Latin-1", lambda value: value.encode("utf-8", "replace").decode("latin-1")),
            ("Latin-1 → UTF-8", decode_mojibake),
        ),
    ),
)
