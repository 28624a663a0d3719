"""The documents run as pasted: shell blocks in one shell, Python blocks in one interpreter."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.zh-CN.md")
GUIDES = [
    f"docs/{name}{suffix}"
    for name in ("control-api", "faults", "messages", "testing", "property-tests", "sessions")
    for suffix in (".md", ".zh-CN.md")
]


def blocks(name: str, language: str) -> list[str]:
    """The fenced blocks of a document in one language."""
    return re.findall(
        rf"^```{language}\n(.*?)^```", (ROOT / name).read_text("utf-8"), re.MULTILINE | re.DOTALL
    )


@pytest.fixture
def command(tmp_path: Path) -> dict[str, str]:
    """An environment in which `tmall-mockserver` is this checkout's."""
    shim = tmp_path / "bin" / "tmall-mockserver"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mockserver "$@"\n')
    shim.chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{shim.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }


@pytest.mark.parametrize("name", READMES)
def test_shell_blocks_run_in_order(name: str, command: dict[str, str], tmp_path: Path) -> None:
    """All shell blocks without make run in one shell, from top to bottom, without an error."""
    script = "\n".join(block for block in blocks(name, "sh") if not block.startswith("make "))
    assert "serve --detach --port 0" in script
    for line in ("eval", "python3 -c", "until ["):  # a reader can type every line
        assert line not in script
    outputs = "test -s reference.md && test -s states.mmd"
    end = "trap 'tmall-mockserver stop > stopped.txt 2>&1 || true' EXIT"
    program = f"set -eu\n{end}\n{script}\n{outputs}\n"
    ran = subprocess.run(
        ["bash", "-c", program],
        cwd=tmp_path,
        env=command,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "换货成功" in ran.stdout


@pytest.mark.parametrize("name", READMES)
def test_make_targets_exist(name: str) -> None:
    """Every make target that a README names is one of the Makefile's."""
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {
        line.split()[1]
        for block in blocks(name, "sh")
        for line in block.splitlines()
        if line.startswith("make ")
    }
    assert {"demo", "serve"} <= named <= targets


@pytest.mark.parametrize("name", [*READMES, *GUIDES])
def test_python_blocks_run_in_order(name: str) -> None:
    """The Python blocks of a document run one after another and their assertions hold."""
    python_blocks = blocks(name, "python")
    assert python_blocks
    exec(compile("\n".join(python_blocks), name, "exec"), {"__name__": "document"})


@pytest.mark.parametrize("name", READMES)
def test_the_settings_file_serves(name: str) -> None:
    """The mockserver.toml of a README makes a sandbox with its key, session, address and SKU."""
    from mockserver import Server

    (text,) = blocks(name, "toml")
    document = tomllib.loads(text)
    document.pop("server")
    sandboxes = document.pop("sandboxes")
    with Server(document=document) as server:
        sandbox = server.sandbox(attach="default")
        assert [exchange.status for exchange in sandbox.exchanges] == [2]
        assert [server.sandbox(**more).id for more in sandboxes] == ["dev-a"]
    assert sandbox.app_key == "23456789"
    assert [address["contact_id"] for address in sandbox.shops[0]["addresses"]] == [7654321]
