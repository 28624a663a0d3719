"""What requests can be that are no clean HTTP: those forgiven, and those that end the connection.

Each flaw is a finding of the journal and an entry of `explain`, with one sentence in Chinese and in
English.
"""

from msgspec import Struct

__all__ = [
    "BAD_CODING",
    "BAD_LENGTH",
    "BAD_REQUEST_LINE",
    "BAD_VERSION",
    "BARE_LF",
    "BLANK_BEFORE_COLON",
    "BLANK_IN_URL",
    "BODY_BROKEN",
    "BODY_TOO_LARGE",
    "BODY_TOO_SLOW",
    "CONNECT",
    "DOUBLE_SLASH",
    "EXPECT_HTTP_1_0",
    "FOLDED",
    "FRAGMENT",
    "HEAD_TOO_LARGE",
    "HEAD_TOO_SLOW",
    "LENGTH_AND_CHUNKED",
    "LONE_CR",
    "NO_COLON",
    "NO_HOST",
    "NO_ROOM",
    "RAW_BYTES",
    "REQUEST_FLAWS",
    "STOPPING",
    "TLS_ON_PLAIN_PORT",
    "TRAILERS",
    "TWO_LENGTHS",
    "UPGRADE",
    "RequestFlaw",
]


class RequestFlaw(Struct, frozen=True):
    """One flaw; `status` is that of the answer with which the connection ends, 0 if it goes on."""

    id: str
    zh: str
    en: str
    status: int = 0

    @property
    def sentence(self) -> str:
        """Return the Chinese sentence with the English one beside it."""
        return f"{self.zh} ({self.en})"


BAD_REQUEST_LINE = RequestFlaw(
    "http_request_line", "不是 HTTP 请求：第一行无法读取", "the first line is no HTTP request", 400
)
TLS_ON_PLAIN_PORT = RequestFlaw(
    "http_tls", "这个端口是 http，不是 https", "this port speaks http, not https", 400
)
BAD_VERSION = RequestFlaw(
    "http_version", "只支持 HTTP/1.0 和 HTTP/1.1", "only HTTP/1.0 and HTTP/1.1 are served", 505
)
HEAD_TOO_LARGE = RequestFlaw(
    "http_head_too_large",
    "请求头太大：最多 64 KiB、200 个",
    "the head is too large: at most 64 KiB and 200 headers",
    431,
)
LONE_CR = RequestFlaw(
    "http_lone_cr",
    "请求头用 CR 换行，应为 CRLF",
    "the lines of the head end with CR instead of CRLF",
    400,
)
BAD_LENGTH = RequestFlaw(
    "http_length", "Content-Length 不是一个数", "Content-Length is not one number", 400
)
BAD_CODING = RequestFlaw(
    "http_coding",
    "Transfer-Encoding 只支持 chunked",
    "of Transfer-Encoding only chunked is understood",
    501,
)
HEAD_TOO_SLOW = RequestFlaw(
    "http_head_too_slow", "请求头 10 秒内没有收全", "the head did not arrive within 10 s", 408
)
BODY_TOO_SLOW = RequestFlaw(
    "http_body_too_slow", "请求体 30 秒内没有收全", "the body did not arrive within 30 s", 408
)
BODY_BROKEN = RequestFlaw("http_body_broken", "请求体中断，没有收全", "the body broke off", 400)
BODY_TOO_LARGE = RequestFlaw("http_body_too_large", "请求体太大", "the body is too large", 413)
NO_ROOM = RequestFlaw(
    "http_no_room",
    "未收全的请求占满了内存",
    "unfinished requests have filled the memory for them",
    503,
)
STOPPING = RequestFlaw(
    "http_stopping", "服务正在停止，请求没有做完", "the server stops, this was not finished", 503
)

RAW_BYTES = RequestFlaw(
    "http_raw_bytes",
    "URL 含未编码的字节，应百分号编码",
    "raw bytes in the URL: percent-encode them",
)
BLANK_IN_URL = RequestFlaw(
    "http_blank_in_url", "URL 含空格，应写作 %20", "a blank in the URL: write %20"
)
FRAGMENT = RequestFlaw(
    "http_fragment",
    "URL 含 #，其后不会到达平台",
    "a # in the URL: what follows never reaches the platform",
)
BARE_LF = RequestFlaw(
    "http_bare_lf", "请求头用 LF 换行，应为 CRLF", "header lines end with LF instead of CRLF"
)
FOLDED = RequestFlaw(
    "http_folded", "请求头折行，早已废弃", "a folded header line, which is obsolete"
)
BLANK_BEFORE_COLON = RequestFlaw(
    "http_blank_before_colon", "请求头冒号前有空格", "a blank before the colon of a header"
)
NO_COLON = RequestFlaw(
    "http_no_colon", "请求头一行没有冒号，已忽略", "a header line without a colon, ignored"
)
NO_HOST = RequestFlaw(
    "http_no_host", "HTTP/1.1 请求没有 Host", "a request of HTTP/1.1 without Host"
)
TWO_LENGTHS = RequestFlaw(
    "http_two_lengths", "Content-Length 出现两次", "Content-Length is there twice"
)
LENGTH_AND_CHUNKED = RequestFlaw(
    "http_length_and_chunked",
    "Content-Length 与 Transfer-Encoding 同时出现，按 chunked 读取",
    "Content-Length beside Transfer-Encoding: read as chunked",
)
DOUBLE_SLASH = RequestFlaw("http_double_slash", "路径含 //", "the path has //")
UPGRADE = RequestFlaw(
    "http_upgrade", "请求升级协议，已忽略", "an upgrade of the protocol is asked for, ignored"
)
CONNECT = RequestFlaw(
    "http_connect",
    "CONNECT：客户端把本服务当作 https 代理；网关地址请用 http://",
    "CONNECT: the client takes this server for an https proxy; use the gateway's http address",
)
EXPECT_HTTP_1_0 = RequestFlaw(
    "http_expect", "HTTP/1.0 不认识 Expect，已忽略", "Expect under HTTP/1.0, ignored"
)
TRAILERS = RequestFlaw(
    "http_trailers", "chunked 请求体带有 trailer，已忽略", "a chunked body with trailers, ignored"
)

REQUEST_FLAWS = tuple(flaw for flaw in globals().values() if isinstance(flaw, RequestFlaw))
