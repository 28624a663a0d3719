"""What is said about requests that are not clean: refusals end the connection, remarks go into the
journal."""

from msgspec import Struct


class Refusal(Struct, frozen=True):
    """Why a request cannot be read any further: HTTP status and a sentence in Chinese and
    English."""

    status: int
    zh: str
    en: str


BAD_REQUEST_LINE = Refusal(
    400, "不是 HTTP 请求：第一行无法读取", "the first line is no HTTP request"
)
TLS_ON_PLAIN_PORT = Refusal(400, "这个端口是 http，不是 https", "this port speaks http, not https")
BAD_VERSION = Refusal(505, "只支持 HTTP/1.0 和 HTTP/1.1", "only HTTP/1.0 and HTTP/1.1 are served")
HEAD_TOO_LARGE = Refusal(
    431, "请求头太大：最多 64 KiB、200 个", "the head is too large: at most 64 KiB and 200 headers"
)
LONE_CR = Refusal(
    400, "请求头用 CR 换行，应为 CRLF", "the lines of the head end with CR instead of CRLF"
)
BAD_LENGTH = Refusal(400, "Content-Length 不是一个数", "Content-Length is not one number")
BAD_CODING = Refusal(
    501, "Transfer-Encoding 只支持 chunked", "of Transfer-Encoding only chunked is understood"
)

RAW_BYTES = "URL 含未编码的字节，应百分号编码 (raw bytes in the URL: percent-encode them)"
BLANK_IN_URL = "URL 含空格，应写作 %20 (a blank in the URL: write %20)"
FRAGMENT = "URL 含 #，其后不会到达平台 (a # in the URL: what follows never reaches the platform)"
BARE_LF = "请求头用 LF 换行，应为 CRLF (header lines end with LF instead of CRLF)"
FOLDED = "请求头折行，早已废弃 (a folded header line, which is obsolete)"
BLANK_BEFORE_COLON = "请求头冒号前有空格 (a blank before the colon of a header)"
NO_COLON = "请求头一行没有冒号，已忽略 (a header line without a colon, ignored)"
NO_HOST = "HTTP/1.1 请求没有 Host (a request of HTTP/1.1 without Host)"
TWO_LENGTHS = "Content-Length 出现两次 (Content-Length is there twice)"
LENGTH_AND_CHUNKED = (
    "Content-Length 与 Transfer-Encoding 同时出现，按 chunked 读取"
    " (Content-Length beside Transfer-Encoding: read as chunked)"
)
DOUBLE_SLASH = "路径含 // (the path has //)"
UPGRADE = "请求升级协议，已忽略 (an upgrade of the protocol is asked for, ignored)"
CONNECT = (
    "CONNECT：客户端把本服务当作 https 代理；网关地址请用 http://"
    " (CONNECT: the client takes this server for an https proxy; use the gateway's http address)"
)
EXPECT_HTTP_1_0 = "HTTP/1.0 不认识 Expect，已忽略 (Expect under HTTP/1.0, ignored)"
TRAILERS = "chunked 请求体带有 trailer，已忽略 (a chunked body with trailers, ignored)"

HEAD_TOO_SLOW = Refusal(408, "请求头 10 秒内没有收全", "the head did not arrive within 10 s")
BODY_TOO_SLOW = Refusal(408, "请求体 30 秒内没有收全", "the body did not arrive within 30 s")
BODY_BROKEN = Refusal(400, "请求体中断，没有收全", "the body broke off")
BODY_TOO_LARGE = Refusal(413, "请求体太大", "the body is too large")
NO_ROOM = Refusal(
    503, "未收全的请求占满了内存", "unfinished requests have filled the memory for them"
)
