"""What a move records is in the snapshot document, which can always be stored again."""

import json

import pytest

from mockserver.domain.ledger import Accounts
from mockserver.world.snapshot import read_snapshot, write_snapshot


@pytest.mark.parametrize("move", ["modify", "apply"])
def test_goods_that_nobody_has_can_be_kept_and_restored(add_world, act, move):
    """After an application for an unknown SKU the snapshot is stored, restored and moved on."""
    world = add_world(ruleset="upgraded")
    [exchange] = world.open({"status": 6} if move == "modify" else {"exchange_sku": "31415926535"})
    if move == "modify":
        act(world, exchange, "modify", exchange_sku="31415926535")
    text = write_snapshot(world.snapshot("kept"))
    world.snapshot("again", read_snapshot(json.loads(text)))
    world.reset(empty=True)
    world.restore("again")
    assert write_snapshot(world.snapshot("third")) == text
    assert world.exchange(exchange.dispute_id).exchange_sku == "31415926535"
    outcome, _ = act(world, exchange, "cancel")
    assert outcome.exchange.status == 4


def test_goods_that_nobody_has_are_out_of_stock(add_world, act):
    """A SKU that only a modification names has accounts, all of them empty."""
    world = add_world(ruleset="upgraded")
    [exchange] = world.open({"status": 6})
    act(world, exchange, "modify", exchange_sku="31415926535")
    assert world._state.accounts["31415926535"] == Accounts()
