"""What can be said of a refused call besides its sign: every sentence in Chinese and English.

A sentence says what was wrong, where, and what is possible.  It has places in braces, which the
examining module fills.  Spellings of other platforms stand in `api/spelling.py`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ..protocol.request_flaws import REQUEST_FLAWS
from .finding import Finding, FindingText

__all__ = ["FINDING_TEXTS", "Finding", "FindingText", "make_finding"]

_MAX_PLACE_CHARACTERS = 100  # of a place that a caller may have written


_ABSENCE_CODES = (21, 24, 26, 28, 30, 32, 40)

FINDING_TEXTS: Mapping[str, FindingText] = MappingProxyType(
    {
        text.id: text
        for text in (
            # any required parameter
            FindingText(
                "other_name",
                _ABSENCE_CODES,
                "没有收到 {name}，收到的是 {given}：TOP 的参数名是 {name}",
                "{name} did not arrive, {given} did: TOP's name is {name}",
            ),
            FindingText(
                "sent_empty",
                _ABSENCE_CODES,
                "收到了 {name}，但值是空的",
                "{name} arrived without a value",
            ),
            FindingText(
                "sent_as_file",
                _ABSENCE_CODES,
                "{name} 是作为文件发送的，应是普通参数",
                "{name} was sent as a file; it is a plain parameter",
            ),
            FindingText(
                "json_body",
                _ABSENCE_CODES,
                "{name} 在 JSON 请求体里：TOP 从查询串和表单读参数，请用 "
                "application/x-www-form-urlencoded",
                "{name} stands in a JSON body: TOP reads parameters from the query and a form "
                "(application/x-www-form-urlencoded)",
            ),
            FindingText(
                "nothing_sent",
                _ABSENCE_CODES,
                "一个参数都没有收到：查询串和请求体都是空的",
                "no parameter arrived: query and body are empty",
            ),
            FindingText(
                "did_you_mean",
                (22, 23, 25, 29),
                "{name} 是 {given}，是否想写 {meant}？",
                "{name} is {given}; did you mean {meant}?",
            ),
            # 25
            FindingText(
                "unknown",
                (25,),
                "没有已知的错误能解释这个签名：多半是密钥不对，或签名之后参数又变了；"
                "请与应签的字符串逐字比对",
                "no known mistake explains this sign: most likely the secret is wrong, or a "
                "parameter changed after signing; compare with the string that should be "
                "signed",
            ),
            FindingText(
                "no_digest",
                (25,),
                "sign 不是摘要：{method} 签名应为 {wanted} 位十六进制，收到 {given} 个字符",
                "sign is no digest: {method} gives {wanted} hex digits, {given} characters arrived",
            ),
            FindingText(
                "digest_length",
                (25,),
                "sign 有 {given} 位，而 {method} 应为 {wanted} 位：实际用的多半是别的摘要",
                "sign has {given} digits, {method} gives {wanted}: most likely another digest "
                "was used",
            ),
            FindingText(
                "too_long",
                (25,),
                "待签名字符串超过 {most} 字节，不作诊断",
                "the string to sign is above {most} bytes and was not diagnosed",
            ),
            # 29
            FindingText(
                "key_form",
                (29,),
                "app_key {given} 不存在，但有它的{form}形式 {known}(沙箱 app_key 是正式 "
                "app_key 前加 10)",
                "app_key {given} is unknown, its other form {known} is here (a sandbox "
                "app_key is 10 and the production one)",
            ),
            FindingText(
                "key_blanks",
                (29,),
                "app_key 带着空白、引号、BOM 或编码，去掉后是 {known}",
                "app_key comes with blanks, quotes, a BOM or an encoding; without them it is "
                "{known}",
            ),
            FindingText(
                "mixed_up",
                (27, 29),
                "{name} 的位置上写的是{what}",
                "what stands in {name} is {what_en}",
            ),
            FindingText(
                "keys_known", (29,), "本服务有的 app_key：{known}", "app_keys here: {known}"
            ),
            # 31
            FindingText(
                "zone_utc",
                (31,),
                "timestamp 相差 8 小时：容器时区是 UTC，应按 GMT+8 生成",
                "timestamp is 8 hours off: the container's zone is UTC, GMT+8 is wanted",
            ),
            FindingText(
                "zone_added",
                (31,),
                "timestamp 早走了 8 小时：GMT+8 的时间又被加了 8 小时",
                "timestamp is 8 hours ahead: 8 hours were added to a time that was GMT+8 already",
            ),
            FindingText(
                "time_off",
                (31,),
                "timestamp 与服务器时间 {now} 相差 {seconds} 秒，允许 {tolerance}",
                "timestamp is {seconds} s off the server's {now}; {tolerance} are allowed",
            ),
            FindingText(
                "clock_12",
                (31,),
                "timestamp 相差 12 小时：像是用了 12 小时制(hh、%I)，应用 24 小时制(HH、%H)；"
                "若程序的时区是 GMT-4，则应改为 GMT+8",
                "timestamp is 12 hours off, as if written by a 12-hour clock (hh, %I): use HH, %H; "
                "if the program's zone is GMT-4, GMT+8 is wanted",
            ),
            FindingText(
                "zone_other",
                (31,),
                "timestamp 恰好相差 {hours} 小时：像是按另一时区生成的，应为 GMT+8",
                "timestamp is {hours} hours off, as if made in another zone; GMT+8 is wanted",
            ),
            FindingText(
                "time_seconds",
                (31,),
                "timestamp 是 10 位秒，应为 13 位毫秒，或 {meant}",
                "timestamp is in seconds; 13 digits of milliseconds are wanted, or {meant}",
            ),
            FindingText(
                "time_form",
                (31, 41),
                "{name} 的写法不对：应写 {meant}",
                "{name} is written in another form: write {meant}",
            ),
            FindingText(
                "two_clocks",
                (31,),
                "独立环境的时钟是 {sandbox}，真实时间是 {real}，与其中一个相差不超过 "
                "{tolerance} 即可",
                "the sandbox's clock shows {sandbox}, the real one {real}; within {tolerance} "
                "of either will do",
            ),
            # 26, 27
            FindingText(
                "session_elsewhere",
                (27,),
                "这个 session 属于独立环境 {sandbox}，那里的 app_key 是 {known}",
                "this session belongs to sandbox {sandbox}, where the app_key is {known}",
            ),
            FindingText(
                "session_blanks",
                (27,),
                "session 带着空白、引号或 BOM，去掉后是 {label} 的 session",
                "session comes with blanks, quotes or a BOM; without them it is {label}'s",
            ),
            FindingText(
                "session_encoded",
                (27,),
                "session 被多编码了一次，解码后是 {label} 的 session",
                "session was encoded once too often; decoded it is {label}'s",
            ),
            FindingText(
                "session_cut",
                (27,),
                "session 只有 {given} 个字符，是 {label} 的 session({wanted} 个字符)被截断了",
                "session has {given} characters: it is {label}'s ({wanted}), cut",
            ),
            FindingText(
                "session_longer",
                (27,),
                "session 以 {label} 的 session 开头，后面多了 {more} 个字符",
                "session begins with {label}'s and has {more} characters more",
            ),
            FindingText(
                "session_case",
                (27,),
                "session 的大小写变了，原样是 {label} 的 session",
                "session has another case than {label}'s",
            ),
            FindingText(
                "session_ended",
                (27,),
                "{label} 的 session 在 {ended} 过期，独立环境现在是 {now}；PATCH "
                "…/sessions/{label} 可改",
                "{label}'s session ended at {ended}, the sandbox's now is {now}; PATCH "
                "…/sessions/{label} changes it",
            ),
            FindingText(
                "sessions_known",
                (26, 27),
                "这个独立环境的账号：{known}",
                "accounts of this sandbox: {known}",
            ),
            # 11, 12
            FindingText(
                "app_methods",
                (11,),
                "app_key {app_key} 只能调用：{known}；PATCH …/apps/{app_key} 可改",
                "app_key {app_key} may call: {known}; PATCH …/apps/{app_key} changes it",
            ),
            FindingText(
                "session_methods",
                (12,),
                "账号 {label} 只能调用：{known}；PATCH …/sessions/{label} 可改",
                "{label} may call: {known}; PATCH …/sessions/{label} changes it",
            ),
            # 41, 47
            FindingText(
                "rounded_number",
                (41,),
                "{name} 的值 {given} 像是浮点数：编号超过 2^53，要用字符串或 64 位整数",
                "{name} is {given}, as a float shows it: ids are beyond 2^53, keep them as "
                "text or 64-bit integers",
            ),
            FindingText(
                "argument_blanks",
                (41,),
                "{name} 的值两端有空白或引号",
                "{name} has blanks or quotes around its value",
            ),
            FindingText(
                "list_commas",
                (41,),
                "{name} 用半角逗号分隔，收到的是别的符号",
                "items of {name} are separated by plain commas; something else arrived",
            ),
            FindingText(
                "status_words", (41,), "{name} 用数字：{meant}", "{name} takes numbers: {meant}"
            ),
            FindingText(
                "boolean_word",
                (41,),
                "{name} 写 {meant}，全小写",
                "{name} is written {meant}, in lower case",
            ),
            FindingText(
                "repeated_where",
                (41,),
                "{name} 出现了 {count} 次：{where}",
                "{name} came {count} times: {where}",
            ),
            FindingText(
                "not_utf8",
                (47,),
                "请求是 {codec} 编码的，应为 UTF-8",
                "the request is in {codec}; UTF-8 is wanted",
            ),
            FindingText(
                "binary_part",
                (47,),
                "{name} 没有文件名，内容却是 {kind}：作为文件发送的部分要有 filename",
                "{name} has no file name and holds {kind}: a part that is a file has a filename",
            ),
            FindingText(
                "binary_value",
                (47,),
                "{name} 的值是 {kind}，不是文字：文件要用 multipart/form-data 发送，并带 filename",
                "{name} holds {kind} and no text: a file is sent as multipart/form-data, "
                "with a filename",
            ),
            FindingText(
                "binary_body",
                (*_ABSENCE_CODES, 47),
                "请求体是 {kind}，不是表单：不要压缩，图片要作为 multipart/form-data 的文件发送",
                "the body is {kind} and no form: send it uncompressed, and a picture as a file "
                "of multipart/form-data",
            ),
            FindingText(
                "body_multipart",
                (*_ABSENCE_CODES, 47),
                "请求体是 multipart，Content-Type 却是 {given}：应为 "
                "multipart/form-data; boundary=…",
                "the body is multipart, its Content-Type is {given}: it should be "
                "multipart/form-data; boundary=…",
            ),
            FindingText(
                "body_xml",
                (*_ABSENCE_CODES, 47),
                "请求体是 XML，Content-Type 是 {given}：TOP 从查询串和表单读参数，"
                "原始 XML 请求体用 text/xml",
                "the body is XML, its Content-Type is {given}: TOP reads parameters from the "
                "query and a form; a raw XML body is text/xml",
            ),
            # business failures (code 0)
            FindingText(
                "near_miss",
                (0,),
                "{zh}",
                "{en}",
                "操作在当前状态下不能进行：说明哪些状态可以、由谁先做什么就能到那里、"
                "哪个时限会关上门",
                "the move is not possible now: at which states it is, who has to do what "
                "first, and which deadline closes the door",
            ),
            FindingText(
                "rounded_id",
                (0,),
                "换货单 {given} 不存在，但有 {known}：编号经过了双精度浮点数，末几位被舍入",
                "no exchange {given}, but {known}: the id went through a double and lost its "
                "last digits",
            ),
            FindingText(
                "other_shop",
                (0,),
                "换货单 {given} 属于同一独立环境的另一个店铺，当前 session 看不到它",
                "exchange {given} is another shop's in this sandbox; this session cannot see it",
            ),
            FindingText(
                "other_sandbox",
                (0,),
                "换货单 {given} 在独立环境 {known} 里：session 与 dispute_id 不是一处的",
                "exchange {given} is in sandbox {known}: session and dispute_id come from two "
                "places",
            ),
            FindingText(
                "trade_id",
                (0,),
                "{given} 是{what}，它的换货单是 {known}",
                "{given} is a {what_en}; its exchange is {known}",
            ),
            FindingText("possible_values", (0,), "{name} 可用：{known}", "{name} may be: {known}"),
            FindingText(
                "stock_left",
                (0,),
                "SKU {sku} 可用库存 {left} 件，需要 {wanted} 件；PUT …/stock/{sku} 可补",
                "SKU {sku} has {left} available, {wanted} wanted; PUT …/stock/{sku} adds some",
            ),
            # requests that are no clean HTTP, at whatever code
            *(
                FindingText(flaw.id, (3,) if flaw.status else (), flaw.zh, flaw.en)
                for flaw in REQUEST_FLAWS
            ),
            FindingText(
                "unexamined",
                (25,),
                "签名还没有诊断：tmall-mockserver doctor <request_id> 会诊断",
                "the sign is not examined yet: tmall-mockserver doctor <request_id> does it",
            ),
            # our own
            FindingText(
                "own_fault",
                (),
                "诊断时出错，请报告：{place}",
                "a fault while diagnosing, please report: {place}",
            ),
        )
    }
)


def make_finding(id: str, at: Mapping[str, Any] | None = None, **places: object) -> Finding:
    """Return the finding of this kind with its places filled; what callers wrote is clipped.

    `at` is where it was found; without it, the filled places say so.
    """
    text = FINDING_TEXTS[id]
    if id != "near_miss":  # its places are whole sentences
        places = {name: _clip(value) for name, value in places.items()}
    sentences = text.zh.format_map(places), text.en.format_map(places)
    return Finding(id, *sentences, places if at is None else at)


def _clip(value: object) -> object:
    if isinstance(value, int):
        return value
    text = str(value)
    return text if len(text) <= _MAX_PLACE_CHARACTERS else text[: _MAX_PLACE_CHARACTERS - 1] + "…"
