"""What a request that is no clean HTTP is called."""

from mockserver.protocol.request_flaws import REQUEST_FLAWS, RequestFlaw


def test_a_sentence_is_chinese_with_english_beside_it():
    """Journal warnings hold both languages in one text."""
    assert RequestFlaw("http_x", "第一行", "the first line").sentence == "第一行 (the first line)"


def test_every_flaw_has_both_languages_and_a_status_of_http():
    """A flaw that ends the connection is answered with a 4xx or 5xx status; others go on."""
    assert len({flaw.id for flaw in REQUEST_FLAWS}) == len(REQUEST_FLAWS) > 10
    for flaw in REQUEST_FLAWS:
        assert flaw.id.startswith("http_") and flaw.zh and flaw.en.isascii()
        assert flaw.status == 0 or 400 <= flaw.status <= 599
