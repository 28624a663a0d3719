"""Suites of others, in which the plugin is merely installed: nothing of theirs breaks."""

import os
import sys
import textwrap

import pytest

# what an inner run imports is forgotten after it; what this one has imported before is not
import mockserver.testing.egress
import mockserver.testing.failure_report
import mockserver.testing.scenario_items
import mockserver.testing.session_server
import mockserver.testing.teardown_checks  # noqa: F401
from mockserver import Server

pytestmark = pytest.mark.slow

SCENARIO = "scenario: 买家申请\nsteps:\n  - buyer: apply\n  - expect: {status: 1}\n"
PLAIN = "def test_mine(): pass\n"


def said(result):
    """Return all that a run printed."""
    return "\n".join(result.outlines + result.errlines)


@pytest.fixture
def run(pytester):
    """Run a test module with these arguments in this process."""

    def go(text, *args):
        pytester.makepyfile(test_it=text)
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", *args)

    return go


@pytest.mark.parametrize(
    "content",
    [
        b"name: login flow\nsteps:\n  - open: https://shop.example/login\n",
        b"scenario:\n  name: default\nverifier: ansible\n",
        b"steps: [\n",
        b"- scenario: x\n  steps: []\n",
        b"",
        b"\x00\xff\xfe\x80" * 100,
        "场景: 登录\n".encode("gbk"),
        b"a: b\n" * 300_000,
        b"name: x\nstpes:\n  - open\n",
        b"scenario: x\nsetup: []\nstages: []\n",
    ],
)
def test_foreign_scenario_files_are_left_alone(run, pytester, content):
    """A `*.scenario.yaml` without our two keys is not collected, whatever it holds."""
    pytester.path.joinpath("login.scenario.yaml").write_bytes(content)

    run(PLAIN).assert_outcomes(passed=1)


def test_a_folder_named_like_a_scenario_file_is_left_alone(run, pytester):
    """A folder, and a link to nothing, are no scenario files."""
    pytester.mkdir("a.scenario.yaml")
    pytester.path.joinpath("b.scenario.yaml").symlink_to("nowhere")

    run(PLAIN).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "content",
    [
        SCENARIO.encode(),
        b"\xef\xbb\xbf" + SCENARIO.encode(),
        SCENARIO.replace("\n", "\r\n").encode(),
        ("# 说明\n---\nabout: x\n" + SCENARIO).encode(),
        SCENARIO.replace("scenario:", '"scenario" :').encode(),
    ],
)
def test_our_scenario_files_are_collected(run, pytester, content):
    """A file with both keys is a test, with a byte order mark, CRLF, comments or quotes, too."""
    pytester.path.joinpath("ours.scenario.yaml").write_bytes(content)

    run(PLAIN).assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("key", "misspelt"),
    [
        ("steps", "stpes"),
        ("steps", "step"),
        ("steps", "Steps"),
        ("steps", "stepps"),
        ("scenario", "scenaro"),
        ("scenario", "senario"),
        ("scenario", "Scenario"),
    ],
)
def test_a_misspelt_key_of_our_scenario_is_not_hidden(run, pytester, key, misspelt):
    """A file of ours with a misspelt key is an error of collection that names line and key."""
    text = SCENARIO.replace(f"{key}:", f"{misspelt}:", 1)
    pytester.path.joinpath("ours.scenario.yaml").write_text(text)
    line = next(n for n, row in enumerate(text.splitlines(), 1) if row.startswith(misspelt))

    result = run(PLAIN)

    result.assert_outcomes(errors=1)
    assert f"ours.scenario.yaml:{line}:1" in said(result) and misspelt in said(result)


def test_a_mistake_in_our_scenario_is_not_hidden(run, pytester):
    """A file with both keys and a mistake is an error of collection, also in another encoding."""
    pytester.path.joinpath("ours.scenario.yaml").write_bytes(SCENARIO.encode("gbk"))

    result = run(PLAIN)

    assert "not UTF-8" in said(result)


