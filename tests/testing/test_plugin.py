"""The pytest plugin as its users meet it: whole pytest runs in a folder of their own."""

import json
import pathlib
import subprocess
import sys

import pytest

import mockserver.client.remote_server

# what an inner run imports is forgotten after it; what this one has imported before is not
import mockserver.testing.coverage_plugin
import mockserver.testing.egress
import mockserver.testing.failure_report
import mockserver.testing.scenario_items
import mockserver.testing.session_server
import mockserver.testing.teardown_checks  # noqa: F401
from mockserver import Server

AGREE = """
def test_agree(sandbox, top_client):
    exchange = sandbox.open()
    top_client.call("tmall.exchange.agree", dispute_id=exchange.dispute_id, address_id=10000002)
    assert exchange.status == 2
"""
BAD_SIGN = """
import pytest
from mockserver.client.top_client import TopRefused

{marker}
def test_sign(sandbox, top_client):
    with pytest.raises(TopRefused):
        top_client.call("tmall.exchange.get", dispute_id=sandbox.open().dispute_id, sign="0" * 32)
"""
UNKNOWN = BAD_SIGN.replace("tmall.exchange.get", "tmall.exchange.gett").replace(
    ', sign="0" * 32', ""
)
REFUSED = """
def test_refused(sandbox, top_client):
    exchange = sandbox.open()
    sandbox.seller.refuse(exchange)
    reply = top_client.call("tmall.exchange.get", dispute_id=exchange.dispute_id)
    assert reply["result"]["exchange"]["status"] == "换货关闭"
"""
ILLEGAL = """
import pytest

{marker}
def test_ship(sandbox, top_client):
    reply = top_client.call(
        "tmall.exchange.consigngoods", dispute_id=sandbox.open().dispute_id,
        logistics_no="SF123456", logistics_type=200, logistics_company_name="顺丰快递")
    assert reply["result"]["success"] is False
"""


@pytest.fixture
def run(pytester):
    """Runs the text of a test module with these arguments."""

    def go(text, *args, conftest=""):
        pytester.makepyfile(test_it=text)
        if conftest:
            pytester.makeconftest(conftest)
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", *args)

    return go


def said(result):
    """All that a run printed."""
    return "\n".join(result.outlines + result.errlines)


def test_a_three_line_test_passes(run):
    """A test that opens an exchange and agrees to it needs nothing but the fixtures."""
    run(AGREE).assert_outcomes(passed=1)


def test_every_test_has_a_sandbox_of_its_own(run):
    """Two tests share the server and nothing else; the long names are the same objects."""
    run("""
        SEEN = []

        def test_one(
            sandbox, tmall_sandbox, mockserver, tmall_mockserver, top_client, tmall_top_client
        ):
            assert sandbox is tmall_sandbox and mockserver is tmall_mockserver
            assert top_client is tmall_top_client
            sandbox.open()
            SEEN.append((mockserver.url, sandbox.id, sandbox.session))

        def test_two(sandbox, mockserver):
            assert sandbox.exchanges == []
            url, sandbox_id, session = SEEN[0]
            assert url == mockserver.url and sandbox_id != sandbox.id and session != sandbox.session
    """).assert_outcomes(passed=2)


