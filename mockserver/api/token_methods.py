"""The methods by which an app gets a session through the gateway.

`token_result` is JSON inside text.  Source: docs/spec/evidence-2026-11.md#evidence-6;
docs/spec/top-protocol.md#top-5.2.
"""

from ..domain.evidence import documented
from ..protocol.shapes import Field, Param
from .declaration import STRING, Method

__all__ = ["TOKEN_METHODS"]

RESULT = (Field(name="token_result", kind=STRING, personal=True, zh="JSON 文本，内含 session"),)

TOKEN_METHODS: tuple[Method, ...] = (
    Method(
        name="taobao.top.auth.token.create",
        title="获取Access Token",
        en="a session for a code",
        doc_id=25388,
        session=False,
        evidence=documented("evidence", "top", note="evidence-6: captured; top-5.2"),
        write="create_token",
        params=(
            Param(name="code", kind=STRING, required=True, personal=True, zh="授权码，用一次"),
            Param(name="uuid", kind=STRING, zh="接受，不起作用"),
        ),
        reply=RESULT,
    ),
    Method(
        name="taobao.top.auth.token.refresh",
        title="刷新Access Token",
        en="a new session for a refresh token",
        doc_id=25387,
        session=False,
        evidence=documented("evidence", "top", note="evidence-6: who can refresh; top-5.2"),
        write="refresh_token",
        params=(
            Param(
                name="refresh_token",
                kind=STRING,
                required=True,
                personal=True,
                zh="刷新令牌，用一次",
            ),
        ),
        reply=RESULT,
    ),
)
