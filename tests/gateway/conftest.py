"""Fixtures of the gateway's tests: calls put together by hand, moves by name, whole states that compare."""

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from mockserver.domain.moves import MOVES
from mockserver.domain.vocabulary import Role
from mockserver.gateway.checks import SandboxLookup
from mockserver.gateway.pipeline import Gateway
from mockserver.protocol.messages import Inbound
from mockserver.world.world import World

BUYER = ("ship_back", "modify", "cancel", "ask_cs", "confirm_receipt")
CS = ("step_in", "judge")
FORM = "application/x-www-form-urlencoded;charset=UTF-8"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32


@pytest.fixture
def png() -> bytes:
    """The smallest thing that begins like a PNG."""
    return PNG


@pytest.fixture
def act() -> Callable[..., Any]:
    """Plays a move by its name for the actor it belongs to."""

    def play(
        world: World, dispute_id: int, move: str, role: Role | None = None, **fields: Any
    ) -> Any:
        own = Role.BUYER if move in BUYER else Role.CS if move in CS else Role.SELLER_MAIN
        return world.move(dispute_id, msgspec.convert(fields, MOVES[move]), role or own)

    return play


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
            urlencode(each).encode() if isinstance(each, dict) else each for each in (query, body)
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
            head = f'--XX\r\nContent-Disposition: form-data; name="{name}"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
            parts.append(head.encode() + content + b"\r\n")
        return b"".join(parts) + b"--XX--\r\n", "multipart/form-data; boundary=XX"

    return build


@pytest.fixture
def caller_of(top: Any) -> Callable[[World], Any]:
    """A signed caller for any world."""
    return lambda world: type(top)(Gateway(SandboxLookup(world.directory)), world)