def test_the_marker_makes_the_world(run):
    """Markers of class and test add up, the nearer one wins."""
    run("""
        import pytest

        @pytest.mark.sandbox(ruleset="upgraded", goods={"wanted": {"stock": 1}})
        class TestUpgraded:
            def test_one(self, sandbox):
                assert sandbox.stock["wanted"].available == 1
                assert sandbox.open().document["ruleset"] == "upgraded"

            @pytest.mark.sandbox(ruleset="classic")
            def test_two(self, sandbox):
                assert sandbox.stock["wanted"].available == 1
                assert sandbox.open().document["ruleset"] == "classic"
    """).assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("marker", "words"),
    [
        ("sandbox(goodz={})", "goodz"),
        ("sandbox(allow=['bad_sing'])", "bad_sign"),
        ("sandbox('default')", "keywords only"),
        ("sandbox(use='default', seed=3)", "seed"),
        ("sandbox(use='nowhere')", "nowhere"),
    ],
)
def test_a_wrong_marker_is_reported(run, marker, words):
    """What a marker cannot say is an error of that test, with what is possible."""
    result = run(f"import pytest\n\n@pytest.mark.{marker}\ndef test_one(sandbox):\n    pass\n")
    assert result.ret != 0
    assert words in said(result)


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        (BAD_SIGN, "bad_sign", "签名错误的调用"),
        (UNKNOWN, "unknown_method", "tmall.exchange.gett"),
        (ILLEGAL, "illegal_move", "tmall.exchange.consigngoods"),
    ],
)
def test_an_offence_fails_the_test_unless_allowed(run, text, name, words):
    """A test that passes fails all the same for what its client must not do.

    The marker can allow it.
    """
    result = run(text.format(marker=""))
    result.assert_outcomes(failed=1)
    assert words in said(result)
    assert f"allow=[{name!r}]" in said(result)
    run(text.format(marker=f"@pytest.mark.sandbox(allow=[{name!r}])")).assert_outcomes(passed=1)


def test_declared_faults_match_or_fail_the_test(run):
    """Faults of the marker are planned before the test.

    One that nothing met fails it unless allowed.
    """
    text = """
        import pytest
        from mockserver.client.top_client import TopRefused

        @pytest.mark.sandbox(faults=[{"fault": "limited", "method": "taobao.time.get"}])
        def test_met(top_client):
            with pytest.raises(TopRefused, match="^7 "):
                top_client.call("taobao.time.get")

        @pytest.mark.sandbox(faults=["reply_lost"])
        def test_unmet(sandbox):
            pass

        @pytest.mark.sandbox(faults=[{"set": "bad_day"}], allow=["unused_fault"])
        def test_allowed(sandbox):
            assert len(list(sandbox.faults)) > 1

        @pytest.mark.sandbox(faults=["reply_lots"])
        def test_unknown(sandbox):
            pass
    """
    result = run(text)
    result.assert_outcomes(passed=2, failed=1, errors=1)
    assert "声明了却没有用到的故障" in said(result) and "reply_lost" in said(result)


def test_the_report_says_why_a_sign_was_wrong(run):
    """A failed test shows what the doctor found about its refused calls."""
    text = """
        from mockserver.client.top_client import TopClient, TopRefused

        def test_trimmed(sandbox):
            secret = sandbox.app_secret + "\\n"
            client = TopClient(sandbox.gateway_url, sandbox.app_key, secret, sandbox.session)
            try:
                client.call("taobao.time.get")
            except TopRefused:
                pass
    """
    result = run(text)
    result.assert_outcomes(failed=1)
    assert "签名就对得上" in said(result)
    assert "your sign matches if you" in said(result)


def test_a_failure_tells_of_its_sandbox(run):
    """The report has clock, seed, timeline, the last calls and how to run it again.

    No session, no secret.
    """
    result = run(AGREE.replace("== 2", "== 3"))
    text = said(result)
    result.assert_outcomes(failed=1)
    for words in (
        "2026-03-01 10:00:00",
        "(seed) 0",
        "python -m pytest test_it.py::test_agree",
        "待买家退货",
        "agree",
        "tmall.exchange.agree",
        "ship_back",
    ):
        assert words in text


def test_a_failure_shows_no_secret(run):
    """Neither the report's sections nor its tables carry the sandbox's secret or sessions."""
    text = AGREE.replace(
        "def test_agree(sandbox, top_client):",
        "def test_agree(sandbox, top_client):\n    "
        "__import__('pathlib').Path('keys.txt').write_text(f'{sandbox.app_secret} "
        "{sandbox.session}')",
    ).replace("== 2", "== 3")
    result = run(text)
    result.assert_outcomes(failed=1)
    secret, session = pathlib.Path("keys.txt").read_text("utf-8").split()
    assert len(secret) > 8 and secret not in said(result) and session not in said(result)


