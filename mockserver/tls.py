"""TLS for the embedded server: the handshake happens in the worker, so a silent client stops nobody."""

import ssl
from typing import Any

from cheroot.ssl.builtin import BuiltinSSLAdapter

__all__ = ["secure"]


class _Adapter(BuiltinSSLAdapter):
    def wrap(self, sock: Any) -> tuple[ssl.SSLSocket, dict[str, str]]:
        """The socket wrapped, its handshake left to the first read."""
        wrapped = self.context.wrap_socket(sock, do_handshake_on_connect=False, server_side=True)
        return wrapped, {"wsgi.url_scheme": "https", "HTTPS": "on"}


def secure(certificate: str, key: str) -> BuiltinSSLAdapter:
    """An adapter that serves with the certificate and key in these PEM files.

    Raises:
        OSError, ValueError: they cannot be read or do not fit together.
    """
    return _Adapter(certificate, key)