@pytest.mark.parametrize(
    ("folders", "passed"), [("ours", 2), ("ours theirs", 3), ("", 1), ("nowhere", 1)]
)
def test_the_folders_of_scenarios_can_be_named(run, pytester, folders, passed):
    """With `tmall_scenarios` only files of these folders are scenarios; empty: none."""
    for folder in ("ours", "theirs"):
        pytester.mkdir(folder).joinpath("a.scenario.yaml").write_text(SCENARIO, "utf-8")
    pytester.makeini(f"[pytest]\ntmall_scenarios = {folders}\n")

    run(PLAIN).assert_outcomes(passed=passed)


OWN_FIXTURES = """
    import socket
    import pytest

    PLAIN = socket.getaddrinfo

    @pytest.fixture
    def sandbox():
        return "http://gw.api.tbsandbox.com/router/rest"

    @pytest.fixture
    def scenario():
        return "mine"

    @pytest.fixture
    def mockserver():
        return "another"

    @pytest.mark.sandbox("tbsandbox")
    @pytest.mark.sandbox(use="prod", nonsense=1)
    def test_mine(sandbox, scenario, mockserver):
        assert sandbox.startswith("http://gw") and (scenario, mockserver) == ("mine", "another")
        assert socket.getaddrinfo is PLAIN

    @pytest.mark.sandbox("tbsandbox")
    def test_marker(): pass

    def test_ours(top_client, tmall_sandbox):
        assert top_client.call("taobao.time.get")["time"]
        assert socket.getaddrinfo is not PLAIN
"""


def test_own_fixtures_and_markers_are_left_alone(run):
    """Fixtures and markers of our names mean the suite's own, without lock; the long ones ours."""
    run(textwrap.dedent(OWN_FIXTURES), "--strict-markers").assert_outcomes(passed=3)


def test_an_own_marker_stands_beside_our_fixture(run, pytester):
    """With `tmall_marker` a test may have the suite's own marker and our sandbox."""
    text = (
        "import pytest\n\n@pytest.mark.sandbox('prod')\n@pytest.mark.tmall_sandbox(seed=7)\n"
        "def test_both(sandbox):\n    assert sandbox.seed == 7\n"
    )
    result = run(text)
    result.assert_outcomes(errors=1)
    assert "tmall_marker = tmall_sandbox" in said(result)
    pytester.makeini("[pytest]\ntmall_marker = tmall_sandbox\nmarkers = sandbox: mine\n")

    run(text, "--strict-markers").assert_outcomes(passed=1)


def test_a_sandbox_asked_for_during_the_test_is_locked(run):
    """`getfixturevalue` gives the same sandbox, with the egress lock."""
    run("""
        import socket
        PLAIN = socket.getaddrinfo

        def test_late(request):
            request.getfixturevalue("sandbox").open()
            assert socket.getaddrinfo is not PLAIN

        def test_after():
            assert socket.getaddrinfo is PLAIN
    """).assert_outcomes(passed=2)


def test_without_xdist_a_named_sandbox_works(run):
    """A group for xdist is given only where xdist is, also under strict markers."""
    text = (
        "import pytest\n\n@pytest.mark.sandbox(use='default')\ndef test_one(sandbox):\n"
        "    sandbox.open()\n"
    )

    run(text, "-p", "no:xdist", "--strict-markers").assert_outcomes(passed=1)


FOLDER = {
    "mockserver/__init__.py": "SECRET = 1\n",
    "mockserver/app.py": "ANSWER = 42\n",
    "conftest.py": "",
    "test_mine.py": "from mockserver.app import ANSWER\n\ndef test_mine(): assert ANSWER == 42\n",
}


@pytest.mark.parametrize("command", [["-m", "pytest"], ["-c", "import pytest; pytest.main()"]])
def test_a_folder_called_mockserver_is_the_projects_own(pytester, command):
    """A project imports its own `mockserver`; what it asks of us says what hides the product."""
    for name, text in FOLDER.items():
        path = pytester.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")

    pytester.run(sys.executable, *command).assert_outcomes(passed=1)

    pytester.makepyfile(test_ours="def test_ours(sandbox): pass\n")
    result = pytester.run(sys.executable, *command)
    result.assert_outcomes(passed=1, errors=1)
    assert "tmall-mockserver" in said(result) and "-p no:tmall_mockserver" in said(result)


NAMED = """
    import pytest

    @pytest.mark.sandbox(use="default")
    @pytest.mark.parametrize("n", range(4))
    def test_named(sandbox, n):
        sandbox.open_many(n + 1)
        assert len(sandbox.exchanges) == n + 1
"""


