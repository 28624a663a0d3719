"""The snippets of a sandbox's page are programs that run as pasted, in each language that is here.

Where a tool is missing the test is skipped with its name, so a run says what it ran.
"""

import os
import re
import shutil
import subprocess
from html import unescape
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
GIVEN = {"clock": {"mode": "running"}, "apps": [{"app_key": "70012345", "app_secret": "f0" * 16}]}


def read_page(server: Server) -> str:
    """The page of the sandbox `default`, as a signed-in browser reads it."""
    opener = build_opener(HTTPCookieProcessor())
    opener.open(server.make_console_link(), timeout=30).read()
    with opener.open(f"{server.url}/console/s/default", timeout=30) as reply:
        return reply.read().decode()


def find_snippets(page: str) -> dict[str, str]:
    """The programs of a page by their labels."""
    blocks = re.findall(
        r"<details><summary>([^<]+)</summary><pre[^>]*><code[^>]*>(.*?)</code>", page, re.DOTALL
    )
    return {unescape(label): unescape(text) for label, text in blocks}


def test_seven_languages_are_offered():
    """The page has a snippet for each language, and no other."""
    with Server(document=GIVEN) as server:
        assert set(find_snippets(read_page(server))) == set(RUNS)


@pytest.mark.slow
@pytest.mark.parametrize("label", RUNS)
def test_a_snippet_runs_as_pasted(label, tmp_path):
    """The program prints the gateway's answer, and the call stands in the journal as a success."""
    name, tools, commands = RUNS[label]
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"{label}: {', '.join(missing)} is not installed here")
    own = {"GO111MODULE": "off", "GOTOOLCHAIN": "local", "HOME": str(tmp_path)}
    environ = {**os.environ, **own, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    with Server(document=GIVEN) as server:
        sandbox = server.sandbox(attach="default")
        exchange = sandbox.open()
        (tmp_path / name).write_text(find_snippets(read_page(server))[label], "utf-8")

        for command in commands:
            done = subprocess.run(
                command,
                cwd=tmp_path,
                env=environ,
                capture_output=True,
                timeout=120,
                check=False,
                stdin=subprocess.DEVNULL,
            )

        assert done.returncode == 0, done.stderr.decode(errors="replace")
        assert b"tmall_exchange_receive_get_response" in done.stdout
        assert exchange.dispute_id.encode() in done.stdout
        assert [call.outcome for call in sandbox.requests] == ["ok"]
