"""The known mistakes of signing: the name of each, what it is, the rule it breaks, and what it changes.

Rows are tried in order, alone and then in pairs, so the special stand before the general.  `grade` and
`source` say how the broken rule is known, as everywhere: documented, inferred or assumed.
"""

from html import escape
from json import dumps

from msgspec import Struct

from .binding import SYSTEM
from .doctor_drafts import (
    BOM,
    DECODED,
    ENCODED,
    DraftChange,
    absent_session,
    altered,
    as_on_the_wire,
    body_left_out,
    case_changed,
    constants_added,
    empty_added,
    empty_as,
    files_added,
    form_appended,
    framed,
    json_members,
    kept,
    one_left_out,
    other_session,
    plus_bare,
    recoded,
    settings_changed,
    sign_added,
    swapped,
    tailed,
    time_again,
    time_elsewhere,
    time_written,
    without,
)
from .doctor_ways import (
    WayChange,
    apart,
    other_hash,
    other_method,
    other_orders,
    other_secrets,
    secret_altered,
    secret_form,
    secret_mixed_up,
    secret_padded,
    unsorted,
    ways,
)

__all__ = ["FORMS", "MISTAKES", "Mistake"]


class Mistake(Struct, frozen=True, kw_only=True):
    """One known mistake.

    "Your sign matches if you `en`: `rule_en`", `{}` standing for what tells its variants apart.  `draft` changes
    what is signed, `way` how; a mistake in the form of the sign itself changes neither.
    """

    id: str
    zh: str
    rule_zh: str
    en: str
    rule_en: str
    draft: DraftChange | None = None
    way: WayChange | None = None
    grade: str = "documented"
    source: str = "top"


_SAME_ZH, _SAME = "签名与发送要用同一组参数和值", "what is signed is what is sent"
_ENDS_ZH, _ENDS = "md5 在字符串前后都拼密钥，hmac 把密钥作为 HMAC 的 key", "md5 has the secret at both ends, hmac as the HMAC's key"
_HEX_ZH, _HEX = "签名是大写十六进制", "a sign is upper-case hex"

# seen in the sign itself, whatever was signed; the key is what `doctor.py` sees
FORMS: tuple[Mistake, ...] = (
    Mistake(
        id="lower_hex", zh="把签名写成小写", rule_zh=f"{_HEX_ZH}(平台是否接受小写没有资料，这里不接受)",
        en="write it in lower case",
        rule_en=f"{_HEX} (nobody says whether the platform takes lower case; this server does not)", grade="assumed",
    ),
    Mistake(id="base64_sign", zh="把签名写成 Base64", rule_zh=_HEX_ZH, en="write it in Base64", rule_en=_HEX),
    Mistake(
        id="short_sign", zh="只取 MD5 的 16 位", rule_zh="MD5 签名是完整的 32 位",
        en="send 16 digits of the MD5", rule_en="an MD5 sign has 32 digits",
    ),
    Mistake(
        id="sign_blanks", zh="在签名前后留空白", rule_zh=_HEX_ZH,
        en="leave white space around it", rule_en=_HEX, grade="assumed", source="product",
    ),
)

