"""What a move gets that leaves its fields open."""

import pytest


@pytest.mark.parametrize(("status", "move"), [(2, "ship_back"), (12, "consigngoods")])
def test_a_made_up_waybill_is_nobody_elses(add_world, act, status, move):
    """A waybill that another exchange has used already is not made up again."""

    def open_two(name):
        world = add_world(id=name, rules={"strict_logistics": True})
        return world, [world.open({"status": status})[0] for _ in range(2)]

    def waybill(exchange):
        return exchange.buyer_logistic_no if move == "ship_back" else exchange.seller_logistic_no

    world, [_, second] = open_two("one")
    act(world, second, move)
    made_up = waybill(world.exchange(second.dispute_id))

    world, [first, second] = open_two("two")
    act(world, first, move, logistics_no=made_up)
    act(world, second, move)

    other = waybill(world.exchange(second.dispute_id))
    assert waybill(world.exchange(first.dispute_id)) == made_up
    assert other not in ("", made_up)
    assert len(other) <= 32