def test_settings_are_overridden_in_a_conftest(run):
    """`mockserver_settings` gives the keywords of the session's server."""
    run(
        "def test_one(mockserver):\n    assert mockserver.token == 'my-own-token-of-the-session'\n",
        conftest=(
            "import pytest\n\n@pytest.fixture(scope='session')\ndef mockserver_settings():\n    "
            "return {'token': 'my-own-token-of-the-session'}\n"
        ),
    ).assert_outcomes(passed=1)


def test_a_named_sandbox_is_reset_for_every_test(run):
    """`use` attaches to a sandbox whose key does not change, as it was made."""
    run("""
        import pytest

        @pytest.mark.sandbox(use="default")
        @pytest.mark.parametrize("n", [1, 2])
        def test_default(sandbox, n):
            assert (sandbox.id, sandbox.app_key, sandbox.exchanges) == ("default", "1023456789", [])
            sandbox.open()
    """).assert_outcomes(passed=2)


def test_the_real_platform_is_out_of_reach(run):
    """A connection to a real TOP host fails the test by name, even if the client swallows it."""
    text = """
        import socket, pytest

        {marker}
        def test_real(sandbox):
            try:
                socket.create_connection(("eco.taobao.com", 443), timeout=1)
            except BaseException:
                pass
    """
    result = run(text.format(marker=""))
    result.assert_outcomes(failed=1)
    assert (
        "eco.taobao.com" in said(result)
        and "test_it.py::test_real" in said(result)
        and "test_it.py:6" in said(result)
    )


def test_the_lock_is_opened_by_marker_and_option(run):
    """The lock is on in tests with our fixtures, unless `egress` is allowed or it is off."""
    text = """
        import socket, pytest
        PLAIN = socket.getaddrinfo

        def test_locked(sandbox):
            assert (socket.getaddrinfo is PLAIN) is {off}

        @pytest.mark.sandbox(allow=["egress"])
        def test_marked(sandbox):
            assert socket.getaddrinfo is PLAIN

        def test_foreign():
            assert socket.getaddrinfo is PLAIN
    """
    run(text.format(off=False)).assert_outcomes(passed=3)
    run(text.format(off=True), "--mockserver-egress=off").assert_outcomes(passed=3)


def test_the_lock_is_opened_when_a_teardown_breaks(run):
    """A teardown that raises leaves no lock behind for the tests after it."""
    run(
        """
        import socket
        PLAIN = socket.getaddrinfo

        def test_one(sandbox):
            pass

        def test_two():
            assert socket.getaddrinfo is PLAIN
    """,
        conftest="""
        import pytest

        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_teardown(item):
            yield
            if item.name == "test_one":
                raise RuntimeError
    """,
    ).assert_outcomes(passed=2, errors=1)


@pytest.mark.slow
def test_workers_share_nothing(pytester):
    """Under xdist every worker has a server of its own."""
    pytester.makepyfile(
        test_it="""
        import pytest

        @pytest.mark.parametrize("n", range(4))
        def test_one(sandbox, top_client, n, worker_id, record_property):
            assert sandbox.exchanges == []
            sandbox.open()
            assert top_client.call("taobao.time.get")["time"]
    """
    )
    pytester.runpytest_subprocess("-n", "2", "-p", "no:cacheprovider").assert_outcomes(passed=4)


def test_last_failed_runs_only_what_failed(pytester):
    """A test that failed by a wrong call is a failed test for --lf too."""
    pytester.makepyfile(test_it=AGREE + BAD_SIGN.format(marker=""))
    pytester.runpytest_inprocess().assert_outcomes(passed=1, failed=1)
    pytester.runpytest_inprocess("--lf").assert_outcomes(failed=1)


def test_without_random_order(run):
    """The plugin needs no other plugin to be there or absent."""
    run(AGREE, "-p", "no:randomly", "-p", "no:xdist").assert_outcomes(passed=1)