MISTAKES: tuple[Mistake, ...] = (
    # which parameters
    Mistake(
        id="session_unsigned", zh="不把 session 算进签名", rule_zh="session 和其他参数一样要参与签名",
        en="leave session out of the string to sign", rule_en="session is signed like any other parameter", draft=without("session"),
    ),
    Mistake(
        id="sign_method_unsigned", zh="不把 sign_method 算进签名", rule_zh="只有 sign 和文件不参与签名，sign_method 要参与",
        en="leave sign_method out of the string to sign", rule_en="only sign and files are left out", draft=without("sign_method"),
    ),
    Mistake(
        id="raw_body_unsigned", zh="不把 JSON/XML 请求体接在参数后面", rule_zh="原始请求体接在排好序的参数之后一起签",
        en="leave the raw JSON or XML body out",
        rule_en="a raw body is appended to the sorted parameters", draft=body_left_out, source="sdk",
    ),
    Mistake(
        id="body_unsigned", zh="只签查询串里的参数，不签请求体里的", rule_zh="查询串与请求体的参数一起签",
        en="leave out the parameters of the body", rule_en="parameters of query and body are signed together",
        draft=kept(lambda sent, name, value: name in sent.by_query or not sent.by_query), source="sdk",
    ),
    Mistake(
        id="query_unsigned", zh="只签请求体里的参数，不签查询串里的", rule_zh="查询串与请求体的参数一起签",
        en="leave out the parameters of the query", rule_en="parameters of query and body are signed together",
        draft=kept(lambda sent, name, value: name not in sent.by_query), source="sdk",
    ),
    Mistake(
        id="business_unsigned", zh="只签系统参数，不签业务参数", rule_zh="业务参数也要参与签名",
        en="sign system parameters only",
        rule_en="business parameters are signed too", draft=kept(lambda sent, name, value: name in SYSTEM),
    ),
    Mistake(
        id="system_unsigned", zh="只签业务参数，不签系统参数", rule_zh="系统参数(method、app_key、timestamp…)也要参与签名",
        en="sign business parameters only", rule_en="system parameters (method, app_key, timestamp…) are signed too",
        draft=kept(lambda sent, name, value: name not in SYSTEM),
    ),
    Mistake(
        id="empty_unsigned", zh="签名时跳过空值参数，却又把它们发了出去", rule_zh="发送的空值参数要参与签名(只拼参数名)，不想签就不要发",
        en="skip empty parameters in the sign and send them",
        rule_en="an empty parameter that is sent is signed by its bare name; or do not send it",
        draft=kept(lambda sent, name, value: bool(value.strip())), grade="inferred", source="sdk",
    ),
    Mistake(
        id="empty_signed", zh="把没有发送的空值参数 {} 也算进签名", rule_zh="只签实际发送的参数",
        en="sign {} without value and do not send it", rule_en=_SAME, draft=empty_added, grade="inferred", source="sdk",
    ),
    Mistake(
        id="null_signed", zh="把空值与文字 {} 混为一谈", rule_zh="空值参数只拼参数名；发送什么就签什么",
        en="take an empty value and the word {} for the same", rule_en=_SAME, draft=empty_as("null", "None", "undefined", "nil"),
    ),
    Mistake(
        id="constant_unsent", zh="签了 {} 却没有发送", rule_zh=_SAME_ZH,
        en="sign {} and do not send it", rule_en=_SAME, draft=constants_added,
    ),
    Mistake(
        id="session_unsent", zh="签了 session 却没有发送", rule_zh=_SAME_ZH,
        en="sign a session and do not send it", rule_en=_SAME, draft=absent_session,
    ),
    Mistake(
        id="session_changed", zh="签的是另一个 session", rule_zh=_SAME_ZH, en="sign another session than you send",
        rule_en=_SAME, draft=other_session,
    ),
    Mistake(
        id="setting_changed", zh="签的是 {}，发送的却是另一个值", rule_zh=_SAME_ZH,
        en="sign {} and send another value", rule_en=_SAME, draft=settings_changed,
    ),
    Mistake(
        id="added_later", zh="不把 {} 算进签名", rule_zh="签名之后不能再加参数；只有 sign 和文件不参与签名",
        en="leave {} out of the string to sign",
        rule_en="nothing is added after signing; only sign and files are left out", draft=one_left_out,
    ),
    Mistake(
        id="file_signed", zh="把文件也算进签名({})", rule_zh="文件(byte[])不参与签名", en="sign the file too ({})",
        rule_en="files (byte[]) are not signed",
        draft=files_added,
    ),
    Mistake(
        id="sign_signed", zh="把 sign 自己也算进签名", rule_zh="sign 不参与签名",
        en="sign the name sign itself", rule_en="sign is not signed", draft=sign_added,
    ),
    Mistake(
        id="form_appended", zh="把表单请求体的原文接在后面", rule_zh="只有 JSON/XML 请求体才接在后面，表单参数按“名+值”拼接",
        en="append the form body as it stands", rule_en="only a raw JSON or XML body is appended; a form's parameters are joined by name",
        draft=form_appended, source="sdk",
    ),
    Mistake(
        id="json_members_signed", zh="把 JSON 请求体的成员当作参数来签", rule_zh="原始请求体整段接在参数之后",
        en="sign the members of the JSON body as parameters", rule_en="a raw body is appended whole", draft=json_members, source="sdk",
    ),
    Mistake(
        id="name_case", zh="签名时改了参数名的大小写({})", rule_zh="参数名按发送的样子签",
        en="change the case of names in the sign ({})", rule_en="names are signed as they are sent", draft=case_changed,
    ),
    Mistake(
        id="prefixed", zh="在字符串前面加上 {}", rule_zh="待签名字符串前面没有路径、方法名或 HTTP 动词，那是其他平台的规则",
        en="put {} before the string", rule_en="no path, method or verb stands before the string; other platforms have that",
        draft=framed(lambda sent: "/router/rest", lambda sent: dict(sent.pairs).get("method", ""), lambda sent: "POST", lambda sent: "GET"),
    ),
    # which values
    Mistake(
        id="wire_signed", zh="用 URL 编码后的值签名", rule_zh="用原始值签名，发送时才编码",
        en="sign the URL-encoded values", rule_en="raw values are signed; encoding comes with sending", draft=as_on_the_wire,
    ),
    Mistake(
        id="urlencoded", zh="先 URL 编码再签名({})", rule_zh="用原始值签名，发送时才编码",
        en="URL-encode values before signing ({})", rule_en="raw values are signed; encoding comes with sending", draft=altered(*ENCODED),
    ),
    Mistake(
        id="encoded_twice", zh="签的是原始值，发送时却编码了两次({})", rule_zh="值只编码一次，HTTP 库通常已经会编码",
        en="encode values twice on the way ({})",
        rule_en="values are encoded once, and HTTP libraries usually do it", draft=altered(*DECODED, each=True),
    ),
    Mistake(
        id="plus_bare", zh="签的是 +，发送时却没有编码({})", rule_zh="+ 要编码成 %2B，否则到达时是空格",
        en="send + without encoding it ({})", rule_en="+ is sent as %2B, or a blank arrives", draft=plus_bare,
    ),
    Mistake(
        id="plus_sent", zh="签的是空格，到达的却是 +", rule_zh="空格变成 + 之后又编码了一次：值只编码一次",
        en="sign a blank where + arrives", rule_en="a blank became + and was encoded again: encode once",
        draft=altered(("", lambda value: value.replace("+", " ")), each=True),
    ),
    Mistake(
        id="value_blanks", zh="签名时去掉了值两端的空白", rule_zh=_SAME_ZH, en="trim values in the sign only",
        rule_en=_SAME, draft=altered(("", str.strip)),
    ),
    Mistake(
        id="line_end", zh="签名时多了一个换行({})", rule_zh="字符串和值的末尾没有换行(echo 会加，printf 不会)",
        en="sign a line end too many ({})",
        rule_en="no line end follows the string or a value (echo adds one, printf does not)", draft=tailed,
    ),
    Mistake(
        id="line_breaks", zh="签名时换行符是 {}，发送时变了", rule_zh="签名之后换行符不能变，multipart 常把 LF 变成 CRLF",
        en="sign line breaks as {} and send others", rule_en="line breaks stay as signed; multipart often turns LF into CRLF",
        draft=altered(("LF", lambda value: value.replace("\r\n", "\n")), ("CRLF", lambda value: value.replace("\r\n", "\n").replace("\n", "\r\n"))),
    ),
    Mistake(
        id="value_bom", zh="值里带着 BOM 发送，签名时却没有", rule_zh="去掉值开头的 BOM(U+FEFF)",
        en="send a BOM that is not signed",
        rule_en="values have no BOM (U+FEFF)", draft=altered(("", lambda value: value.replace(BOM, ""))),
    ),
    Mistake(
        id="string_bom", zh="字符串开头多了 BOM", rule_zh="待签名字符串用不带 BOM 的 UTF-8", en="sign a BOM before the string",
        rule_en="the string is UTF-8 without a BOM",
        draft=framed(lambda sent: BOM),
    ),
    Mistake(
        id="time_written", zh="timestamp 签的是 {}，发送时换了写法", rule_zh=_SAME_ZH,
        en="sign the timestamp as {} and send it in another form", rule_en=_SAME, draft=time_written,
    ),
    Mistake(
        id="time_zone", zh="timestamp 签的是另一时区的 {}", rule_zh="timestamp 只取一次，是 GMT+8", en="sign the timestamp of another zone ({})",
        rule_en="the timestamp is made once, in GMT+8", draft=time_elsewhere,
    ),
    Mistake(
        id="time_twice", zh="取了两次当前时间，签的是 {}", rule_zh="timestamp 只取一次，签名和发送用同一个",
        en="ask for the time twice and sign {}", rule_en="the timestamp is made once, signed and sent", draft=time_again,
    ),
    Mistake(
        id="boolean_case", zh="布尔值签成 {}", rule_zh=_SAME_ZH, en="sign booleans as {}", rule_en=_SAME,
        draft=altered(
            ("True/False", swapped({"true": "True", "false": "False"})), ("true/false", swapped({"True": "true", "False": "false"})), words=True,
        ),
    ),
    Mistake(
        id="list_blanks", zh="签名时列表用“{}”分隔，发送时不同", rule_zh=_SAME_ZH, en="sign lists with '{}' between items and send others", rule_en=_SAME,
        draft=altered((",", lambda value: value.replace(", ", ",")), (", ", lambda value: value.replace(",", ", "))),
    ),
    Mistake(
        id="escaped", zh="签的是转义后的值({})", rule_zh="用原始值签名", en="sign escaped values ({})", rule_en="raw values are signed",
        draft=altered(
            ("\\uXXXX", lambda value: dumps(value)[1:-1]), ("JSON", lambda value: dumps(value, ensure_ascii=False)[1:-1]), ("HTML", escape),
        ),
    ),
    Mistake(
        id="mojibake", zh="中文在签名与发送之间变了码({})", rule_zh="全程使用 UTF-8", en="change the encoding of Chinese between signing and sending ({})",
        rule_en="UTF-8 all the way",
        draft=altered(("UTF-8 → Latin-1", lambda value: value.encode("utf-8", "replace").decode("latin-1")), ("Latin-1 → UTF-8", recoded)),
    ),
    # in which order, how joined, how encoded
    Mistake(
        id="unsorted", zh="不排序，按发送的顺序拼接", rule_zh="先按参数名排序(ASCII)", en="join parameters unsorted",
        rule_en="parameters are sorted by name (ASCII)", way=unsorted,
    ),
    Mistake(
        id="sorted_apart", zh="两组参数各自排序再相接({})", rule_zh="全部参数合在一起排序", en="sort two groups apart ({})",
        rule_en="all parameters are sorted together", way=apart,
    ),
    Mistake(
        id="other_order", zh="用别的顺序排序({})", rule_zh="按参数名的 ASCII 顺序：大写、下划线、小写", en="sort in another order ({})",
        rule_en="the order is ASCII: upper case, underscore, lower case", way=other_orders,
    ),
    Mistake(
        id="query_style", zh="拼成 {} 的样子", rule_zh="名和值直接相接，没有 = 和 &", en="join them like {}",
        rule_en="names and values stand side by side, without = and &",
        way=ways(
            ("k=v&k=v", {"between": "=", "after": "&"}), ("k=vk=v", {"between": "="}), ("kv&kv", {"after": "&"}), ("k:vk:v", {"between": ":"}),
            ("kv,kv", {"after": ","}),
        ),
    ),
    Mistake(
        id="values_only", zh="只拼值，没有拼参数名", rule_zh="每个参数拼“名+值”", en="join values without names",
        rule_en="each parameter is its name and its value", way=ways(("", {"names": False})),
    ),
    Mistake(
        id="gbk", zh="用 GBK 编码签名", rule_zh="用 UTF-8 签名和发送", en="sign in GBK", rule_en="UTF-8 is signed and sent",
        way=ways(("", {"codec": "gbk"}), ("", {"codec": "gb18030"}), foreign=True),
    ),
    Mistake(
        id="latin1", zh="用 Latin-1 或 ASCII 签名，中文变成了 ?", rule_zh="用 UTF-8 签名，例如 Java 的 getBytes(UTF_8)",
        en="sign in Latin-1 or ASCII, where Chinese becomes ?", rule_en="UTF-8 is signed, e.g. Java's getBytes(UTF_8)",
        way=ways(("", {"codec": "latin-1"}), foreign=True),
    ),
    Mistake(
        id="utf16", zh="用 UTF-16 签名", rule_zh="用 UTF-8 签名，例如 .NET 的 Encoding.UTF8", en="sign in UTF-16",
        rule_en="UTF-8 is signed, e.g. .NET's Encoding.UTF8", way=ways(("", {"codec": "utf-16-le"})),
    ),
    # with which digest, which secret
    Mistake(
        id="other_method", zh="摘要用的是 {}", rule_zh="sign_method 要写实际所用的摘要，省略时按 md5", en="digest by {}",
        rule_en="sign_method names the digest used; without it, md5", way=other_method,
    ),
    Mistake(
        id="secret_front", zh="只在字符串前面拼密钥", rule_zh=_ENDS_ZH, en="put the secret only before the string", rule_en=_ENDS,
        way=ways(("", {"keyed": False, "front": True, "back": False})),
    ),
    Mistake(
        id="secret_back", zh="只在字符串后面拼密钥", rule_zh=_ENDS_ZH, en="put the secret only after the string", rule_en=_ENDS,
        way=ways(("", {"keyed": False, "front": False, "back": True})),
    ),
    Mistake(
        id="secret_absent", zh="没有用密钥", rule_zh=_ENDS_ZH, en="use no secret", rule_en=_ENDS,
        way=ways(("", {"keyed": False, "front": False, "back": False})),
    ),
    Mistake(
        id="secret_in_hmac", zh="HMAC 之外又在字符串前后拼了密钥", rule_zh=_ENDS_ZH, en="put the secret into an HMAC's string too", rule_en=_ENDS,
        way=ways(("", {"keyed": True, "front": True, "back": True})),
    ),
    Mistake(
        id="secret_parameter", zh="把密钥当作参数接在后面({}…)", rule_zh=f"那是其他平台的规则；{_ENDS_ZH}", en="append the secret as a parameter ({}…)",
        rule_en=f"other platforms do that; {_ENDS}",
        way=ways(*(
            (joint, {"keyed": False, "front": False, "back": True, "joint": joint, "between": "=", "after": "&"})
            for joint in ("&key=", "&secret=", "&app_secret=", "&")
        )),
    ),
    Mistake(
        id="other_hash", zh="摘要用的是 {}", rule_zh="只有 md5、hmac(HMAC-MD5)、hmac-sha256 三种", en="digest by {}",
        rule_en="there are md5, hmac (HMAC-MD5) and hmac-sha256", way=other_hash,
    ),
    Mistake(
        id="hash_line_end", zh="密钥之后又多了一个换行", rule_zh="摘要的输入末尾没有换行(echo 会加，printf 不会)", en="digest a line end after all",
        rule_en="nothing follows (echo adds a line end, printf does not)", way=ways(("", {"end": "\n"}), ("", {"end": "\r\n"})),
    ),
    Mistake(
        id="secret_form", zh="用密钥的另一形式(沙箱形式以 sandbox 开头)", rule_zh="沙箱与正式环境的密钥前 7 位不同，本服务里是另一个",
        en="use the other form of the secret (the sandbox form begins with sandbox)",
        rule_en="sandbox and production secrets differ in their first seven characters; this server has the other one", way=secret_form, grade="inferred",
    ),
    Mistake(
        id="other_secret", zh="用 app_key {} 的密钥", rule_zh="每个 app_key 用自己的密钥", en="use the secret of app_key {}",
        rule_en="each app_key has its own secret", way=other_secrets,
    ),
    Mistake(
        id="secret_blanks", zh="密钥带着空白或换行", rule_zh="读密钥时去掉两端的空白和换行", en="have white space around the secret",
        rule_en="a secret is read without blanks and line ends", way=secret_padded(("", "\n"), ("", "\r\n"), ("", " "), (" ", ""), ("", "\t")),
    ),
    Mistake(
        id="secret_quoted", zh="密钥带着引号", rule_zh="读密钥时去掉引号(.env、YAML 里常见)", en="have quotes around the secret",
        rule_en="a secret is read without its quotes (.env, YAML)", way=secret_padded(('"', '"'), ("'", "'")),
    ),
    Mistake(
        id="secret_bom", zh="密钥开头带着 BOM", rule_zh="密钥文件存成不带 BOM 的 UTF-8", en="have a BOM before the secret",
        rule_en="the secret's file is UTF-8 without a BOM", way=secret_padded((BOM, "")),
    ),
    Mistake(
        id="secret_case", zh="改了密钥的大小写", rule_zh="密钥原样使用", en="change the secret's case", rule_en="a secret is used as it is",
        way=secret_altered(("", str.lower), ("", str.upper)),
    ),
    Mistake(
        id="secret_cut", zh="密钥少了头或尾的一个字符", rule_zh="复制完整的密钥", en="lose a character at the secret's start or end",
        rule_en="the whole secret is needed", way=secret_altered(("", lambda secret: secret[1:]), ("", lambda secret: secret[:-1])),
    ),
    Mistake(
        id="secret_mixed_up", zh="把 {} 当成密钥", rule_zh="密钥是 app_secret", en="use {} as the secret", rule_en="the secret is the app_secret",
        way=secret_mixed_up,
    ),
)
