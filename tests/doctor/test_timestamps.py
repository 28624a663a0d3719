"""How a time that a client wrote in another form is written for TOP."""

import pytest

from mockserver.doctor.timestamps import rewrite_time


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01 10:00:00",
        "2026-03-01T10:00:00",
        "2026-03-01T02:00:00Z",
        "2026-03-01T11:00:00+09:00",
        "2026/03/01 10:00:00",
        "2026年03月01日 10:00:00",
        "20260301100000",
        "1772330400",
        "1772330400000",
        "2026-03-01+10%3A00%3A00",
        ' "2026-03-01 10:00:00"\n',
    ],
)
def test_other_forms_of_a_time_are_rewritten(text):
    """ISO, compact, epoch, encoded and quoted times name one instant.

    Without a zone it is GMT+8.
    """
    assert rewrite_time(text) == "2026-03-01 10:00:00"


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01 10:00:00", "9" * 13 + "9", "1" * 41])
def test_what_is_no_time_has_no_other_form(text):
    """A text that names no instant, or is far too long for one, gives nothing."""
    assert rewrite_time(text) == ""