@pytest.mark.parametrize(
    ("dist", "outcomes"), [("loadfile", {"passed": 4}), ("load", {"errors": 4})]
)
def test_workers_do_not_share_a_named_sandbox(pytester, dist, outcomes):
    """Tests of a named sandbox run on one worker, or are refused with what to do instead."""
    pytester.makepyfile(test_it=NAMED)
    with Server() as server:
        result = pytester.runpytest_subprocess(
            *("-p", "no:cacheprovider", "-n", "2", "--dist", dist),
            *(f"--mockserver-url={server.url}", f"--mockserver-token={server.token}"),
        )

    result.assert_outcomes(**outcomes)
    assert ("--dist loadfile" in said(result)) == (dist == "load")


FAILS = """
    def test_fails(sandbox, top_client):
        exchange = sandbox.open()
        top_client.call("tmall.exchange.agree", dispute_id=exchange.dispute_id, address_id=10000002)
        assert exchange.status == 3
"""


def test_junit_has_the_report_of_the_sandbox(run, pytester):
    """What a failure says about its sandbox stands in --junitxml, too, and once on the terminal."""
    result = run(FAILS, "--junitxml=report.xml")

    result.assert_outcomes(failed=1)
    page = pytester.path.joinpath("report.xml").read_text("utf-8")
    for text in (page, said(result)):
        assert text.count("重跑 (run again)") == 1
        assert "tmall.exchange.agree" in text and "ship_back" in text


SCOPES = """
    import pytest
    from mockserver.client.top_client import TopRefused

    pytestmark = pytest.mark.sandbox(goods={"wanted": {"stock": 5}})
    SEEN = []

    @pytest.fixture(scope="class")
    def shop(sandbox_factory):
        return sandbox_factory(goods={"wanted": {"stock": 3}})

    def test_first(module_sandbox, session_sandbox, tmall_module_sandbox):
        assert module_sandbox is tmall_module_sandbox and module_sandbox is not session_sandbox
        assert module_sandbox.stock["wanted"].available == 5
        assert session_sandbox.stock["wanted"].available == 100
        module_sandbox.open()
        session_sandbox.open()

    def test_second(module_sandbox, session_sandbox):
        assert len(module_sandbox.exchanges) == len(session_sandbox.exchanges) == 1

    class TestShop:
        def test_open(self, shop):
            assert shop.stock["wanted"].available == 3
            shop.open()

        def test_same(self, shop):
            assert len(shop.exchanges) == 1

    def test_wrong_sign(module_sandbox):
        with pytest.raises(TopRefused):
            module_sandbox.client().call("taobao.time.get", sign="0" * 32)

    def test_after_it(module_sandbox):
        pass

    def test_fails(module_sandbox):
        assert module_sandbox.exchanges == []
"""


def test_sandboxes_of_a_module_and_of_the_session(run):
    """A wider sandbox keeps its state; a violation fails the test that made it, and no other."""
    result = run(SCOPES)

    result.assert_outcomes(passed=5, failed=2)
    assert "FAILED test_it.py::test_wrong_sign" in said(result)
    assert "FAILED test_it.py::test_fails" in said(result)
    assert "python -m pytest test_it.py::test_fails" in said(result)


def test_a_proxy_of_the_machine_is_not_asked(run, monkeypatch):
    """With HTTP_PROXY set, clients under test reach the mock directly; the variables come back."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "intranet.example")
    monkeypatch.delenv("no_proxy", raising=False)

    run("""
        import os
        import urllib.request

        def test_direct(sandbox):
            with urllib.request.urlopen(sandbox.gateway_url + "?method=taobao.time.get") as reply:
                assert reply.status == 200
            assert os.environ["NO_PROXY"].startswith("intranet.example,127.0.0.1")
    """).assert_outcomes(passed=1)

    assert os.environ["NO_PROXY"] == "intranet.example"
    assert "no_proxy" not in os.environ


def test_a_test_may_drop_its_sandbox(run):
    """A sandbox that its test has deleted fails neither the test nor its teardown."""
    run("def test_drop(sandbox):\n    sandbox.drop()\n").assert_outcomes(passed=1)