def test_a_running_server_is_attached_to(run, monkeypatch):
    """With a URL the fixtures work on that server; the token comes by option or variable."""
    with Server() as server:
        run(
            AGREE, f"--mockserver-url={server.url}", f"--mockserver-token={server.token}"
        ).assert_outcomes(passed=1)
        monkeypatch.setenv("TMALL_MOCKSERVER_TOKEN", server.token)
        run(AGREE, f"--mockserver-url={server.url}").assert_outcomes(passed=1)
        assert [exchange["id"] for exchange in server.sandbox().exchanges] == []
        monkeypatch.setenv("TMALL_MOCKSERVER_TOKEN", "wrong")
        result = run(AGREE, f"--mockserver-url={server.url}")
        result.assert_outcomes(errors=1)
        assert "token" in said(result)


def test_a_server_that_dies_is_reported(run, monkeypatch):
    """A server that stops during a session is an error that says so, and nothing hangs."""
    server = Server().start()
    monkeypatch.setattr(sys, "dying_server", server, raising=False)
    result = run(
        "import sys\n\ndef test_one(sandbox):\n    sys.dying_server.stop()\n\ndef "
        "test_two(sandbox):\n    pass\n",
        f"--mockserver-url={server.url}",
        f"--mockserver-token={server.token}",
    )
    assert result.ret == 1
    assert "连不上" in said(result)


def test_interrupt_ends_the_session(pytester):
    """Ctrl-C in a test ends the run with pytest's own code, server and threads included."""
    pytester.makepyfile(test_it="def test_one(sandbox):\n    raise KeyboardInterrupt\n")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", timeout=30)
    assert result.ret == 2


def test_the_plugin_costs_nothing_to_import():
    """Importing the plugin loads nothing of ours or others' that is heavy."""
    code = (
        "import sys, pytest; before = set(sys.modules); import pytest_tmall_mockserver.plugin; "
        "print(*sorted(set(sys.modules) - before))"
    )
    completed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    assert completed == [
        "pytest_tmall_mockserver",
        "pytest_tmall_mockserver.fixtures",
        "pytest_tmall_mockserver.items",
        "pytest_tmall_mockserver.plugin",
    ]


SCENARIO = (
    "scenario: 买家申请\nsteps:\n  - buyer: apply\n  - seller: agree\n  - expect: "
    "{status: 2, stock.wanted: {reserved: 1}}\n"
)


PLAYED = """
def test_file(scenario, sandbox):
    result = scenario("agree.scenario.yaml")
    assert sandbox.exchange(result.exchanges["it"]).status == 2

def test_text(scenario, sandbox):
    scenario(SCENARIO)
    assert len(sandbox.exchanges) == 1

def test_dict(scenario, sandbox):
    steps = [{"buyer": "apply"}, {"seller": "agree"}]
    assert scenario({"scenario": "x", "steps": steps}, until=2).stopped

def test_breaks(scenario):
    scenario(SCENARIO.replace("reserved: 1", "reserved: 2"))

def test_mistakes(scenario):
    scenario(SCENARIO.replace("agree", "agre"))
"""


def test_scenario_files_are_tests(pytester):
    """A scenario file is collected under its title, passes, and can be chosen by name."""
    pytester.path.joinpath("agree.scenario.yaml").write_text(SCENARIO, "utf-8")
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "--collect-only", "-q")
    assert "agree.scenario.yaml::买家申请" in said(result)


def test_a_broken_scenario_fails_at_its_line(pytester):
    """A scenario that is not as written fails with file, line and column of the expectation."""
    pytester.path.joinpath("agree.scenario.yaml").write_text(
        SCENARIO.replace("reserved: 1", "reserved: 2"), "utf-8"
    )
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    assert "agree.scenario.yaml:5:50" in said(result)


def test_a_scenario_with_mistakes_is_a_collection_error(pytester):
    """All mistakes of a file are reported when it is collected, with their places."""
    pytester.path.joinpath("agree.scenario.yaml").write_text(
        SCENARIO.replace("agree", "agre").replace("status", "statuss"), "utf-8"
    )
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(errors=1)
    assert "agree.scenario.yaml:4:13" in said(result) and "agree.scenario.yaml:5:14" in said(result)


