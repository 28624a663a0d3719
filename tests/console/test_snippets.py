"""The snippets of a sandbox's page are programs that run as pasted, in each language that is here.

Where a tool is missing the test is skipped with its name; with the variable TEST_LANGUAGES, as in
the gate, it fails.
"""

import os
import re
import shutil
import signal
import subprocess
from contextlib import suppress
from html import unescape
from pathlib import Path
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from mockserver import Server

# the label on the page, the file to paste it into, the tools that have to be here, the commands
RUNS = {
    "curl": ("call.sh", ("bash", "curl", "openssl"), (("bash", "call.sh"),)),
    "Java": ("Call.java", ("java", "javac"), (("java", "Call.java"),)),
    "PHP": ("call.php", ("php",), (("php", "call.php"),)),
    "Node.js": ("call.js", ("node",), (("node", "call.js"),)),
    "Python": ("call.py", ("python3",), (("python3", "call.py"),)),
    ".NET (C#)": (
        "Call.cs",
        ("mcs", "mono"),
        (("mcs", "-r:System.Net.Http.dll", "Call.cs"), ("mono", "Call.exe")),
    ),
    "Go": ("call.go", ("go",), (("go", "run", "call.go"),)),
}
DOCUMENT = {
    "clock": {"mode": "running"},
    "apps": [{"app_key": "70012345", "app_secret": "f0" * 16}],
}


def read_page(server: Server) -> str:
    """The page of the sandbox `default`, as a signed-in browser reads it."""
    opener = build_opener(HTTPCookieProcessor())
    opener.open(server.make_console_link(), timeout=30).read()
    with opener.open(f"{server.url}/console/s/default", timeout=30) as reply:
        return reply.read().decode()


def run_command(command: tuple[str, ...], folder: Path, environ: dict[str, str]) -> str:
    """Run a command and return what it printed; whatever it started ends with it."""
    with (folder / "output.txt").open("w+b") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(timeout=300)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=10)
        output.seek(0)
        text = output.read().decode(errors="replace")
    assert code == 0, text
    return text


def find_snippets(page: str) -> dict[str, str]:
    """The programs of a page by their labels."""
    blocks = re.findall(
        r"<details><summary>([^<]+)</summary><pre[^>]*><code[^>]*>(.*?)</code>", page, re.DOTALL
    )
    return {unescape(label): unescape(text) for label, text in blocks}


def test_seven_languages_are_offered():
    """The page has a snippet for each language, and no other."""
    with Server(document=DOCUMENT) as server:
        assert set(find_snippets(read_page(server))) == set(RUNS)


@pytest.mark.slow
@pytest.mark.parametrize("label", RUNS)
def test_a_snippet_runs_as_pasted(label, tmp_path):
    """The program prints the gateway's answer, and the call stands in the journal as a success."""
    name, tools, commands = RUNS[label]
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing and "TEST_LANGUAGES" in os.environ:
        pytest.fail(f"{label}: {', '.join(missing)} is not installed here")
    if missing:
        pytest.skip(f"{label}: {', '.join(missing)} is not installed here")
    own = {"GO111MODULE": "off", "GOTOOLCHAIN": "local"}
    environ = {**os.environ, **own, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    with Server(document=DOCUMENT) as server:
        sandbox = server.sandbox(attach="default")
        exchange = sandbox.open()
        (tmp_path / name).write_text(find_snippets(read_page(server))[label], "utf-8")

        printed = [run_command(command, tmp_path, environ) for command in commands][-1]

        assert "tmall_exchange_receive_get_response" in printed
        assert exchange.dispute_id in printed
        assert [call["outcome"] for call in sandbox.requests] == ["ok"]
