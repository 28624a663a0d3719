"""What every call and every reply has besides its method's own: the system parameters, the form.

A method declares its parameters and its reply; these are the same for all methods.  `citations`
name where each is documented.  Sources: docs/spec/top-protocol.md#top-1.2, #top-3.2.
"""

from msgspec import Struct

__all__ = ["REPLY_FORM", "SYSTEM_PARAMETERS", "EnvelopePart"]


class EnvelopePart(Struct, frozen=True):
    """A system parameter, or a matter of the form of replies: its name and what holds of it."""

    name: str
    zh: str
    en: str
    citations: tuple[str, ...]
    title: str = "可选 optional"


_PARAMETER = ("top-1.2",)
_REQUIRED = "必填 required"
_JSON_AND_XML = "JSON、XML"

SYSTEM_PARAMETERS: tuple[EnvelopePart, ...] = (
    EnvelopePart(
        "method",
        "API 名称，例如 tmall.exchange.get",
        "the API's name, such as tmall.exchange.get",
        _PARAMETER,
        title=_REQUIRED,
    ),
    EnvelopePart("app_key", "应用的 key", "the application's key", _PARAMETER, title=_REQUIRED),
    EnvelopePart(
        "session",
        "商家的授权；explain 方法名 说明该方法是否需要",
        "the seller's authorisation; explain METHOD says whether it needs one",
        _PARAMETER,
    ),
    EnvelopePart(
        "timestamp",
        "yyyy-MM-dd HH:mm:ss(GMT+8)、13 位毫秒，或 10 位秒(规则 seconds_timestamp)；"
        "与服务器时间相差不超过 timestamp_tolerance，否则报 31",
        "yyyy-MM-dd HH:mm:ss in GMT+8, 13 digits of milliseconds, or 10 digits of seconds "
        "(rule seconds_timestamp); further off than rule timestamp_tolerance it is error 31",
        ("top-1.2", "evidence-8"),
        title=_REQUIRED,
    ),
    EnvelopePart(
        "format",
        "xml(默认)或 json，应答的格式",
        "xml (the default) or json: the form of the reply",
        _PARAMETER,
    ),
    EnvelopePart("v", "只能是 2.0", "2.0 only", _PARAMETER, title=_REQUIRED),
    EnvelopePart(
        "sign",
        "签名，十六进制大写；对不上报 25，doctor 找出错在哪里",
        "the signature, upper-case hexadecimal; a wrong one is error 25, the doctor finds why",
        ("top-2",),
        title=_REQUIRED,
    ),
    EnvelopePart(
        "sign_method",
        "md5、hmac(HMAC-MD5)或 hmac-sha256；不填按 md5",
        "md5, hmac (HMAC-MD5) or hmac-sha256; md5 if absent",
        _PARAMETER,
    ),
    EnvelopePart(
        "partner_id",
        "SDK 的名称和版本，不影响应答",
        "name and version of the SDK; changes nothing",
        _PARAMETER,
    ),
    EnvelopePart(
        "target_app_key",
        "API 由第三方 ISV 提供时才用，不影响应答",
        "for APIs that an ISV supplies; changes nothing",
        _PARAMETER,
    ),
    EnvelopePart(
        "simplify",
        "true 时 JSON 应答没有根节点和列表元素名；对 XML 无效",
        "if true, a JSON reply has no root and no element names of lists; nothing in XML",
        ("top-3.4",),
    ),
)

REPLY_FORM: tuple[EnvelopePart, ...] = (
    EnvelopePart(
        "key_order",
        "每个对象里的名字按字母排序，request_id 在最后，与见过的真实应答一致；"
        "error_response 是 code、msg、sub_code、sub_msg、request_id；客户端不应依赖顺序",
        "names are alphabetical in each object and request_id stands last, as in every captured "
        "reply; error_response has code, msg, sub_code, sub_msg, request_id; a client must not "
        "rely on the order",
        ("evidence-1", "top-3.2", "top-4.1"),
        title=_JSON_AND_XML,
    ),
    EnvelopePart(
        "request_id",
        "每次调用的编号，应答的最后一项；logs --request 用它查这次调用",
        "the call's number, the last member of a reply; logs --request finds the call by it",
        ("top-3.2",),
        title=_JSON_AND_XML,
    ),
)
