"""Two servers on one store: a message that one of them has sent is not sent by the other too."""

import pytest

from mockserver import Server
from tests.push.tmc_client import TmcClient, encode

pytestmark = pytest.mark.slow  # SQL is imported, and two servers share a file


@pytest.fixture
def servers(tmp_path):
    """Two servers with message ports on one SQLite store."""
    store = f"sqlite:///{tmp_path}/mock.db"
    with Server(tmc_port=0, store=store) as one, Server(tmc_port=0, store=store) as other:
        yield one, other


def received(client):
    """Return the topics that wait for a client: all before its own message comes back."""
    client.send(encode(2, client.token, flag=7, kind_byte=3, topic="mine", content="{}"))
    topics = []
    while "mine" not in topics:
        frame = client.receive()
        topics += [frame["topic"]] if frame["type"] == 2 else []
    return [topic for topic in topics if topic != "mine"]


def test_what_one_process_has_sent_waits_for_the_other_too(servers):
    """The instant of sending is in the store, as a lease: the other sends it when it is due."""
    one, other = servers
    box = one.sandbox()
    with TmcClient(box.tmc_url) as first:
        first.connect(box.app_key, box.app_secret)
        box.open()
        assert first.receive()["topic"] == "taobao_dispute_RefundCreated"
    with TmcClient(other.sandbox().tmc_url) as second:
        second.connect(box.app_key, box.app_secret)
        assert received(second) == []
        box.clock.advance("5m")
        assert second.receive()["topic"] == "taobao_dispute_RefundCreated"


def test_what_one_process_has_put_out_the_other_sends(servers):
    """A queue is one for all processes."""
    one, other = servers
    box = one.sandbox()
    box.open()
    with TmcClient(other.sandbox().tmc_url) as client:
        client.connect(box.app_key, box.app_secret)
        assert client.receive()["topic"] == "taobao_dispute_RefundCreated"
