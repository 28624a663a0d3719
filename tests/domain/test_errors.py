"""Sentences of refusals that name what was asked for."""

from mockserver.domain.errors import NoSuchExchange


def test_an_exchange_that_is_not_there_is_named():
    """The id stands in both sentences and in the error itself."""
    error = NoSuchExchange(200000000000000009)

    assert error.dispute_id == 200000000000000009
    assert error.failure == "not_exist"
    assert (error.zh, error.en) == (
        "换货单 200000000000000009 不存在",
        "no exchange 200000000000000009",
    )
