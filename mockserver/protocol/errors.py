"""Platform errors: every code with the text that the gateway writes, and what it means.

`wire` is the spelling on the wire where an answer was seen, else the visible pattern "first word
capitalised, rest lower-case".  Source: docs/spec/top-protocol.md#top-4.
"""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

__all__ = ["CODES", "SUB_CODES", "Code", "SubCode", "TopError", "make_ban_error"]


class Code(Struct, frozen=True):
    """A platform code; `wire` is its text, `observed` in a real reply or made by the pattern."""

    code: int
    wire: str
    zh: str
    en: str
    observed: bool = False


CODES: Mapping[int, Code] = MappingProxyType(
    {
        code.code: code
        for code in (
            Code(1, "Platform System error", "平台系统错误", "platform failure", observed=True),
            Code(
                3,
                "Upload fail",
                "上传失败：请求体超过 8 MiB 或文件无法读取",
                "upload failed: body above 8 MiB or unreadable file",
            ),
            Code(4, "User call limited", "用户调用次数超限", "the user's calls are limited"),
            Code(5, "Session call limited", "会话调用次数超限", "the session's calls are limited"),
            Code(
                6, "Partner call limited", "合作伙伴调用次数超限", "the partner's calls are limited"
            ),
            Code(
                7,
                "App Call Limited",
                "应用调用次数超限",
                "the app's calls are limited",
                observed=True,
            ),
            Code(
                8,
                "App call exceeds limited frequency",
                "应用调用频率超限",
                "the app calls too often",
            ),
            Code(
                9,
                "Http action not allowed",
                "HTTP 方法不允许：只支持 GET 和 POST，带文件必须 POST",
                "only GET and POST; files need POST",
            ),
            Code(10, "Service currently unavailable", "服务不可用", "service unavailable"),
            Code(
                11,
                "Insufficient isv permissions",
                "应用没有此 API 的权限：在证书中心申请，约五个工作日",
                "the app lacks permission for this API",
                observed=True,
            ),
            Code(
                12,
                "Insufficient user permissions",
                "子账号没有此 API 的权限",
                "the sub-account lacks the right",
            ),
            Code(
                13,
                "Insufficient partner permissions",
                "合作伙伴权限不足",
                "the partner lacks the right",
            ),
            Code(
                15,
                "Remote service error",
                "后端服务出错，看 sub_code",
                "the back end failed, see sub_code",
                observed=True,
            ),
            Code(
                21,
                "Missing method",
                "缺少 method 参数",
                "parameter method is missing",
                observed=True,
            ),
            Code(22, "Invalid method", "method 不存在", "no such method", observed=True),
            Code(23, "Invalid format", "format 只能是 xml 或 json", "format is xml or json"),
            Code(24, "Missing signature", "缺少 sign 参数", "parameter sign is missing"),
            Code(
                25,
                "Invalid signature",
                "签名不对，或 sign_method 不是 md5、hmac、hmac-sha256",
                "wrong signature, or sign_method is not md5, hmac or hmac-sha256",
                observed=True,
            ),
            Code(
                26,
                "Missing session",
                "缺少 session 参数：此 API 需要授权",
                "this API needs a session",
                observed=True,
            ),
            Code(
                27,
                "Invalid session",
                "session 无效：不存在、已过期，或不属于此应用",
                "unknown or expired session, or another app's",
                observed=True,
            ),
            Code(
                28,
                "Missing app key",
                "缺少 app_key 参数",
                "parameter app_key is missing",
                observed=True,
            ),
            Code(29, "Invalid app Key", "app_key 不存在", "no such app_key", observed=True),
            Code(30, "Missing timestamp", "缺少 timestamp 参数", "parameter timestamp is missing"),
            Code(
                31,
                "Invalid timestamp",
                "timestamp 格式不对，或与服务器时间相差超过 10 分钟(恰差 8 小时：容器时区是 "
                "UTC，应为 GMT+8)",
                "malformed timestamp, or more than 10 minutes off (8 hours: the container's "
                "zone is UTC, GMT+8 is wanted)",
                observed=True,
            ),
            Code(32, "Missing version", "缺少 v 参数", "parameter v is missing"),
            Code(33, "Invalid version", "v 不是数字", "v is not a number"),
            Code(34, "Unsupported version", "v 只支持 2.0", "only v=2.0 is supported"),
            Code(
                40,
                "Missing required arguments",
                "缺少必填参数",
                "a required parameter is missing",
                observed=True,
            ),
            Code(41, "Invalid arguments", "参数不合法", "a parameter is invalid", observed=True),
            Code(
                42,
                "Insufficient session permissions",
                "授权级别不足",
                "the authorisation is too weak",
                observed=True,
            ),
            Code(43, "Parameter error", "参数错误", "parameter error"),
            Code(44, "Invalid access token", "access token 无效", "invalid access token"),
            Code(47, "Invalid encoding", "请求不是 UTF-8 编码", "the request is not UTF-8"),
        )
    }
)


