"""Operations as documents: what a snapshot or a store holds of them leads back to them."""

import msgspec
import pytest

from mockserver.world.document import BadDocument
from mockserver.world.operation_documents import (
    read_operation,
    read_operations,
    serialize_operation,
)
from mockserver.world.operations import Called
from mockserver.world.snapshot import read_snapshot, write_snapshot

TID = 3571000000000000011
SEND = "taobao.logistics.offline.send"


@pytest.fixture
def shipped_world(make_world, caller_of):
    """A sandbox in which a trade was shipped by the sub-account."""
    world = make_world(trades=[{"tid": TID, "status": "WAIT_SELLER_SEND_GOODS"}])
    top = caller_of(world)
    parcel = {"tid": TID, "company_code": "SF", "out_sid": "SF1", "session": top.sub_session}
    top.result(SEND, **parcel)
    return world


def test_a_call_is_kept(shipped_world):
    """Method, parameters and account, but neither session nor sign."""
    operation = shipped_world.view.operations[-1]

    assert isinstance(operation, Called)
    assert (operation.method, operation.sub) == (SEND, True)
    assert operation.params == {"tid": str(TID), "company_code": "SF", "out_sid": "SF1"}


def test_a_call_comes_back(shipped_world):
    """Written as JSON and read again it is the same."""
    operation = shipped_world.view.operations[-1]
    document = msgspec.json.decode(msgspec.json.encode(serialize_operation(operation)))

    assert document["kind"] == "call"
    assert read_operation(document) == operation


def test_a_snapshot_document_holds_it(shipped_world):
    """A restored sandbox can be recorded as the first one."""
    text = write_snapshot(shipped_world.snapshot("now"))
    state = read_snapshot(msgspec.json.decode(text))

    assert state.operations[-1] == shipped_world.view.operations[-1]


@pytest.mark.parametrize(
    "method", ["no.such.method", "tmall.exchange.get", "taobao.tmc.messages.consume", ""]
)
def test_a_call_that_changes_nothing_is_refused(shipped_world, method):
    """A document that names another method than one that a recording repeats is refused."""
    document = serialize_operation(shipped_world.view.operations[-1]) | {"method": method}

    with pytest.raises(BadDocument) as refused:
        read_operations([msgspec.to_builtins(document)], shipped_world._state)
    assert refused.value.field == "operations[0].method"
