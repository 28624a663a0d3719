"""Named tokens: names, secrets that are not kept, revocation."""

import gc
from datetime import datetime

import pytest

from mockserver.protocol.shapes import BEIJING
from mockserver.service.access_tokens import AccessTokens, Scope
from mockserver.world.document import BadDocument

NOW = datetime(2026, 3, 1, 10, 0, 0, tzinfo=BEIJING)
LATER = datetime(2026, 3, 2, 10, 0, 0, tzinfo=BEIJING)


@pytest.fixture
def tokens() -> AccessTokens:
    """No tokens yet."""
    return AccessTokens()


def test_a_secret_finds_its_token(tokens):
    """Each secret finds the token it was made for, and its use is noted."""
    secrets = {
        name: tokens.make(name, Scope.ALL, "", now=NOW)[1] for name in ("one", "two", "three")
    }
    assert len(set(secrets.values())) == 3
    for name, secret in secrets.items():
        token = tokens.find(secret, LATER)
        assert token is not None
        assert (token.name, token.made, token.used) == (name, NOW, LATER)
    assert {token.used for token in tokens.all()} == {LATER}


@pytest.mark.parametrize("change", [str.upper, lambda s: s[:-1], lambda s: s + " ", lambda s: ""])
def test_another_text_finds_none(tokens, change):
    """A secret that differs in case, length or a blank finds nothing."""
    tokens = AccessTokens(draw=lambda: "a-secret-with-Letters")
    _, secret = tokens.make("one", Scope.READ, "", now=NOW)
    assert tokens.find(change(secret), NOW) is None
    assert tokens.find("令牌\udcff", NOW) is None


def test_the_secret_is_kept_nowhere(tokens):
    """Nothing that the tokens hold contains the secret, in any form of text."""
    _, secret = tokens.make("one", Scope.READ, "", now=NOW)
    tokens.find(secret, LATER)
    queue, visited = [tokens], set()
    while queue:
        value = queue.pop()
        if id(value) in visited or isinstance(value, type) or callable(value):
            continue
        visited.add(id(value))
        assert value != secret
        assert value != secret.encode()
        queue += gc.get_referents(value)
    assert len(visited) > 5


def test_a_name_is_taken_once(tokens):
    """A second token of one name is a conflict; revoked, the name is free and the secret void."""
    _, secret = tokens.make("one", Scope.READ, "", now=NOW)
    with pytest.raises(BadDocument) as refused:
        tokens.make("one", Scope.ALL, "", now=NOW)
    assert refused.value.conflict
    assert tokens.revoke("one")
    assert not tokens.revoke("one")
    tokens.make("one", Scope.ALL, "", now=NOW)
    assert tokens.find(secret, NOW) is None


def test_there_are_at_most_two_hundred(tokens):
    """The 201st token is a conflict."""
    for number in range(200):
        tokens.make(f"t{number}", Scope.READ, "", now=NOW)
    with pytest.raises(BadDocument) as refused:
        tokens.make("one-more", Scope.READ, "", now=NOW)
    assert refused.value.conflict
    tokens.revoke_all()
    assert tokens.all() == ()


def test_the_tokens_of_a_sandbox_go_with_it(tokens):
    """`revoke_of` forgets the tokens of one sandbox only."""
    for name, sandbox in (("a", "one"), ("b", "two"), ("c", "")):
        tokens.make(name, Scope.READ, sandbox, now=NOW)
    tokens.revoke_of("one")
    assert [token.name for token in tokens.all()] == ["b", "c"]
