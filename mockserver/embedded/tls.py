"""Load the certificate with which the server speaks TLS."""

import ssl

__all__ = ["make_tls_context"]


def make_tls_context(certificate: str, key: str) -> ssl.SSLContext:
    """Return a context that serves with the certificate and key in these PEM files.

    Raises:
        OSError, ValueError: they cannot be read or do not fit together.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context
