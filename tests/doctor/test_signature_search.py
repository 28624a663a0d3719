"""Laws of the doctor: it never accuses wrongly, fails or shows a secret; work is bounded.

Source: issue (doctor: "unknown" for 10,000 random digests; never a secret in any output).
"""

import hashlib
import hmac
import json
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.doctor.finding_texts import FINDING_TEXTS
from mockserver.doctor.signature_mistakes import MISTAKES, SIGN_FORM_MISTAKES
from mockserver.doctor.signature_report import explain_sign
from mockserver.doctor.signature_search import PAIRS_AT_MOST, SINGLE_AT_MOST, SignatureSearch
from mockserver.doctor.signed_content import SignedCall
from mockserver.protocol.forms import Upload

LAWS = settings(deadline=None, derandomize=True, database=None)
SECRET, SESSION = "s3cr3t-of-the-app-0123456789abcde", "6100session0123456789abcdef"
PAIRS = (
    ("app_key", "1012345678"),
    ("method", "tmall.exchange.get"),
    ("session", SESSION),
    ("v", "2.0"),
)
TEXT = st.text(max_size=20)


def md5(pairs, secret=SECRET):
    """The sign by the documentation."""
    joined = "".join(name + value for name, value in sorted(pairs))
    return hashlib.md5(f"{secret}{joined}{secret}".encode()).hexdigest().upper()


def sent(sign, pairs=PAIRS, **more):
    """A call as the doctor sees it."""
    return SignedCall(
        **{"pairs": pairs, "sign": sign, "secret": SECRET, "raw_pairs": pairs, **more}
    )


DOCTOR = SignatureSearch(
    SignedCall(
        pairs=(
            *PAIRS,
            ("timestamp", "2026-03-01 10:00:00"),
            ("buyer_nick", "桂花 拿铁+01"),
            ("logistic_no", ""),
        ),
        sign="",
        secret=SECRET,
        query_names=frozenset({"app_key"}),
        absent_names=("page_no", "page_size"),
        sessions=("6100another-session",),
        app_secrets=(("1099", "another-secret-000"),),
    )
)


@pytest.mark.slow
def test_ten_thousand_random_digests_accuse_nobody():
    """Under no mistake and no pair of them does a random digest become a client's."""
    random = Random(0)
    digests = [random.randbytes(16).hex().upper() for _ in range(10_000)]
    assert [digest for digest in digests if DOCTOR.explain(digest).mistakes is not None] == []


@settings(LAWS, max_examples=300)
@given(digest=st.binary(min_size=16, max_size=16))
def test_no_odd_digest_accuses_anybody(digest):
    """Digests of equal bytes, zeros and the like are unknown, too."""
    assert DOCTOR.explain(digest.hex().upper()).mistakes is None


@settings(LAWS, max_examples=300)
@given(
    digest=st.binary(min_size=8, max_size=32),
    pairs=st.dictionaries(TEXT, TEXT, max_size=5),
    body=TEXT,
    query=st.sets(TEXT, max_size=3),
    method=st.sampled_from(("md5", "hmac", "hmac-sha256")),
    write=st.sampled_from((bytes.hex, lambda raw: raw.hex().upper(), repr)),
)
def test_a_random_digest_of_any_call_accuses_nobody(digest, pairs, body, query, method, write):
    """Of any call, in any form, a random digest is unknown.

    That it cannot be a digest is all that may be added.
    """
    findings = explain_sign(
        sent(
            write(digest),
            tuple(pairs.items()),
            body=body,
            query_names=frozenset(query),
            sign_method=method,
        )
    )
    assert findings[0].id == "unknown"
    assert {finding.id for finding in findings} <= {"unknown", "no_digest", "digest_length"}