def test_scenarios_run_on_a_running_server(pytester):
    """With a URL scenarios are played there, each in a sandbox that is dropped."""
    pytester.path.joinpath("agree.scenario.yaml").write_text(SCENARIO, "utf-8")
    with Server() as server:
        pytester.runpytest_inprocess(
            "-p",
            "no:cacheprovider",
            f"--mockserver-url={server.url}",
            f"--mockserver-token={server.token}",
        ).assert_outcomes(passed=1)
        assert [world.id for world in server.context.directory.all()] == ["default"]


def test_the_scenario_fixture_plays_in_the_sandbox(pytester):
    """A file, a text and a dict are played in the test's own sandbox.

    One that breaks fails the test.
    """
    pytester.path.joinpath("agree.scenario.yaml").write_text(SCENARIO, "utf-8")
    pytester.makepyfile(test_it=f"SCENARIO = {SCENARIO!r}\n" + PLAYED)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "test_it.py")
    result.assert_outcomes(passed=3, failed=2)
    assert "scenario:5:" in said(result) and "scenario:4:13" in said(result)


def test_coverage_is_reported_and_enough_passes(run):
    """With --exchange-cov the table stands at the end; a percentage that is reached passes."""
    result = run(AGREE, "--exchange-cov-fail-under=4")
    assert result.ret == 0
    assert (
        "换货状态机覆盖" in said(result)
        and "1-refuse-4" in said(result)
        and "classic 1-agree-2" not in said(result)
    )


def test_too_little_coverage_fails_and_names_the_rows(run):
    """A suite below the wanted percentage fails, and every row that was not met is named."""
    result = run(AGREE, "--exchange-cov-fail-under=100")
    assert result.ret == 1
    result.assert_outcomes(passed=1)
    assert "classic 2-ship_back-3" in said(result) and "classic 1-agree-2" not in said(result)


@pytest.mark.slow
def test_coverage_is_merged_over_workers(pytester):
    """Each worker's part counts: the document of two workers is that of one."""
    pytester.makepyfile(test_it=AGREE + REFUSED)
    documents = []
    for workers in ("0", "2"):
        result = pytester.runpytest_subprocess(
            "-n",
            workers,
            "-p",
            "no:cacheprovider",
            "--exchange-cov",
            "--exchange-cov-report=json:cov.json",
            "--exchange-cov-report=html:cov.html",
        )
        assert result.ret == 0, said(result)
        documents.append(pytester.path.joinpath("cov.json").read_text("utf-8"))
    assert documents[0] == documents[1]
    page = pytester.path.joinpath("cov.html").read_text("utf-8")
    assert "<svg" in page and "<script" not in page


def test_a_named_sandbox_counts_each_test_once(run, pytester):
    """What tests met before in a shared sandbox is not counted again."""
    text = AGREE.replace(
        "def test",
        "import pytest\n\n@pytest.mark.sandbox(use='default')\n@pytest.mark.parametrize('n', "
        "[1, 2])\ndef test",
    ).replace("top_client)", "top_client, n)")
    run(text, "--exchange-cov", "--exchange-cov-report=json:cov.json").assert_outcomes(passed=2)
    rows = json.loads(pytester.path.joinpath("cov.json").read_text("utf-8"))["counts"]["rulesets"][
        "classic"
    ]["rows"]
    assert rows["1-agree-2"] == 2


@pytest.mark.parametrize("kind", ["html", "json"])
def test_a_report_implies_measuring(run, pytester, kind):
    """--exchange-cov-report alone measures and writes its file: nothing is silently left out."""
    result = run(AGREE, f"--exchange-cov-report={kind}")
    assert result.ret == 0
    text = pytester.path.joinpath(f"exchange-cov.{kind}").read_text("utf-8")
    assert "1-agree-2" in text and f"{kind}: " in said(result)


def test_an_unknown_report_is_wrong_usage(run):
    """A report that does not exist is reported with those that do."""
    result = run(AGREE, "--exchange-cov-report=pdf")
    assert result.ret == 4
    assert "html" in said(result)


