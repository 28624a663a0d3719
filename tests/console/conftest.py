"""Fixtures of the console tests: a browser without a screen over an app with a frozen sandbox."""

import re
from html import unescape
from io import BytesIO
from urllib.parse import urlencode

import pytest
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart

from mockserver.server import create_app, make_context
from mockserver.service.context import ServerContext
from mockserver.world.document import WorldDocument, read_world

TOKEN = "a-token-for-tests"


class Browser:
    """Asks for pages as a browser does: keeps cookies, sends forms with their hidden fields."""

    def __init__(self, context: ServerContext, lang: str = "zh") -> None:
        self.context = context
        self.faults: list[str] = []
        self.app = create_app(context, self.faults.append)
        self.client = self.app.test_client()
        self.lang = lang
        self.form_token = ""

    def get(self, path: str, **headers: str):
        """The reply to a GET of a path below `/console`."""
        reply = self._client(headers).get(f"/console{path}", headers=self._headers(headers))
        tokens = re.findall(rb'name="form_token" value="([^"]+)"', reply.data)
        self.form_token = tokens[0].decode() if tokens else self.form_token
        return reply

    def post(self, path: str, form: dict | None = None, *, headers: dict | None = None, **fields):
        """The reply to a form, sent with the session's token."""
        sent = {"form_token": self.form_token, **(form or {}), **fields}
        return self._client(headers or {}).post(
            f"/console{path}",
            data=urlencode(sent),
            content_type="application/x-www-form-urlencoded",
            headers=self._headers(headers or {}),
        )

    def upload(self, path: str, files: dict[str, list[bytes]], **fields: str):
        """The reply to a form with files, as a browser sends it: each has a name and a type."""
        sent: dict = {"form_token": self.form_token, **fields}
        for name, contents in files.items():
            sent[name] = [
                FileStorage(BytesIO(content), f"{place}.png", name, "image/png")
                for place, content in enumerate(contents)
            ]
        boundary, body = encode_multipart(MultiDict(sent))
        kind = f"multipart/form-data; boundary={boundary}"
        headers = self._headers({})
        return self.client.post(f"/console{path}", data=body, content_type=kind, headers=headers)

    def _client(self, headers: dict):
        """The client that keeps cookies; for another name than localhost one that sends its own."""
        return self.app.test_client(use_cookies=False) if "Host" in headers else self.client

    def _headers(self, headers: dict) -> dict:
        """What a browser sends; under another name than localhost it has the same cookie."""
        cookie = self.client.get_cookie("tmall_mockserver_console", path="/console")
        own = {"Cookie": f"{cookie.key}={cookie.value}"} if cookie and "Host" in headers else {}
        return {"Host": "localhost", "Accept-Language": self.lang, **own, **headers}

    def sign_in(self) -> None:
        """Come in by a one-time code."""
        code = self.context.console.make_code()
        assert self.get(f"/enter?code={code}").status_code == 200
        assert self.get("").status_code == 200

    def control(self, verb: str, path: str, body: object = None):
        """The decoded reply of the control API below the sandbox `default`."""
        reply = self.client.open(
            f"/_sandbox/sandboxes/default/{path}".rstrip("/"),
            method=verb,
            json=body,
            headers={"Authorization": f"Bearer {TOKEN}"},
        )
        assert reply.status_code < 300, reply.text
        return reply.json

    def open(self, **document: object) -> str:
        """The id of an exchange just opened."""
        return self.control("POST", "exchanges", document)["dispute_id"]


def read_text(reply) -> str:
    """The words of a page, without its markup."""
    text = re.sub(r"<(script|style)\b.*?</\1>", " ", reply.text, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


@pytest.fixture
def words():
    """Reads the words of a page."""
    return read_text


@pytest.fixture
def make_browser():
    """Makes a signed-in browser over a server of its own."""

    def make(lang: str = "zh", *, signed_in: bool = True, hosts=(), public_url="", **document):
        world = read_world({"clock": "2026-03-01 10:00:00", **document})
        assert isinstance(world, WorldDocument)
        context = make_context(document=world, token=TOKEN, hosts=hosts, public_url=public_url)
        browser = Browser(context, lang)
        if signed_in:
            browser.sign_in()
        return browser

    return make


@pytest.fixture
def browser(make_browser):
    """A signed-in browser in Chinese."""
    return make_browser()
