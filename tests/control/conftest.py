"""Fixtures of the control API tests.

An app over a movable machine clock, asked over WSGI, and a signed caller.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from urllib.parse import quote

import pytest
from flask import Flask

from mockserver.gateway.checks import SandboxLookup
from mockserver.gateway.pipeline import Gateway
from mockserver.protocol.shapes import BEIJING
from mockserver.server import create_app
from mockserver.service.context import ServerContext
from mockserver.world.directory import Directory
from mockserver.world.document import WorldDocument, read_document
from mockserver.world.world import World

TOKEN = "a-token-for-tests"


class Machine:
    """The machine's clock, moved by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 6, 7, 8, 9, tzinfo=BEIJING)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: float) -> None:
        """Real time passes."""
        self.now += timedelta(**span)


class Answer:
    """A reply; `json` is its decoded body, None when it has none."""

    def __init__(self, response) -> None:
        self.status, self.headers, self.text = (
            response.status_code,
            response.headers,
            response.data.decode(errors="replace"),
        )
        self.kind = response.headers.get("Content-Type", "").partition(";")[0]

    @property
    def json(self):
        return json.loads(self.text) if self.text else None


class Api:
    """Asks an app; `path` without a slash at its start is taken below the sandbox `default`."""

    def __init__(self, app: Flask) -> None:
        self.app, self._client = app, app.test_client()

    def ask(
        self,
        verb: str,
        path: str,
        body: object = None,
        *,
        raw: bytes | None = None,
        host: str = "localhost",
        token: str | None = TOKEN,
        **headers: str,
    ) -> Answer:
        """The reply to one request; `token=None` sends none."""
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        where = path if path.startswith("/") else f"/_sandbox/sandboxes/default/{path}".rstrip("/")
        return Answer(
            self._client.open(
                where,
                method=verb,
                data=content,
                content_type="application/json",
                headers=[("Host", host), *headers.items()],
            )
        )

    def __call__(self, verb: str, path: str, body: object = None, status: int | None = None):
        """The decoded reply, which must have `status` (any success without it)."""
        answer = self.ask(verb, path, body)
        assert answer.status == status if status else answer.status < 300, (
            answer.status,
            answer.text,
        )
        return answer.json

    def problem(
        self, verb: str, path: str, body: object = None, *, raw: bytes | None = None
    ) -> dict:
        """The problem document of a refused request."""
        answer = self.ask(verb, path, body, raw=raw)
        assert answer.status >= 400, answer.text
        assert answer.kind == "application/problem+json"
        problem = answer.json
        assert problem["status"] == answer.status
        assert problem["title"] and problem["detail"] and problem["type"]
        assert "Traceback" not in answer.text and "<html" not in answer.text.lower()
        return problem


@pytest.fixture
def machine() -> Machine:
    """The machine's clock."""
    return Machine()


@pytest.fixture
def make_api(machine: Machine) -> Callable[..., Api]:
    """Makes an app with a `default` sandbox from keys of a world document."""

    def make(
        public_url: str = "", hosts: tuple[str, ...] = (), waiters: int = 8, **document: object
    ) -> Api:
        directory = Directory(machine)
        directory.add(World(directory, read_document(document, WorldDocument), id="default"))
        gateway = Gateway(SandboxLookup(directory))
        context = ServerContext(
            directory,
            gateway.answer,
            gateway.journal,
            TOKEN,
            public_url=public_url,
            hosts=hosts,
            waiters=BoundedSemaphore(waiters),
        )
        faults: list[str] = []
        api = Api(create_app(context, faults.append))
        api.faults, api.directory = faults, directory
        return api

    return make


@pytest.fixture
def api(make_api: Callable[..., Api]) -> Api:
    """An app with a frozen `default` sandbox, asked with its token."""
    return make_api()


@pytest.fixture
def opened(api: Api) -> str:
    """The id of an exchange just opened in `default`."""
    return api("POST", "exchanges", {})["dispute_id"]


@pytest.fixture
def call(api: Api, machine: Machine) -> Callable[..., dict]:
    """Sends a signed call to the gateway.

    Gives what stands inside the reply's root, `error_response` included.
    """

    def send(
        method: str,
        credentials: dict | None = None,
        *,
        session: str | None = None,
        **business: object,
    ) -> dict:
        caller = credentials or api("GET", "")
        texts = {
            "method": method,
            "app_key": caller["app_key"],
            "v": "2.0",
            "format": "json",
            "sign_method": "md5",
            "session": caller["session"] if session is None else session,
            "timestamp": machine.now.strftime("%Y-%m-%d %H:%M:%S"),
            **{name: str(value) for name, value in business.items()},
        }
        secret, plain = caller["app_secret"], "".join(name + texts[name] for name in sorted(texts))
        texts["sign"] = hashlib.md5(f"{secret}{plain}{secret}".encode()).hexdigest().upper()
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in texts.items())
        answer = Answer(api.app.test_client().get(f"/router/rest?{query}"))
        assert answer.status == 200
        (inner,) = answer.json.values()
        return inner

    return send


@pytest.fixture
def agree(call: Callable[..., dict]) -> Callable[..., dict]:
    """Agrees to an exchange by a signed call."""

    def send(dispute_id: str, **more: object) -> dict:
        return call(
            "tmall.exchange.agree",
            dispute_id=dispute_id,
            address_id=10000002,
            fields="dispute_id,status",
            **more,
        )

    return send
