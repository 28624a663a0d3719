"""Entries of wrong signs: the search for the mistake is left for whoever reads the entry."""

import gc
import subprocess
import sys
import weakref

import pytest

from mockserver.gateway.checks import SandboxLookup
from mockserver.gateway.pipeline import Gateway
from mockserver.world.late_diagnosis import Explanation, LateDiagnosis


@pytest.fixture
def refuse(top, world):
    """Sends calls with wrong signs; the newest entry as the journal keeps it."""

    def refuse(**changes):
        top.send({**top.params("tmall.exchange.get", dispute_id=1, fields="status"), **changes})
        return world.journal.select({}, 1)[1][0]

    return refuse


def ids(document):
    """The findings of a document."""
    return [finding["id"] for finding in document["diagnosis"]["findings"]]


def test_a_wrong_sign_is_not_examined_before_the_reply(refuse):
    """The entry knows the code; what was wrong is found when it is read, in cause and findings."""
    entry = refuse(simplify="false")
    assert entry.code == 25 and not entry.late.is_made
    assert ids(entry.serialize(search=False)) == ["unexamined"]
    document = entry.serialize()
    assert ids(document) == ["added_later"]
    assert document["diagnosis"]["zh"] == document["diagnosis"]["findings"][0]["zh"]
    assert entry.late.is_made
    assert entry.serialize(search=False) == entry.serialize() == document


def test_the_first_wrong_sign_waits_for_no_import():
    """No module is imported between the first call with a wrong sign and its reply."""
    program = (
        "import sys\n"
        "from mockserver import Sandbox\n"
        "from mockserver.client.top_client import TopRefused\n"
        "client = Sandbox().client()\n"
        "client.call('taobao.time.get')\n"
        "before = set(sys.modules)\n"
        "try:\n"
        "    client.call('taobao.time.get', sign='0' * 32)\n"
        "except TopRefused as refused:\n"
        "    print(refused.code, sorted(set(sys.modules) - before))\n"
    )
    output = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=50, check=False
    )
    assert output.stdout == "25 []\n", output.stderr


def test_the_diagnosis_is_made_once():
    """The second reader gets what the first one waited for."""
    made = []

    def make():
        made.append(1)
        return Explanation("因", "cause", b"[]", b"[]")

    late = LateDiagnosis(make, 10)
    assert not late.is_made and late.read() is late.read() and late.is_made
    assert made == [1]


def test_an_entry_that_waits_keeps_no_sandbox_alive(make_world, caller_of):
    """Entries are no garbage collector's business, so they must not refer to their sandbox."""
    world = make_world()
    caller_of(world)
    gone = weakref.ref(world)
    [entry] = world.journal.select({}, 1)[1]
    assert not entry.late.is_made
    del world
    gc.collect()
    assert gone() is None
    assert ids(entry.serialize()) == ["added_later"]


@pytest.fixture
def caller_of(top):
    """Sends one wrong sign to a world of its own, and keeps nothing."""

    def send(world):
        params = top.params("tmall.exchange.get", dispute_id=1, fields="status")
        kind = type(top)
        kind(Gateway(SandboxLookup(world.directory)), world).send({**params, "simplify": "false"})

    return send


def test_a_lax_server_examines_late_too(world, top):
    """What a lax server lets pass becomes a warning when the entry is read."""
    lax = type(top)(Gateway(SandboxLookup(world.directory, lax="default")), world)
    params = lax.params("tmall.exchange.receive.get", fields="dispute_id")
    lax.send({**params, "simplify": "false"})
    [entry] = world.journal.select({}, 1)[1]
    assert entry.outcome == "ok" and entry.late is not None
    document = entry.serialize()
    assert ids(document) == ["added_later"]
    assert any("签名就对得上" in warning for warning in document["warnings"])
