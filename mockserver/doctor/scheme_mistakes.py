"""Mistakes about order, separators and encoding of the string, then about digest and secret."""

from .mistake import SECRET_ENDS, SECRET_ENDS_ZH, Mistake
from .signature_schemes import (
    alter_secret,
    change_settings,
    keep_order,
    pad_secret,
    sort_groups,
    sort_otherwise,
    use_credential_as_secret,
    use_other_form_of_secret,
    use_other_hash,
    use_other_method,
    use_other_secret,
)
from .value_changes import BOM

__all__ = ["SCHEME_MISTAKES"]

SCHEME_MISTAKES: tuple[Mistake, ...] = (
    # in which order, how joined, how encoded
    Mistake(
        id="unsorted",
        zh="不排序，按发送的顺序拼接",
        rule_zh="先按参数名排序(ASCII)",
        en="join parameters unsorted",
        rule_en="parameters are sorted by name (ASCII)",
        change_scheme=keep_order,
    ),
    Mistake(
        id="sorted_apart",
        zh="两组参数各自排序再相接({})",
        rule_zh="全部参数合在一起排序",
        en="sort two groups apart ({})",
        rule_en="all parameters are sorted together",
        change_scheme=sort_groups,
    ),
    Mistake(
        id="other_order",
        zh="用别的顺序排序({})",
        rule_zh="按参数名的 ASCII 顺序：大写、下划线、小写",
        en="sort in another order ({})",
        rule_en="the order is ASCII: upper case, underscore, lower case",
        change_scheme=sort_otherwise,
    ),
    Mistake(
        id="query_style",
        zh="拼成 {} 的样子",
        rule_zh="名和值直接相接，没有 = 和 &",
        en="join them like {}",
        rule_en="names and values stand side by side, without = and &",
        change_scheme=change_settings(
            ("k=v&k=v", {"value_separator": "=", "pair_separator": "&"}),
            ("k=vk=v", {"value_separator": "="}),
            ("kv&kv", {"pair_separator": "&"}),
            ("k:vk:v", {"value_separator": ":"}),
            ("kv,kv", {"pair_separator": ","}),
        ),
    ),
    Mistake(
        id="values_only",
        zh="只拼值，没有拼参数名",
        rule_zh="每个参数拼“名+值”",
        en="join values without names",
        rule_en="each parameter is its name and its value",
        change_scheme=change_settings(("", {"with_names": False})),
    ),
    Mistake(
        id="gbk",
        zh="用 GBK 编码签名",
        rule_zh="用 UTF-8 签名和发送",
        en="sign in GBK",
        rule_en="UTF-8 is signed and sent",
        change_scheme=change_settings(
            *(
                ("", {"encoding": name})
                for name in ("GBK", "GB18030", "GBK, ??", "GBK, -", "GB2312")
            ),
            foreign=True,
        ),
    ),
    Mistake(
        id="latin1",
        zh="用 {} 签名，它没有的字变成了 ?",
        rule_zh="用 UTF-8 签名，例如 Java 的 getBytes(UTF_8)",
        en="sign in {}, which writes ? for what it lacks",
        rule_en="UTF-8 is signed, e.g. Java's getBytes(UTF_8)",
        change_scheme=change_settings(
            *(
                (name.partition(",")[0], {"encoding": name})
                for name in ("Latin-1", "ASCII", "cp1252", "Latin-1, ??", "ASCII, ??", "cp1252, ??")
            ),
            foreign=True,
        ),
    ),
    Mistake(
        id="low_bytes",
        zh="没有指明编码，每个字只签了低 8 位",
        rule_zh='用 UTF-8 签名，例如 Node 的 hash.update(text, "utf8")',
        en="name no encoding, so that the low byte of each character is signed",
        rule_en='UTF-8 is signed, e.g. hash.update(text, "utf8") in Node',
        change_scheme=change_settings(("", {"encoding": "low bytes"}), foreign=True),
    ),
    Mistake(
        id="cesu8",
        zh="表情符号按 CESU-8(Java 的 modified UTF-8)签名",
        rule_zh="用 UTF-8 签名：U+FFFF 以上的字是 4 个字节，例如 Java 的 getBytes(UTF_8)",
        en="sign emoji in CESU-8 (Java's modified UTF-8)",
        rule_en="UTF-8 is signed, with 4 bytes above U+FFFF, e.g. Java's getBytes(UTF_8)",
        change_scheme=change_settings(("", {"encoding": "CESU-8"}), foreign=True),
    ),
    Mistake(
        id="utf16",
        zh="用 {} 签名",
        rule_zh="用 UTF-8 签名，例如 .NET 的 Encoding.UTF8",
        en="sign in {}",
        rule_en="UTF-8 is signed, e.g. .NET's Encoding.UTF8",
        change_scheme=change_settings(
            ("UTF-16LE", {"encoding": "UTF-16LE"}),
            ("UTF-16BE", {"encoding": "UTF-16BE"}),
            ("UTF-16LE + BOM", {"encoding": "UTF-16LE", "bom": b"\xff\xfe"}),
            ("UTF-16BE + BOM", {"encoding": "UTF-16BE", "bom": b"\xfe\xff"}),
        ),
    ),
    Mistake(
        id="other_encoding",
        zh="用 {} 签名",
        rule_zh="用 UTF-8 签名和发送",
        en="sign in {}",
        rule_en="UTF-8 is signed and sent",
        change_scheme=change_settings(
            *(
                (name, {"encoding": name})
                for name in ("UTF-7", "Big5", "Shift_JIS", "EUC-KR", "UTF-32LE", "UTF-32BE")
            ),
            foreign=True,
        ),
    ),
    Mistake(
        id="characters_dropped",
        zh="签名时丢掉了编码不了的字({})",
        rule_zh="用 UTF-8 签名，不丢字(iconv 不要用 //IGNORE)",
        en="drop what the encoding lacks before signing ({})",
        rule_en="UTF-8 is signed whole (iconv without //IGNORE)",
        change_scheme=change_settings(("ASCII", {"encoding": "ASCII, -"}), foreign=True),
    ),
    # with which digest, which secret
    Mistake(
        id="other_method",
        zh="摘要用的是 {}",
        rule_zh="sign_method 要写实际所用的摘要，省略时按 md5",
        en="digest by {}",
        rule_en="sign_method names the digest used; without it, md5",
        change_scheme=use_other_method,
    ),
    Mistake(
        id="secret_front",
        zh="只在字符串前面拼密钥",
        rule_zh=SECRET_ENDS_ZH,
        en="put the secret only before the string",
        rule_en=SECRET_ENDS,
        change_scheme=change_settings(
            ("", {"keyed": False, "secret_first": True, "secret_last": False})
        ),
    ),
    Mistake(
        id="secret_back",
        zh="只在字符串后面拼密钥",
        rule_zh=SECRET_ENDS_ZH,
        en="put the secret only after the string",
        rule_en=SECRET_ENDS,
        change_scheme=change_settings(
            ("", {"keyed": False, "secret_first": False, "secret_last": True})
        ),
    ),
    Mistake(
        id="secret_absent",
        zh="没有用密钥",
        rule_zh=SECRET_ENDS_ZH,
        en="use no secret",
        rule_en=SECRET_ENDS,
        change_scheme=change_settings(
            ("", {"keyed": False, "secret_first": False, "secret_last": False})
        ),
    ),
    Mistake(
        id="secret_in_hmac",
        zh="HMAC 之外又在字符串前后拼了密钥",
        rule_zh=SECRET_ENDS_ZH,
        en="put the secret into an HMAC's string too",
        rule_en=SECRET_ENDS,
        change_scheme=change_settings(
            ("", {"keyed": True, "secret_first": True, "secret_last": True})
        ),
    ),
    Mistake(
        id="secret_parameter",
        zh="把密钥当作参数接在后面({}…)",
        rule_zh=f"那是其他平台的规则；{SECRET_ENDS_ZH}",
        en="append the secret as a parameter ({}…)",
        rule_en=f"other platforms do that; {SECRET_ENDS}",
        change_scheme=change_settings(
            *(
                (
                    joint,
                    {
                        "keyed": False,
                        "secret_first": False,
                        "secret_last": True,
                        "secret_separator": joint,
                        "value_separator": "=",
                        "pair_separator": "&",
                    },
                )
                for joint in ("&key=", "&secret=", "&app_secret=", "&")
            )
        ),
    ),
    Mistake(
        id="other_hash",
        zh="摘要用的是 {}",
        rule_zh="只有 md5、hmac(HMAC-MD5)、hmac-sha256 三种",
        en="digest by {}",
        rule_en="there are md5, hmac (HMAC-MD5) and hmac-sha256",
        change_scheme=use_other_hash,
    ),
    Mistake(
        id="hash_line_end",
        zh="密钥之后又多了一个换行",
        rule_zh="摘要的输入末尾没有换行(echo 会加，printf 不会)",
        en="digest a line end after all",
        rule_en="nothing follows (echo adds a line end, printf does not)",
        change_scheme=change_settings(("", {"suffix": "\n"}), ("", {"suffix": "\r\n"})),
    ),
    Mistake(
        id="string_nul",
        zh="把字符串末尾的 NUL 也算进了摘要",
        rule_zh="摘要的长度用 strlen，不用 sizeof",
        en="digest the NUL that ends the string",
        rule_en="the length is strlen's, not sizeof's",
        change_scheme=change_settings(("", {"suffix": "\0"})),
    ),
    Mistake(
        id="secret_form",
        zh="用密钥的另一形式(沙箱形式以 sandbox 开头)",
        rule_zh="沙箱与正式环境的密钥前 7 位不同，本服务里是另一个",
        en="use the other form of the secret (the sandbox form begins with sandbox)",
        rule_en=(
            "sandbox and production secrets differ in their first seven characters; this server "
            "has the other one"
        ),
        change_scheme=use_other_form_of_secret,
        grade="inferred",
    ),
    Mistake(
        id="other_secret",
        zh="用 app_key {} 的密钥",
        rule_zh="每个 app_key 用自己的密钥",
        en="use the secret of app_key {}",
        rule_en="each app_key has its own secret",
        change_scheme=use_other_secret,
    ),
    Mistake(
        id="secret_blanks",
        zh="密钥带着空白或换行",
        rule_zh="读密钥时去掉两端的空白和换行",
        en="have white space around the secret",
        rule_en="a secret is read without blanks and line ends",
        change_scheme=pad_secret(("", "\n"), ("", "\r\n"), ("", " "), (" ", ""), ("", "\t")),
    ),
    Mistake(
        id="secret_quoted",
        zh="密钥带着引号",
        rule_zh="读密钥时去掉引号(.env、YAML 里常见)",
        en="have quotes around the secret",
        rule_en="a secret is read without its quotes (.env, YAML)",
        change_scheme=pad_secret(('"', '"'), ("'", "'")),
    ),
    Mistake(
        id="secret_bom",
        zh="密钥开头带着 BOM",
        rule_zh="密钥文件存成不带 BOM 的 UTF-8",
        en="have a BOM before the secret",
        rule_en="the secret's file is UTF-8 without a BOM",
        change_scheme=pad_secret((BOM, "")),
    ),
    Mistake(
        id="secret_case",
        zh="改了密钥的大小写",
        rule_zh="密钥原样使用",
        en="change the secret's case",
        rule_en="a secret is used as it is",
        change_scheme=alter_secret(str.lower, str.upper),
    ),
    Mistake(
        id="secret_cut",
        zh="密钥少了头或尾的一个字符",
        rule_zh="复制完整的密钥",
        en="lose a character at the secret's start or end",
        rule_en="the whole secret is needed",
        change_scheme=alter_secret(lambda secret: secret[1:], lambda secret: secret[:-1]),
    ),
    Mistake(
        id="secret_mixed_up",
        zh="把 {} 当成密钥",
        rule_zh="密钥是 app_secret",
        en="use {} as the secret",
        rule_en="the secret is the app_secret",
        change_scheme=use_credential_as_secret,
    ),
)
