"""Fixtures of the SDK tests.

A served sandbox, and two real TOP clients of npm that call it from Node.

`npm ci` in this folder installs them.  Nothing is skipped: without Node or the packages the tests
fail and say so.
"""

import base64
import json
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from mockserver import Sandbox, Server

FOLDER = Path(__file__).parent
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5Er"
    "kJggg=="
)
PACKAGES = {"top_sdk.js": "topSdk", "topclient.js": "node-taobao-topclient"}


class Sdk:
    """One SDK bound to a sandbox; each `calls` is one Node process."""

    def __init__(self, driver: str, sandbox: Sandbox, zone: str = "Asia/Shanghai") -> None:
        self.driver, self.sandbox, self.zone = driver, sandbox, zone
        self.secret, self.session = sandbox.app_secret, sandbox.session

    @property
    def sends_files(self) -> bool:
        """Only the official SDK knows multipart."""
        return self.driver == "top_sdk.js"

    def calls(self, *calls: Mapping[str, object]) -> list[dict]:
        """The outcomes of calls, in order: `{"response": …}` or `{"error": …}`."""
        node = shutil.which("node")
        if node is None:
            pytest.fail(
                "node is not installed: these tests run real Node clients (Debian: nodejs, npm)"
            )
        if not (FOLDER / "node_modules" / PACKAGES[self.driver]).is_dir():
            pytest.fail(f"{PACKAGES[self.driver]} is not installed: run `npm ci` in tests/sdk")
        script = {
            "url": self.sandbox.gateway_url,
            "app_key": self.sandbox.app_key,
            "app_secret": self.secret,
            "calls": calls,
        }
        ran = subprocess.run(
            [node, "--no-deprecation", str(FOLDER / self.driver)],
            input=json.dumps(script).encode(),
            capture_output=True,
            timeout=60,
            env={"TZ": self.zone, "PATH": str(Path(node).parent)},
            check=False,
        )
        assert ran.returncode == 0, ran.stderr.decode()
        return json.loads(ran.stdout)

    def call(
        self,
        method: str,
        files: Mapping[str, bytes] | None = None,
        verb: str = "POST",
        **params: object,
    ) -> dict:
        """The outcome of one call with the session."""
        coded = {
            name: base64.b64encode(content).decode() for name, content in (files or {}).items()
        }
        call_params = {"session": self.session, **params}
        (outcome,) = self.calls(
            {"method": method, "params": call_params, "files": coded, "verb": verb}
        )
        return outcome

    def reply(
        self,
        method: str,
        files: Mapping[str, bytes] | None = None,
        verb: str = "POST",
        **params: object,
    ) -> dict:
        """What the SDK hands to its user; a platform error fails the test."""
        outcome = self.call(method, files, verb, **params)
        assert "response" in outcome, outcome
        return outcome["response"]

    def error(self, method: str, **params: object) -> dict:
        """The error that the SDK hands to its user."""
        outcome = self.call(method, **params)
        assert "error" in outcome, outcome
        return outcome["error"]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One running server."""
    with Server() as running:
        yield running


@pytest.fixture
def sandbox(server: Server) -> Iterator[Sandbox]:
    """A fresh sandbox of the server."""
    fresh = server.sandbox()
    yield fresh
    fresh.drop()


@pytest.fixture(params=sorted(PACKAGES), ids=[PACKAGES[name] for name in sorted(PACKAGES)])
def sdk(request: pytest.FixtureRequest, sandbox: Sandbox) -> Sdk:
    """Each of the two clients in turn."""
    return Sdk(request.param, sandbox)


@pytest.fixture
def official(sandbox: Sandbox) -> Sdk:
    """The official Node SDK: the one that sends files."""
    return Sdk("top_sdk.js", sandbox)


@pytest.fixture
def make_sdk() -> Callable[..., Sdk]:
    """Makes a client by its driver, sandbox and zone."""
    return Sdk


@pytest.fixture
def png() -> bytes:
    """A picture of one pixel."""
    return PNG


@pytest.fixture
def control(server: Server, sandbox: Sandbox) -> Callable[[str, str, dict], dict]:
    """Asks the control API about the sandbox."""

    def ask(verb: str, path: str, body: dict) -> dict:
        request = urllib.request.Request(
            f"{server.url}/_sandbox/sandboxes/{sandbox.id}/{path}",
            json.dumps(body).encode(),
            {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"},
            method=verb,
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    return ask
