"""The helpers for other languages run their example tests against a real server.

Each language is run by the tools that Debian has.  Where one is missing the test is skipped with
its name; with the variable TEST_LANGUAGES, as in the gate, it fails.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from msgspec import Struct

from mockserver import Server

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "integrations"
JARS = Path("/usr/share/java")
JUNIT = ":".join(
    str(JARS / f"{name}.jar")
    for name in (
        *("junit-jupiter-api", "junit-jupiter-engine", "junit-platform-commons"),
        *("junit-platform-engine", "junit-platform-launcher", "junit-platform-console"),
        *("junit-platform-reporting", "opentest4j", "opentest4j-reporting-events"),
        *("opentest4j-reporting-schema", "apiguardian-api", "picocli"),
    )
)
DOTNET_FILES = ("Mockserver.cs", "ExampleTest.cs")
JAVA_FILES = ("Mockserver.java", "ExampleTest.java")
JUNIT_ARGUMENTS = (
    *("org.junit.platform.console.ConsoleLauncher", "--disable-banner", "--disable-ansi-colors"),
    *("-c", "mockserver.ExampleTest"),
)
# Go looks up nothing and keeps no result; programs print Chinese as it is.
TOOL_VARIABLES = {
    "GO111MODULE": "auto",
    "GOTOOLCHAIN": "local",
    "GOFLAGS": "-count=1",
    "LC_ALL": "C.UTF-8",
}


class Language(Struct, frozen=True):
    """What a language's example needs.

    `tools` are programs or files that have to be here, `builds` the commands before the tests,
    `command` runs the tests, `passed` is what it prints when all five have passed.
    """

    helper: str
    tools: tuple[str, ...]
    builds: tuple[tuple[str, ...], ...]
    command: tuple[str, ...]
    passed: str


LANGUAGES = {
    "dotnet": Language(
        helper="Mockserver.cs",
        tools=("mcs", "mono", "/usr/lib/mono/4.5/System.Runtime.Serialization.dll"),
        builds=(
            ("mcs", "-r:System.Runtime.Serialization.dll", "-out:ExampleTest.exe", *DOTNET_FILES),
        ),
        command=("mono", "ExampleTest.exe"),
        passed="passed 5 of 5",
    ),
    "go": Language(
        helper="mockserver.go",
        tools=("go",),
        builds=(("go", "vet", "."),),
        command=("go", "test", "-v", "."),
        passed="--- PASS: TestControlAPISaysWhatIsWrong",
    ),
    "java": Language(
        helper="Mockserver.java",
        tools=("java", "javac", str(JARS / "junit-platform-console.jar")),
        builds=(("javac", "-encoding", "UTF-8", "-cp", JUNIT, "-d", "out", *JAVA_FILES),),
        command=("java", "-Dfile.encoding=UTF-8", "-cp", f"out:{JUNIT}", *JUNIT_ARGUMENTS),
        passed="5 tests successful",
    ),
    "node": Language(
        helper="mockserver.mjs",
        tools=("node",),
        builds=(),
        command=("node", "--test", "--test-reporter=tap", "example.test.mjs"),
        passed="# pass 5",
    ),
    "php": Language(
        helper="Mockserver.php",
        tools=("php", "phpunit"),
        builds=(),
        command=("phpunit", "--do-not-cache-result", "ExampleTest.php"),
        passed="OK (5 tests, 8 assertions)",
    ),
}


def run_command(
    command: tuple[str, ...], folder: Path, variables: Mapping[str, str]
) -> tuple[int, str]:
    """Run a command for at most 120 s and return its exit code and what it printed.

    Whatever it started ends with it.  Of this process's variables it gets none that name a server.
    """
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TMALL_MOCKSERVER_", "TOP_"))
    }
    log = folder.parent / "output.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**environ, **TOOL_VARIABLES, **variables},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(timeout=120)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=10)
    return code, log.read_text("utf-8", errors="replace")


@pytest.fixture(scope="module", params=LANGUAGES)
def name(request: pytest.FixtureRequest) -> str:
    """Each language in turn."""
    return request.param


@pytest.fixture(scope="module")
def folder(name: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the language's folder, built."""
    tools = LANGUAGES[name].tools
    missing = [tool for tool in tools if shutil.which(tool) is None and not Path(tool).is_file()]
    if missing and "TEST_LANGUAGES" in os.environ:
        pytest.fail(f"{name}: {', '.join(missing)} is not installed here")
    if missing:
        pytest.skip(f"{name}: {', '.join(missing)} is not installed here")
    copy = tmp_path_factory.mktemp(name) / "copy"
    shutil.copytree(FOLDER / name, copy)
    for build in LANGUAGES[name].builds:
        code, printed = run_command(build, copy, {})
        assert code == 0, printed
    return copy


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One running server, for all languages."""
    with Server() as running:
        yield running


@pytest.fixture
def ready_file(folder: Path) -> Iterator[Path]:
    """The place of a ready file above the folder of the tests; there is none yet."""
    path = folder.parent / ".mockserver.json"
    yield path
    path.unlink(missing_ok=True)


def test_example_passes_under_exec(name, folder):
    """`exec` starts a server, the five tests of the example find it, its exit code is 0."""
    served = (sys.executable, "-m", "mockserver", "exec", "--", *LANGUAGES[name].command)

    code, printed = run_command(served, folder, {"PYTHONPATH": str(ROOT)})

    assert (code, LANGUAGES[name].passed in printed) == (0, True), printed


def test_ready_file_above_is_read_and_sandboxes_are_dropped(name, folder, ready_file, server):
    """Without variables the ready file of a folder above says where the server is.

    Whatever sandbox a test made is gone after it.
    """
    ready_file.write_text(json.dumps({"url": server.url, "token": server.token}, indent=2))

    code, printed = run_command(LANGUAGES[name].command, folder, {})

    assert (code, LANGUAGES[name].passed in printed) == (0, True), printed
    request = urllib.request.Request(
        f"{server.url}/_sandbox/sandboxes", headers={"Authorization": f"Bearer {server.token}"}
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        sandboxes = json.load(reply)["items"]
    assert [sandbox["id"] for sandbox in sandboxes] == ["default"]


@pytest.mark.parametrize("variables", [{}, {"TMALL_MOCKSERVER_READY_FILE": "absent.json"}])
def test_without_server_the_error_says_what_to_type(name, folder, variables):
    """Neither variables nor a ready file: the tests fail, and say the command in two languages."""
    foreign = [above for above in folder.parents if (above / ".mockserver.json").exists()]
    if foreign and not variables:
        pytest.skip(f"a server of somebody else has its ready file in {foreign[0]}")

    code, printed = run_command(LANGUAGES[name].command, folder, variables)

    assert code != 0
    assert "tmall-mockserver exec -- CMD" in printed
    assert "没有运行中的服务" in printed


def test_server_that_is_gone_is_named(name, folder, ready_file):
    """A ready file whose server does not answer: the tests fail and name address and command."""
    url = "http://127.0.0.1:9"  # the port of `discard`, where nothing listens
    ready_file.write_text(json.dumps({"url": url, "token": "t0"}))

    code, printed = run_command(LANGUAGES[name].command, folder, {})

    assert code != 0
    assert "127.0.0.1:9" in printed
    assert "tmall-mockserver serve --detach" in printed


@pytest.mark.parametrize("content", ['{"pid": 1}', '{"url": "http', "null"])
def test_damaged_ready_file_is_named(name, folder, ready_file, content):
    """A ready file that is no JSON object with an address: the tests fail and name the file."""
    ready_file.write_text(content)

    code, printed = run_command(LANGUAGES[name].command, folder, {})

    assert code != 0
    assert ".mockserver.json" in printed
    assert "tmall-mockserver exec -- CMD" in printed


def test_page_of_the_language_runs_as_pasted(name, folder):
    """The shell lines of its README, in its folder, run the example; all five tests pass."""
    page = (folder / "README.md").read_text("utf-8")
    lines = "".join(re.findall(r"^```bash\n(.*?)^```$", page, re.M | re.S))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    code, printed = run_command(("bash", "-ec", lines), folder, {"PATH": path})

    assert code == 0, printed
    assert "tmall-mockserver exec -- " in lines
    assert LANGUAGES[name].passed in printed


@pytest.mark.parametrize("language", LANGUAGES)
def test_helper_is_short_and_described(language):
    """A helper has fewer than 150 lines, and a page in both languages that names its files."""
    lines = (FOLDER / language / LANGUAGES[language].helper).read_text("utf-8").splitlines()
    page = (FOLDER / language / "README.md").read_text("utf-8")

    assert len(lines) < 150
    assert LANGUAGES[language].helper in page
    assert "tmall-mockserver exec -- " in page
    assert "每个测试" in page
