"""Pasted calls: every known form is read as the gateway would have received it."""

import json
import shlex
from contextlib import suppress
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.cli.pasted_request import BadPaste, read_pasted
from mockserver.gateway.call import read_call

TEXTS = {
    "method": "tmall.exchange.receive.get",
    "app_key": "1012345678",
    "session": "6100shell",
    "timestamp": "2026-03-01 10:00:00",
    "buyer_nick": "拿铁+01 & 'x'",
    "content": "a=b",
    "logistic_no": "",
}


def har(texts, kind="application/x-www-form-urlencoded"):
    """A HAR with one call, its parameters partly in the address."""
    request_document = {
        "method": "POST",
        "url": f"http://127.0.0.1:8420/router/rest?{urlencode({'method': texts['method']})}",
        "headers": [],
        "postData": {
            "mimeType": kind,
            "text": urlencode({name: text for name, text in texts.items() if name != "method"}),
        },
    }
    other = {"method": "GET", "url": "https://example.com/", "headers": []}
    return json.dumps({"log": {"entries": [{"request": request_document}, {"request": other}]}})


FORMS = {
    "form": urlencode,
    "form with a BOM": lambda texts: "\ufeff" + urlencode(texts) + "\n",
    "url": lambda texts: f"http://127.0.0.1:8420/router/rest?{urlencode(texts)}",
    "path": lambda texts: f"/router/rest?{urlencode(texts)}\n",
    "url and body": lambda texts: (
        f"https://eco.taobao.com/router/rest?{urlencode({'method': texts['method']})}\n\n"
        + urlencode({name: text for name, text in texts.items() if name != "method"})
    ),
    "lines": lambda texts: "\r\n".join(f"{name}={text}" for name, text in texts.items()),
    "http": lambda texts: (
        "POST /router/rest HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded"
        f"\r\n\r\n{urlencode(texts)}\r\n"
    ),
    "http get": lambda texts: f"GET /router/rest?{urlencode(texts)} HTTP/1.1\nHost: x\n",
    "curl -d": lambda texts: f"curl -s http://x/router/rest -d {shlex.quote(urlencode(texts))}",
    "curl --data=": lambda texts: (
        f"curl 'http://x/router/rest' --compressed --data-raw={shlex.quote(urlencode(texts))}"
    ),
    "curl -G": lambda texts: (
        "curl -G http://x/router/rest "
        + " ".join(f"-d {shlex.quote(f'{name}={quote(text)}')}" for name, text in texts.items())
    ),
    "curl lines": lambda texts: (
        "$ curl http://x/router/rest \\\n -H 'Accept: */*' \\\n "
        + " \\\n ".join(
            f"--data-urlencode {shlex.quote(f'{name}={text}')}" for name, text in texts.items()
        )
    ),
    "curl -F": lambda texts: (
        "curl -X POST http://x/router/rest "
        + " ".join(f"-F {shlex.quote(f'{name}={text}')}" for name, text in texts.items())
        + " -F pic=@a.png"
    ),
    "curl $'…'": lambda texts: (
        f"curl http://x/router/rest -d $'{urlencode(texts).replace('_', chr(92) + 'u005f')}'"
    ),
    "har": har,
}


def read(text):
    """The parameters of a pasted call."""
    call = read_call(read_pasted(text), "")
    assert call.unreadable is None
    return call.texts


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_read(form):
    """Whatever form a call is pasted in, its parameters come out as they went in."""
    assert read(FORMS[form](TEXTS)) == TEXTS


def test_a_har_without_text_has_parameters():
    """A HAR that lists parameters only is read from them; one request alone will do."""
    request_document = {
        "url": "http://x/router/rest",
        "method": "POST",
        "postData": {"params": [{"name": name, "value": text} for name, text in TEXTS.items()]},
    }
    assert read(json.dumps(request_document)) == TEXTS
    assert read(json.dumps({"request": request_document})) == TEXTS


@pytest.mark.parametrize(
    ("text", "kind", "body"),
    [
        ('http://x/router/rest?a=1\n{"b":2}', "application/json", b'{"b":2}'),
        ("http://x/router/rest?a=1\n<b/>", "text/xml", b"<b/>"),
        ("curl 'http://x/router/rest?a=1' --json '{\"b\":2}'", "application/json", b'{"b":2}'),
        (
            "curl 'http://x/router/rest?a=1' -H 'Content-Type: text/xml' -d '<b/>'",
            "text/xml",
            b"<b/>",
        ),
    ],
)
def test_a_raw_body_stays_raw(text, kind, body):
    """A JSON or XML body is read as what it is, beside the query."""
    inbound = read_pasted(text)
    assert (inbound.query, inbound.content_type, inbound.body) == (b"a=1", kind, body)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  \n",
        "hello",
        "{}",
        "[",
        "[1]",
        '{"log": {"entries": []}}',
        '{"log": 1}',
        "curl 'x",
        "curl http://x -d @file",
        "x" * 5_000_000,
        "curl",
        "a\nb",
        "=",
        "http://[",
        "http://[/router/rest?a=1",
        "{" * 10_000,
    ],
)
def test_what_is_no_call_is_refused(text):
    """What is no call is refused in both languages."""
    with pytest.raises(BadPaste) as refused:
        read_pasted(text)
    assert refused.value.zh and refused.value.en


def test_a_file_is_not_read(tmp_path):
    """Nothing that a pasted line names is opened."""
    (tmp_path / "a").write_text("b=1")
    with pytest.raises(BadPaste, match="a"):
        read_pasted(f"curl http://x -d @{tmp_path}/a")


@settings(deadline=None, derandomize=True, database=None)
@given(
    st.text(max_size=200)
    | st.lists(
        st.sampled_from(
            (
                "curl ",
                "http://x",
                "?",
                "a=1",
                "&",
                "{",
                "}",
                '"',
                "'",
                "-d ",
                "-F ",
                "\n",
                "POST / HTTP/1.1",
                "\\",
                "$'",
            )
        ),
        max_size=12,
    ).map("".join)
)
def test_anything_is_read_or_refused(text):
    """No text makes the reader stumble."""
    with suppress(BadPaste):
        read_call(read_pasted(text), "")
