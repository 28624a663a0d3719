"""A server in process, its world, and a browser without a network."""

import hashlib
import json
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from mockserver.protocol.messages import Inbound
from mockserver.server import create_app, make_context
from mockserver.world.document import WorldDocument

BACK = "http://127.0.0.1:9/back"


@pytest.fixture
def context():
    """A server with the frozen default sandbox."""
    return make_context(document=WorldDocument())


@pytest.fixture
def world(context):
    """Its sandbox."""
    return context.directory.get("default")


@pytest.fixture
def app(world):
    """The sandbox's app."""
    return next(iter(world.view.apps()))


@pytest.fixture
def browser(context):
    """A client of the WSGI app."""
    return create_app(context, lambda line: None).test_client()


@pytest.fixture
def authorize(browser, app):
    """Sends the page's form; keywords replace its fields."""

    def send(**fields):
        defaults = {
            "client_id": app.app_key,
            "response_type": "code",
            "redirect_uri": BACK,
            "state": "s&1",
            "account": "main",
            "answer": "allow",
        }
        headers = fields.pop("headers", {})
        form = {**defaults, **fields}
        form = {name: value for name, value in form.items() if value is not None}
        return browser.post("/authorize", data=form, headers=headers)

    return send


@pytest.fixture
def code(authorize):
    """A fresh code of the main account."""
    return parse_qs(urlsplit(authorize().headers["Location"]).query)["code"][0]


@pytest.fixture
def redeem(browser, app, code):
    """Asks /token; keywords replace its fields."""

    def send(**fields):
        defaults = {
            "grant_type": "authorization_code",
            "client_id": app.app_key,
            "client_secret": app.app_secret,
            "code": code,
            "redirect_uri": BACK,
        }
        return browser.post("/token", data={**defaults, **fields})

    return send


@pytest.fixture
def call(context, app):
    """A signed call of the gateway with a session, or none."""

    def send(method, session=None, **business):
        texts = {
            "method": method,
            "app_key": app.app_key,
            "timestamp": context.directory.get("default").now.strftime("%Y-%m-%d %H:%M:%S"),
            "v": "2.0",
            "format": "json",
            "sign_method": "md5",
            **({"session": session} if session else {}),
            **business,
        }
        joined = "".join(name + texts[name] for name in sorted(texts))
        secret = app.app_secret
        texts["sign"] = hashlib.md5(f"{secret}{joined}{secret}".encode()).hexdigest().upper()
        kind = "application/x-www-form-urlencoded"
        body = urlencode(texts).encode()
        return json.loads(context.answer(Inbound("POST", b"", kind, body, "http://m")).body)

    return send
