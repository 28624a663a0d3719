"""The limits that both guides of the control API name are those that hold."""

from pathlib import Path

import pytest

from mockserver.domain.rules import DEFAULTS
from mockserver.embedded import connection, doors, listening_socket, request_parser, server
from mockserver.embedded.tls_transport import TLS_HANDSHAKE_SECONDS
from mockserver.protocol import forms
from mockserver.protocol.messages import MAX_BODY_BYTES
from mockserver.world.journal import CAPACITY, MAX_JOURNAL_BYTES

DOCS = Path(__file__).parents[2] / "docs"
GUIDES = ("control-api.md", "control-api.zh-CN.md")
KIB, MIB = 1024, 1024 * 1024
LIMITS = (
    ("64 KiB", request_parser.MAX_HEAD_BYTES, 64 * KIB),
    ("200 ", request_parser.MAX_HEADERS, 200),
    ("8 MiB", MAX_BODY_BYTES, 8 * MIB),
    ("64 MiB", doors.MAX_APP_BODY_BYTES, 64 * MIB),
    ("16,384 ", request_parser.MAX_CHUNKS, 16_384),
    ("10 ", connection.HEAD_SECONDS, 10),
    ("30 ", connection.BODY_SECONDS, 30),
    ("1,000", forms._MAX_PARTS, 1000),
    ("8 KiB", forms._MAX_PART_HEAD_BYTES, 8 * KIB),
    ("256 MiB", server.MAX_BUFFERED_BYTES, 256 * MIB),
    ("8,192", listening_socket.MAX_CONNECTIONS, 8192),
    ("80 ", connection.IDLE_SECONDS, 80),
    ("30 ", connection.WRITE_SECONDS, 30),
    ("10 ", TLS_HANDSHAKE_SECONDS, 10),
    ("10,000", DEFAULTS.number("pictures_max"), 10_000),
    ("64 MiB", DEFAULTS.number("pictures_max_bytes"), 64 * MIB),
    ("10,000", CAPACITY, 10_000),
    ("64 MiB", MAX_JOURNAL_BYTES, 64 * MIB),
)


@pytest.mark.parametrize("guide", GUIDES)
@pytest.mark.parametrize(("text", "value", "expected"), LIMITS)
def test_limits_of_the_guides_hold(guide, text, value, expected):
    """A limit has the value that its text in the section of the guide means."""
    section = (DOCS / guide).read_text("utf-8").rpartition("\n## ")[2]
    assert value == expected
    assert text in section
