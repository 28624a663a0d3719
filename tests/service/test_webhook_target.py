"""Where a webhook may post to: this machine, or what the server allows; resolved once."""

import socket

import pytest

from mockserver.service.webhook_target import make_signature, resolve_target
from mockserver.world.document import BadDocument


@pytest.mark.parametrize(
    ("url", "address", "port", "place"),
    [
        ("http://127.0.0.1:8080/hook", "127.0.0.1", 8080, "/hook"),
        ("http://127.0.0.1", "127.0.0.1", 80, "/"),
        ("https://127.0.0.1/a?b=c", "127.0.0.1", 443, "/a?b=c"),
        ("http://127.8.8.8:1/", "127.8.8.8", 1, "/"),
        ("http://[::1]:9/x", "::1", 9, "/x"),
    ],
)
def test_addresses_of_this_machine(url, address, port, place):
    """Loopback is always allowed."""
    target = resolve_target(url, ())
    assert (target.address, target.port, target.place) == (address, port, place)


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://0.0.0.0:80/",
        "http://[::]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[fe80::1]/",
        "http://192.168.1.1:8420/_sandbox/",
    ],
)
def test_other_machines_are_refused(url):
    """Also those that hide behind another form; the sentence says how to allow one."""
    with pytest.raises(BadDocument, match="--webhook-host"):
        resolve_target(url, ())


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8080",
        "ftp://127.0.0.1:21/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:70/",
        "http://",
        "http:///path",
        "http://127.0.0.1:0x50/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:-1/",
        "http://user:secret@127.0.0.1/",
        "http://user@127.0.0.1/",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/a\r\nX-Evil: 1",
        "http://127.0.0.1/中文",
        "http://[::1",
        "http://127.0.0.1/" + "a" * 500,
        "http://no-such-host.invalid/",
    ],
)
def test_what_is_no_address(url):
    """Other schemes, no host, user names, blanks and names that lead nowhere are refused."""
    with pytest.raises(BadDocument) as refused:
        resolve_target(url, ())
    assert refused.value.field == "url"
    assert "secret" not in f"{refused.value.zh}{refused.value.en}"


def test_a_host_that_the_server_allows(monkeypatch):
    """Its address is kept: the name is not looked up again."""
    entries = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.1.2.3", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: entries)
    assert resolve_target("http://hooks.test/", ("hooks.test",)).address == "10.1.2.3"
    with pytest.raises(BadDocument):
        resolve_target("http://hooks.test/", ("other.test",))


def test_a_name_with_one_address_elsewhere_is_refused(monkeypatch):
    """All addresses of a name have to be this machine's."""
    entries = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80))
        for address in ("127.0.0.1", "10.1.2.3")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: entries)
    with pytest.raises(BadDocument):
        resolve_target("http://two.test/", ())


def test_the_signature_is_hmac_sha256():
    """Computed with `openssl dgst -sha256 -hmac secret` over timestamp, line feed and body."""
    signature = make_signature("secret", "1764384000000", b'{"a":1}')
    assert signature == "8c1580d5f942a63203e9a8461d5bc733040f2cebf467a8931e85805da92851cb"
