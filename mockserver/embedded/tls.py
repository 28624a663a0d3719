"""Load the certificate with which the server speaks TLS; say what a server without one says."""

import ssl

__all__ = ["TLS_TO_PLAIN_PORT", "make_tls_context"]

TLS_TO_PLAIN_PORT = (
    "客户端用 https 访问了 http 端口，连接已关闭；地址改为 http://，"
    "或用 --tls-cert 和 --tls-key 启动"
    " (a client spoke TLS to the plain port and was closed; use http://,"
    " or serve TLS with --tls-cert and --tls-key)"
)


def make_tls_context(certificate: str, key: str) -> ssl.SSLContext:
    """Return a context that serves with the certificate and key in these PEM files.

    Raises:
        OSError, ValueError: they cannot be read or do not fit together.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.load_cert_chain(certificate, key)
    return context
