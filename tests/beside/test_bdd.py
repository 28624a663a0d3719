"""pytest-bdd, whose `scenario` has the name of one of our fixtures."""

from pytest_bdd import given, scenario, then, when


@scenario("features/exchange.feature", "The seller agrees")
def test_agree():
    """The steps below use the sandbox."""


@given("an exchange", target_fixture="exchange")
def _(sandbox):
    return sandbox.open()


@when("the seller agrees")
def _(sandbox, exchange):
    sandbox.seller.agree(exchange)


@then("the buyer is to ship the goods back")
def _(exchange):
    assert exchange.status == 2
