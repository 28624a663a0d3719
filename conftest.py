"""Fixtures of the whole suite.

One frozen world, a gateway over it, and calls that are signed by their own means.
"""

import hashlib
import hmac
import json
import signal
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import settings
from sortedcontainers import SortedList

from mockserver.gateway.checks import SandboxLookup
from mockserver.gateway.pipeline import Gateway
from mockserver.protocol.messages import Inbound, Reply
from mockserver.protocol.shapes import BEIJING
from mockserver.world.directory import Directory
from mockserver.world.document import WorldDocument, read_document
from mockserver.world.notifications import QueueIndex
from mockserver.world.world import World

# A shell's background job ignores Ctrl-C, one under nohup also SIGHUP, and so would every command
# that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# The same draws on every machine, and no limit that a loaded one misses, so that a gate is red for
# a reason;
# `--hypothesis-profile=explore` draws anew.
settings.register_profile("gate", derandomize=True, deadline=None)
settings.register_profile("explore", settings.get_profile("default"))
settings.load_profile("gate")

pytest_plugins = ["pytester"]
NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=BEIJING)  # the machine's clock of in-process tests
FORM = "application/x-www-form-urlencoded;charset=UTF-8"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32


class Caller:
    """Signs and sends calls in process; the signature is computed here, not by the product."""

    def __init__(self, gateway: Gateway, world: World) -> None:
        self.gateway, self.world = gateway, world
        self.app = next(iter(world.view.apps()))
        tokens = {session.label: session.token for session in world.view.sessions()}
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


class Machine:
    """The machine's clock: a callable that shows what the test says."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, 0, 0, tzinfo=BEIJING)

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **span: float) -> None:
        """Real time passes."""
        self.now += timedelta(**span)


@pytest.fixture
def make_world() -> Callable[..., World]:
    """Makes a frozen world from keys of a world document."""

    def make(**document: object) -> World:
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
                key: plain(item)
                for key, item in value.items()
                if not isinstance(item, SortedList) or item
            }
        if isinstance(value, QueueIndex):
            return value.copy()
        return list(value) if isinstance(value, list) else value

    return lambda world: {name: plain(value) for name, value in vars(world._state).items()}


@pytest.fixture
def machine() -> Machine:
    """A machine clock that only the test moves."""
    return Machine()


@pytest.fixture
def directory(machine: Machine) -> Directory:
    """A directory of worlds over the controlled machine clock."""
    return Directory(machine)


@pytest.fixture
def add_world(directory: Directory) -> Callable[..., World]:
    """Make a world of the shared directory from keys of a world document."""

    def make(id: str = "", **document: Any) -> World:
        world = World(directory, read_document(document, WorldDocument), id=id)
        directory.add(world)
        return world

    return make


@pytest.fixture
def beijing() -> Callable[[str], datetime]:
    """The instant that a text names in GMT+8."""
    return lambda text: datetime.fromisoformat(text).replace(tzinfo=BEIJING)


@pytest.fixture
def png() -> bytes:
    """The smallest thing that begins like a PNG."""
    return PNG


@pytest.fixture
def signature() -> Callable[..., str]:
    """The sign of texts, computed here: sorted names with raw values, then a raw body."""

    def compute(texts: dict[str, str], secret: str, method: str = "md5", body: str = "") -> str:
        joined = "".join(name + texts[name] for name in sorted(texts) if name != "sign") + body
        if not method.startswith("hmac"):
            return hashlib.md5((secret + joined + secret).encode()).hexdigest().upper()
        digest = {"hmac": "md5", "hmac-sha256": "sha256"}[method]
        return hmac.new(secret.encode(), joined.encode(), digest).hexdigest().upper()

    return compute


@pytest.fixture
def signed(top: Any, signature: Callable[..., str]) -> Callable[..., dict[str, str]]:
    """System and business parameters of the main session with a right sign; None leaves one out."""

    def make(
        method: str | None = "taobao.time.get",
        *,
        body: str = "",
        secret: str | None = None,
        **changes: Any,
    ) -> dict[str, str]:
        texts = top.params("taobao.time.get", sign="")
        texts = {**texts, "method": method, **changes}
        texts = {name: str(value) for name, value in texts.items() if value is not None}
        if "sign" not in changes:
            texts["sign"] = signature(
                texts, secret or top.app.app_secret, texts.get("sign_method") or "md5", body
            )
        return {
            name: value
            for name, value in texts.items()
            if name != "sign" or changes.get("sign", "") is not None
        }

    return make


@pytest.fixture
def send(gateway: Gateway) -> Callable[..., Any]:
    """Sends anything at all, and gives the raw reply."""

    def call(
        verb: str = "POST", query: Any = b"", body: Any = b"", kind: str = FORM, gzip: bool = False
    ) -> Any:
        raw = [
            urlencode(part).encode() if isinstance(part, dict) else part for part in (query, body)
        ]
        return gateway.answer(Inbound(verb, raw[0], kind, raw[1], "http://mock:8420", gzip))

    return call


@pytest.fixture
def error(send: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    """The error_response of a form post, without its request_id; a success is shown instead."""

    def ask(texts: dict[str, str]) -> dict[str, Any]:
        reply = json.loads(send(body=texts).body)
        inner = reply.get("error_response")
        if inner is None:
            return {"reply": reply}
        return {name: value for name, value in inner.items() if name != "request_id"}

    return ask


@pytest.fixture
def multipart() -> Callable[..., tuple[bytes, str]]:
    """A multipart body with its content type, as a plain client writes it."""

    def build(texts: dict[str, str], **files: bytes) -> tuple[bytes, str]:
        parts = [
            f'--XX\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in texts.items()
        ]
        for name, content in files.items():
            head = (
                f'--XX\r\nContent-Disposition: form-data; name="{name}"; '
                f'filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
            )
            parts.append(head.encode() + content + b"\r\n")
        return b"".join(parts) + b"--XX--\r\n", "multipart/form-data; boundary=XX"

    return build


@pytest.fixture
def caller_of(top: Any) -> Callable[[World], Any]:
    """A signed caller for any world."""
    return lambda world: type(top)(Gateway(SandboxLookup(world.directory)), world)
