"""Fixtures of the whole suite: one frozen world, a gateway over it, and a caller that signs by its own means."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from sortedcontainers import SortedList

from mockserver.gateway.checks import SandboxLookup
from mockserver.gateway.pipeline import Gateway
from mockserver.protocol.messages import Inbound, Reply
from mockserver.protocol.shapes import BEIJING
from mockserver.world.directory import Directory
from mockserver.world.document import WorldDocument
from mockserver.world.world import World

pytest_plugins = ["pytester"]
NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=BEIJING)  # the machine's clock of in-process tests


class Caller:
    """Signs and sends calls in process; the signature is computed here, not by the product."""

    def __init__(self, gateway: Gateway, world: World) -> None:
        self.gateway, self.world = gateway, world
        self.app = next(iter(world.state.apps.values()))
        tokens = {session.label: session.token for session in world.state.sessions.values()}
        self.session, self.sub_session = tokens["main"], tokens["sub"]

    def params(self, method: str, **business: object) -> dict[str, str]:
        """System and business parameters with their md5 sign; None leaves a parameter out."""
        now = self.world.now.strftime("%Y-%m-%d %H:%M:%S")
        system = {
            "method": method,
            "app_key": self.app.app_key,
            "session": self.session,
            "timestamp": now,
            "v": "2.0",
            "format": "json",
            "sign_method": "md5",
        }
        merged = {**system, **business}
        texts = {name: str(value) for name, value in merged.items() if value is not None}
        if "sign" not in business:
            text = "".join(name + texts[name] for name in sorted(texts))
            secret = self.app.app_secret
            texts["sign"] = hashlib.md5(f"{secret}{text}{secret}".encode()).hexdigest().upper()
        return texts

    def send(self, params: dict[str, str]) -> Reply:
        """The raw reply to a urlencoded POST."""
        body = urlencode(params).encode()
        return self.gateway.answer(
            Inbound(
                "POST",
                b"",
                "application/x-www-form-urlencoded;charset=UTF-8",
                body,
                "http://mock:8420",
            )
        )

    def __call__(self, method: str, **business: object) -> dict:
        """The decoded JSON reply."""
        return json.loads(self.send(self.params(method, **business)).body)

    def result(self, method: str, **business: object) -> dict:
        """What stands inside the reply's root; a platform error fails the test."""
        ((root, inner),) = self(method, **business).items()
        assert root != "error_response", inner
        return inner


@pytest.fixture
def make_world() -> Callable[..., World]:
    """Makes a frozen world from keys of a world document."""

    def make(**document: object) -> World:
        from mockserver.world.document import read_document

        directory = Directory(lambda: NOON)
        world = World(directory, read_document(document, WorldDocument), id="default")
        directory.add(world)
        return world

    return make


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """A fresh default world, frozen at 2026-03-01 10:00:00."""
    return make_world()


@pytest.fixture
def gateway(world: World) -> Gateway:
    """A strict gateway over `world`."""
    return Gateway(SandboxLookup(world.directory))


@pytest.fixture
def top(gateway: Gateway, world: World) -> Caller:
    """A signed in-process caller with the main session of `world`."""
    return Caller(gateway, world)


@pytest.fixture
def whole_state() -> Callable[[World], dict[str, Any]]:
    """All that a world remembers, as plain values that compare."""

    def plain(value: Any) -> Any:
        if isinstance(value, SortedList):
            return list(value)
        if isinstance(value, dict):
            return {
                key: plain(each)
                for key, each in value.items()
                if not isinstance(each, SortedList) or each
            }
        return list(value) if isinstance(value, list) else value

    return lambda world: {name: plain(value) for name, value in vars(world.state).items()}
