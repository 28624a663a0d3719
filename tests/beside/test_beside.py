"""Tests that use the sandbox together with a fixture or marker of another plugin."""

import json
import unittest
from concurrent.futures import ThreadPoolExecutor
from urllib.request import urlopen

import freezegun
import httpx
import pytest
import requests
import responses
import respx
import time_machine
from hypothesis import HealthCheck, given, settings, strategies

import mockserver

TIME = "taobao.time.get"
PLAIN = ("-p", "no:randomly", "-p", "no:django")  # of runs inside a test
NOON_UTC = "2026-03-01 02:00:00"  # the sandbox's own 10:00 in GMT+8


def works(top_client):
    """Return True if the mock answers."""
    return "time" in top_client.call(TIME)


def test_responses(top_client):
    """Calls of the handle pass `responses`."""
    with responses.RequestsMock() as stub:
        stub.get("http://shop.example/", body="stub")
        assert requests.get("http://shop.example/", timeout=5).text == "stub"
        assert works(top_client)


def test_requests_mock(requests_mock, top_client):
    """Calls of the handle pass `requests_mock`."""
    requests_mock.get("http://shop.example/", text="stub")
    assert requests.get("http://shop.example/", timeout=5).text == "stub"
    assert works(top_client)


def test_httpx_mock(httpx_mock, top_client):
    """Calls of the handle pass pytest-httpx."""
    httpx_mock.add_response(text="stub")
    assert httpx.get("http://shop.example/").text == "stub"
    assert works(top_client)


@respx.mock
def test_respx(top_client):
    """Calls of the handle pass respx."""
    assert works(top_client)


def test_httpserver(httpserver, sandbox, top_client):
    """Another local server is no real host for the egress lock."""
    httpserver.expect_request("/callback").respond_with_data("ok")
    with urlopen(httpserver.url_for("/callback"), timeout=5) as reply:
        assert reply.read() == b"ok"
    assert works(top_client)


@pytest.mark.asyncio
async def test_asyncio(sandbox, top_client):
    """An asynchronous client reaches the server of the session."""
    async with httpx.AsyncClient(trust_env=False) as client:
        reply = await client.post(sandbox.gateway_url, data=top_client.params(TIME, {}))
    assert "time_get_response" in reply.json()


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_anyio(anyio_backend, sandbox):
    """The sandbox is there in tests of anyio's plugin."""
    assert sandbox.open().status == 1


def test_frozen_time(top_client):
    """A client whose clock stands where the sandbox's does gets its answers."""
    with freezegun.freeze_time(NOON_UTC):
        assert works(top_client)
    with time_machine.travel(NOON_UTC):
        assert works(top_client)


def test_mocker(mocker, sandbox):
    """A patched sleep hinders nothing."""
    sleep = mocker.patch("time.sleep")
    sandbox.clock.advance("7d")
    assert not sleep.called


def test_django(settings, rf, sandbox):
    """Django's request factory and settings stand beside the sandbox."""
    settings.ROOT_URLCONF = "none"
    request = rf.get("/", {"dispute_id": sandbox.open().dispute_id})
    assert sandbox.exchange(request.GET["dispute_id"]).status == 1


def test_flask(app, sandbox):
    """An app under test and the mock, which is a Flask app, too, do not share a context."""
    import flask

    assert flask.current_app.name == app.name
    assert sandbox.open().status == 1


def test_benchmark(benchmark, sandbox):
    """A benchmark opens exchanges."""
    benchmark.pedantic(sandbox.open, rounds=3)
    assert len(sandbox.exchanges) == 3 or not benchmark.enabled


def test_subtests(subtests, sandbox):
    """Sub-tests share the test's sandbox."""
    for number in range(3):
        with subtests.test(number=number):
            sandbox.open()
    assert len(sandbox.exchanges) == 3


def test_snapshot(snapshot, sandbox):
    """A matcher of syrupy looks at documents of the sandbox."""
    assert sandbox.open().document["status"] != snapshot(name="nothing stored")


@pytest.mark.flaky(reruns=2)
def test_rerun(sandbox, tmp_path_factory, record_property):
    """A test that runs again has a fresh sandbox."""
    assert sandbox.exchanges == []
    sandbox.open()
    mark = tmp_path_factory.getbasetemp() / "ran_once"
    if not mark.exists():
        mark.touch()
        pytest.fail("the first run fails")


@pytest.mark.repeat(3)
def test_repeat(sandbox):
    """A repeated test has a fresh sandbox each time."""
    assert sandbox.exchanges == []
    sandbox.open()


@pytest.mark.order("first")
@pytest.mark.timeout(60)
def test_order_and_timeout(shop):
    """Order and timeout mean what they mean elsewhere."""
    assert shop.stock["wanted"].available == 1


@pytest.mark.disable_socket
def test_disabled_sockets():
    """A sandbox in process needs no socket."""
    assert works(mockserver.Sandbox().client())


def test_socket_plugin_is_named(pytester):
    """Where pytest-socket hinders the server, the error names it and the way out."""
    pytester.makepyfile(test_inner="def test_inner(sandbox): pass\n")
    result = pytester.runpytest_subprocess(
        "--disable-socket", "-p", "no:randomly", "-p", "no:django"
    )
    result.assert_outcomes(errors=1)
    assert "--allow-hosts=127.0.0.1" in result.stdout.str()
    result = pytester.runpytest_subprocess(
        "--allow-hosts=127.0.0.1,::1", "-p", "no:randomly", "-p", "no:django"
    )
    result.assert_outcomes(passed=1)


@pytest.mark.block_network
def test_blocked_network(sandbox):
    """pytest-recording blocks the network; the handle needs none."""
    assert sandbox.open().status == 1


@pytest.mark.sandbox("staging")
def test_own_marker():
    """The suite's own marker of our name means what it meant."""


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(number=strategies.integers(1, 3))
def test_hypothesis(sandbox, number):
    """A property uses the sandbox."""
    assert len(sandbox.open_many(number)) == number


def test_faker_and_environment(faker, sandbox, monkeypatch):
    """Faker's fixture and variables of pytest-env are untouched."""
    import os

    assert os.environ["SHOP_REGION"] == "test"
    assert sandbox.open(buyer_name=faker.name()).status == 1


def test_threads(sandbox, top_client):
    """Threads of a test share its client."""
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda _: works(top_client), range(8)))


class TestCase(unittest.TestCase):
    """A unittest case takes the sandbox by an autouse fixture."""

    @pytest.fixture(autouse=True)
    def _attach(self, request):
        self.sandbox = request.getfixturevalue("sandbox")

    def test_case(self):
        """The sandbox is fresh."""
        assert self.sandbox.exchanges == []


def test_reports_have_the_sandbox(pytester):
    """A failure's report is in the files of other plugins, too."""
    pytester.makepyfile(test_inner="def test_inner(sandbox):\n    assert sandbox.open() is None\n")
    result = pytester.runpytest_subprocess(
        *("--html=r.html", "--self-contained-html", "--json-report", "--junitxml=r.xml"), *PLAIN
    )
    result.assert_outcomes(failed=1)
    for name in ("r.html", ".report.json", "r.xml"):
        assert "run again" in (pytester.path / name).read_text("utf-8")
    longrepr = json.loads((pytester.path / ".report.json").read_text("utf-8"))["tests"][0]["call"]
    assert "test_inner" in str(longrepr)