@settings(LAWS, max_examples=200)
@given(
    pairs=st.dictionaries(
        st.text(max_size=8),
        st.text(max_size=8)
        | st.sampled_from(("", "null", "%E6%8D", "a+b", "2026-03-01 10:00:00", '{"a":1}')),
        max_size=5,
    ),
    timestamp=TEXT
    | st.sampled_from(
        ("0001-01-01 00:00:00", "9999-12-31 23:59:59", "9999999999999", "0000000000000")
    ),
    body=TEXT | st.sampled_from(('{"a":"\\ud83d"}', '{"a":[{}]}', "{")),
    content=st.binary(max_size=20),
    sign=TEXT,
)
def test_nothing_makes_the_doctor_stumble(pairs, timestamp, body, content, sign):
    """Any texts, bodies and files are examined without an error, and reported as JSON."""
    call = sent(
        sign,
        tuple({**pairs, "timestamp": timestamp}.items()),
        body=body,
        files=(Upload("f", content, "x"),),
        form=body,
        absent_names=("a", "b"),
    )
    json.dumps(
        [[finding.id, finding.zh, finding.en, dict(finding.at)] for finding in explain_sign(call)]
    ).encode()


@settings(LAWS, max_examples=100)
@given(
    pairs=st.dictionaries(
        st.text(min_size=1, max_size=8).filter(lambda name: name != "sign"), TEXT, max_size=6
    ),
    method=st.sampled_from(("md5", "hmac", "hmac-sha256")),
)
def test_a_right_sign_is_right(pairs, method):
    """A sign by the documentation has no findings."""
    joined = "".join(name + pairs[name] for name in sorted(pairs, key=str.encode))
    if method == "md5":
        made = hashlib.md5(f"{SECRET}{joined}{SECRET}".encode()).hexdigest()
    else:
        made = hmac.new(
            SECRET.encode(), joined.encode(), {"hmac": "md5", "hmac-sha256": "sha256"}[method]
        ).hexdigest()
    assert explain_sign(sent(made.upper(), tuple(pairs.items()), sign_method=method)) == ()


@pytest.mark.parametrize("place", ["value", "name", "sign", "body"])
def test_no_secret_is_quoted(place):
    """The secret, another app's and any session are masked wherever a client has put them."""
    private = (SECRET, "another-secret-000", SESSION, "6100another-session")
    for token in private:
        pairs = (
            (*PAIRS, ("note", f"x{token}y"))
            if place == "value"
            else (*PAIRS, (token, "1"))
            if place == "name"
            else PAIRS
        )
        for sign in (
            ("0" * 32, md5([pair for pair in pairs if pair[0] != "v"]), md5(pairs).lower())
            if place != "sign"
            else (token,)
        ):
            call = sent(
                sign,
                pairs,
                body=token if place == "body" else "",
                app_secrets=(("1099", private[1]),),
                sessions=(SESSION, private[3]),
                is_private=lambda name: name in ("session", "note"),
            )
            text = json.dumps(
                [[finding.zh, finding.en, dict(finding.at)] for finding in explain_sign(call)],
                ensure_ascii=False,
            )
            for secret in private:
                assert secret not in text


def test_long_calls_are_bounded():
    """Single mistakes are found in long calls, pairs in short ones; very long ones are left."""

    def find_ids(length, sign):
        pairs = (*PAIRS, ("memo", "长" * (length // 3)))
        return [finding.id for finding in explain_sign(sent(sign(pairs), pairs))]

    unsigned = lambda pairs: md5([pair for pair in pairs if pair[0] != "session"])  # noqa: E731
    both = lambda pairs: md5([pair for pair in pairs if pair[0] != "session"], SECRET + "\n")  # noqa: E731
    assert find_ids(100, both) == ["session_unsigned", "secret_blanks"]
    assert find_ids(PAIRS_AT_MOST, unsigned) == ["session_unsigned"]
    assert find_ids(PAIRS_AT_MOST, both) == ["unknown"]
    assert find_ids(SINGLE_AT_MOST, unsigned) == ["too_long"]


def test_findings_have_names_of_their_own():
    """No two findings share a name, and every sentence stands in both languages."""
    names = [*(row.id for row in (*MISTAKES, *SIGN_FORM_MISTAKES)), *FINDING_TEXTS]
    assert len(names) == len(set(names))
    assert all(
        row.zh and row.en and row.rule_zh and row.rule_en
        for row in (*MISTAKES, *SIGN_FORM_MISTAKES)
    )
    assert all(row.zh and row.en for row in FINDING_TEXTS.values())
    assert all(
        row.grade in ("documented", "inferred", "assumed")
        for row in (*MISTAKES, *SIGN_FORM_MISTAKES)
    )