class SubCode(Struct, frozen=True):
    """A sub_code: how it begins (`name`), the code it comes with, what it means."""

    name: str
    code: int
    zh: str
    en: str
    observed: bool = False


SUB_CODES: tuple[SubCode, ...] = (
    SubCode(
        "isv.missing-parameter",
        40,
        "缺少必填参数，冒号后是参数名",
        "a required parameter is missing; its name follows",
    ),
    SubCode(
        "isv.invalid-parameter",
        41,
        "参数不合法，冒号后是参数名",
        "a parameter is invalid; its name follows",
    ),
    SubCode("isv.appkey-not-exists", 29, "app_key 不存在", "no such app_key", observed=True),
    SubCode(
        "isv.permission-api-package-limit",
        11,
        "应用没有此 API 所在权限包",
        "the app lacks the API's package",
        observed=True,
    ),
    SubCode(
        "isv.permission-ip-whitelist-limit",
        11,
        "调用方 IP 不在白名单",
        "the caller's address is not allowed",
        observed=True,
    ),
    SubCode("invalid-sessionkey", 27, "session 不存在", "unknown session", observed=True),
    SubCode(
        "session-expired",
        27,
        "session 已过期，需要重新授权",
        "the session has expired",
        observed=True,
    ),
    SubCode(
        "sessionkey-not-generated-by-server",
        27,
        "session 属于另一个应用",
        "the session is another app's",
        observed=True,
    ),
    SubCode(
        "isp.remote-service-timeout",
        15,
        "后端超时，isp. 开头的可以重试",
        "the back end timed out; isp. may be retried",
        observed=True,
    ),
    SubCode(
        "isp.remote-connection-error",
        15,
        "后端连接出错，可以重试",
        "no connection to the back end; may be retried",
        observed=True,
    ),
    SubCode(
        "isv.trade-not-exist",
        15,
        "交易不存在，或属于另一个店铺",
        "no such trade, or another shop's",
    ),
    SubCode(
        "isp.unknown-error",
        1,
        "平台内部错误；在本服务中表示本工具自己出错",
        "platform failure; here, a fault of our own",
    ),
    SubCode(
        "accesscontrol.limited-by-app-access-count",
        7,
        "应用当日调用次数用完",
        "the app's daily quota is used up",
        observed=True,
    ),
    SubCode(
        "accesscontrol.limited-by-api-access-count",
        7,
        "该 API 的总调用次数超限",
        "the API's own limit",
        observed=True,
    ),
    SubCode(
        "accesscontrol.limited-by-app-api-access-count",
        7,
        "应用对该 API 的调用超限",
        "the app's limit on this API",
        observed=True,
    ),
    SubCode(
        "accesscontrol.limited-by-dynamic-access-count",
        7,
        "平台临时的动态限流",
        "a temporary, dynamic limit",
        observed=True,
    ),
)


class TopError(Exception):
    """A platform error on its way to the caller.

    `detail` follows the message after a colon, as in `Missing required arguments:fields`; `msg`
    replaces the code's own text, and is required for a code that is not in CODES.  `cause_zh` and
    `cause_en` never go on the wire: they are for the journal and the log line.
    """

    def __init__(
        self,
        code: int,
        detail: str = "",
        *,
        msg: str = "",
        sub_code: str = "",
        sub_msg: str = "",
        zh: str = "",
        en: str = "",
    ) -> None:
        declared = Code(code, msg, msg, msg) if msg and code not in CODES else CODES[code]
        self.code = code
        self.msg = msg or (f"{declared.wire}:{detail}" if detail else declared.wire)
        self.sub_code = sub_code
        self.sub_msg = sub_msg
        self.cause_zh = zh or declared.zh
        self.cause_en = en or declared.en
        super().__init__(f"{code} {self.msg} {sub_code}".strip())

    def tree(self) -> dict[str, object]:
        """Return the members of `error_response`, without empty ones."""
        body: dict[str, object] = {"code": self.code, "msg": self.msg}
        if self.sub_code:
            body["sub_code"] = self.sub_code
        if self.sub_msg:
            body["sub_msg"] = self.sub_msg
        return body


def make_ban_error(sub_code: str, seconds: int, zh: str, en: str) -> TopError:
    """Return error 7 with the sentence that clients read the seconds of a ban from.

    Source: docs/spec/top-protocol.md#top-6.
    """
    return TopError(
        7,
        sub_code=sub_code,
        sub_msg=f"This ban will last for {seconds} more seconds",
        zh=f"{zh}；封禁还剩 {seconds} 秒",
        en=f"{en}; banned for {seconds} more seconds",
    )