MACHINE = """
    from hypothesis import settings
    from mockserver.testing import exchange_machine

    class Seller:
        def __init__(self, sandbox):
            self.top = sandbox.client()

        def step(self):
            {does}

    Machine = exchange_machine(Seller, check=[], write_to=None)
    TestSeller = Machine.TestCase
    TestSeller.settings = settings(
        max_examples=3, stateful_step_count=5, derandomize=True, database=None, deadline=None)
    TestOther = type("TestOther", (TestSeller,), {{}})
"""


@pytest.mark.slow
@pytest.mark.parametrize("more", [(), ("-n", "2")])
def test_what_machines_did_is_reported_and_counts(pytester, more):
    """Each machine has a line at the end, and what it met counts as coverage; so under xdist."""
    pytester.makepyfile(test_it=MACHINE.format(does='self.top.call("taobao.time.get")'))
    result = pytester.runpytest_subprocess(
        "-p", "no:cacheprovider", "--exchange-cov", "--exchange-cov-report=json", *more
    )
    result.assert_outcomes(passed=2)
    assert (
        sum(line.startswith("SellerMachine: ") and "rows taken" in line for line in result.outlines)
        == 2
    )
    assert (
        json.loads((pytester.path / "exchange-cov.json").read_text("utf-8"))["rulesets"]["classic"][
            "states"
        ]["met"]
        > 0
    )


@pytest.mark.slow
def test_a_machine_keeps_its_client_from_the_real_platform(pytester):
    """The egress lock holds in a machine's test, though it has no fixture of ours."""
    pytester.makepyfile(
        test_it=MACHINE.format(
            does='__import__("socket").create_connection(("eco.taobao.com", 443), 1)'
        )
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=2)
    assert "eco.taobao.com" in said(result)


def test_what_calls_show_of_their_client_is_in_summary_and_junit(run, pytester) -> None:
    """A write repeated without a look is named with its page; a clean suite has no section."""
    text = """
import pytest

@pytest.mark.sandbox(allow=["illegal_move"])
@pytest.mark.parametrize("n", [1, 2])
def test_agree_twice(sandbox, top_client, n):
    exchange = sandbox.open()
    for _ in range(2):
        top_client.call("tmall.exchange.agree", dispute_id=exchange.dispute_id, address_id=10000002)
"""
    result = run(text, "--junitxml=report.xml")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        ["*what calls show of their client*", "*error unsafe_repeat *client-findings.md*× 2"]
    )
    report = (pytester.path / "report.xml").read_text("utf-8")
    assert report.count('name="client_finding"') == 2
    assert "docs/client-findings.md#unsafe_repeat" in report
    clean = run(AGREE)
    assert "what calls show" not in clean.stdout.str()


TWICE = """
import pytest

@pytest.mark.sandbox(allow=["illegal_move"])
@pytest.mark.parametrize("n", [1, 2])
def test_agree_twice(sandbox, top_client, n):
    exchange = sandbox.open()
    for _ in range(2):
        top_client.call("tmall.exchange.agree", dispute_id=exchange.dispute_id, address_id=10000002)
"""


@pytest.mark.slow
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_what_calls_show_of_their_client_becomes_a_page(run, pytester, workers) -> None:
    """--client-report writes each finding with its tests, its cost and its forms."""
    result = run(TWICE, "--client-report=out/findings.html", *workers)
    result.assert_outcomes(passed=2)
    page = (pytester.path / "out" / "findings.html").read_text("utf-8")
    assert page.count("<li>test_it.py::test_agree_twice[") == 2
    assert "第一次其实成功了，只是应答丢了" in page
    assert "except Timeout: agree(id)" in page
    assert "client-findings.zh-CN.md#unsafe_repeat" in page
    assert str(pytester.path / "out" / "findings.html") in result.stdout.str()


def test_a_page_that_cannot_be_written_fails_no_test(run, pytester) -> None:
    """A folder in its place is said in the summary; the run ends as it would have."""
    (pytester.path / "taken").mkdir()
    result = run(AGREE, "--client-report=taken")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*taken*cannot be written*"])
