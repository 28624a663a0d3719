"""What is made up does not repeat between processes; what is documented is the same in each."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from mockserver.world.default_world import APP_KEY, SESSION, SUB_SESSION

PROGRAM = """
import json, os, sys
from mockserver import Sandbox
from mockserver.control.in_process import InProcessControl
from mockserver.protocol.messages import Inbound
from mockserver.server import make_context
from mockserver.world.document import WorldDocument

context = make_context(document=WorldDocument())
control = InProcessControl(context)

def request_id():
    return dict(context.answer(Inbound("POST")).headers)["X-Sandbox-Request-Id"]

def make():
    sandboxes = [control("POST", "sandboxes", {}) for _ in range(20)]
    own = [Sandbox() for _ in range(3)]
    return {
        "id": [sandbox["id"] for sandbox in sandboxes] + [sandbox.id for sandbox in own],
        "app_key": [sandbox["app_key"] for sandbox in sandboxes]
        + [sandbox.app_key for sandbox in own],
        "session": [sandbox["session"] for sandbox in sandboxes]
        + [sandbox.session for sandbox in own],
        "sub_session": [sandbox["sub_session"] for sandbox in sandboxes],
        "request_id": [request_id() for _ in range(20)],
    }

made = [make()]
if "fork" in sys.argv:
    for _ in range(2):
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.write(writer, json.dumps(make()).encode())
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            made.append(json.loads(pipe.read()))
        os.wait()
    made.append(make())
print(json.dumps({
    "made": made,
    "default": control("GET", "sandboxes/default"),
    "named": control("POST", "sandboxes", {"name": "mine"}),
}))
"""
KINDS = ("id", "app_key", "session", "sub_session", "request_id")


def run_program(*arguments: str) -> dict[str, Any]:
    """Return what the program prints in a process of its own."""
    output = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, check=True, timeout=60
    )
    return json.loads(output.stdout)


@pytest.fixture(scope="module")
def processes() -> list[dict[str, Any]]:
    """The output of two processes."""
    return [run_program(), run_program()]


def repeated(made: list[dict[str, list[str]]], kind: str) -> list[str]:
    values = [value for part in made for value in part[kind]]
    assert len(values) >= 40
    return sorted(value for value in set(values) if values.count(value) > 1)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_made_up_repeats_between_two_processes(processes, kind):
    """Ids, keys and sessions of unnamed sandboxes, and request ids, differ in all processes."""
    assert repeated([part for process in processes for part in process["made"]], kind) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform has no fork")
def test_nothing_made_up_repeats_between_forks():
    """Two forks of a process, and the process before and after them, share nothing made up."""
    made = run_program("fork")["made"]
    assert len(made) == 4
    assert {kind: repeated(made, kind) for kind in KINDS} == {kind: [] for kind in KINDS}


def test_the_default_sandbox_has_its_documented_constants_in_every_process(processes):
    """App key and sessions of `default` are those of the documentation."""
    for process in processes:
        default = process["default"]
        assert (default["app_key"], default["session"], default["sub_session"]) == (
            APP_KEY,
            SESSION,
            SUB_SESSION,
        )


@pytest.mark.parametrize("key", ["app_key", "session", "sub_session"])
def test_a_named_sandbox_has_its_keys_again_after_a_restart(processes, key):
    """Keys made for a named sandbox follow from its name, whatever was made before it."""
    first, second = (process["named"][key] for process in processes)
    assert first == second
