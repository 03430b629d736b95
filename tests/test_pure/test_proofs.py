"""What proves control, by the examples of the RFCs; what a document says of it is not believed."""

import base64
import hashlib

import pytest

from toolkit import proofs
from toolkit.errors import ProtocolError

# RFC 8555 §8.1 and §8.3
TOKEN = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"
THUMBPRINT = "9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI"
AUTHORIZATION = f"{TOKEN}.{THUMBPRINT}"
DIGEST = hashlib.sha256(AUTHORIZATION.encode()).digest()


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("http-01", {"http_path": f"/.well-known/acme-challenge/{TOKEN}"}),
        (
            "dns-01",
            {
                "txt_name": "_acme-challenge.www.example.org",
                "txt_value": base64.urlsafe_b64encode(DIGEST).decode().rstrip("="),
            },
        ),
        ("tls-alpn-01", {"digest": DIGEST.hex()}),
        ("dns-persist-01", {}),
    ],
)
def test_proof_by_type(kind, more):
    found = proofs.proof(kind, TOKEN, "www.example.org", THUMBPRINT)
    assert found == {"key_authorization": AUTHORIZATION, **more}


def test_txt_value_of_a_known_token():
    found = proofs.proof("dns-01", "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA", "a", "x" * 43)
    assert len(found["txt_value"]) == 43
    assert "=" not in found["txt_value"]


BAD_TOKENS = [
    "", ".", "..", "a/b", "../../etc/cron.d/x", "/etc/x", "x" * 21, "x" * 129, TOKEN + "\n", TOKEN + "=", TOKEN + " ",
    "$(id)" + TOKEN, TOKEN + "\0", "'" + TOKEN, TOKEN + ";", "%s" + TOKEN, "\x1b[31m" + TOKEN, "é" * 30, None, 1, [], {},  # noqa: E501
]  # fmt: skip


@pytest.mark.parametrize("token", BAD_TOKENS)
def test_bad_token(token):
    with pytest.raises(ProtocolError) as caught:
        proofs.check_token(token)
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("token", BAD_TOKENS)
@pytest.mark.parametrize("kind", ["http-01", "dns-01"])
def test_bad_token_gets_no_proof(token, kind):
    authorization = {"identifier": {"value": "a.example"}, "challenges": [{"type": kind, "token": token}]}
    with pytest.raises(ProtocolError):
        proofs.add_proofs(authorization, THUMBPRINT)


def test_challenges_of_unknown_type_stay_as_they_are():
    challenges = [{"type": "dns-persist-01"}, {"type": "http-01", "token": TOKEN}, {"type": 7}]
    authorization = {"identifier": {"value": "a.example"}, "challenges": challenges}
    proofs.add_proofs(authorization, THUMBPRINT)
    assert ["proof" in challenge for challenge in challenges] == [False, True, False]


@pytest.mark.parametrize(
    "forged",
    [
        {"http_path": "/../../etc/passwd"},
        {"txt_name": "victim.example"},
        {"txt_value": "forged"},
        {"digest": "00"},
        {"more": "x"},
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", ["http-01", "dns-01", "tls-alpn-01"])
def test_forged_proof_is_not_trusted(kind, forged):
    true = proofs.proof(kind, TOKEN, "a.example", THUMBPRINT)
    challenge = {"type": kind, "token": TOKEN, "proof": {**true, **forged}}
    assert proofs.presentable(challenge, "a.example") == true


@pytest.mark.parametrize(
    "value",
    [None, 1, "", TOKEN, TOKEN + ".", "x" * 43 + "." + THUMBPRINT, AUTHORIZATION + "\n", AUTHORIZATION + "x",
     TOKEN + "." + "/" * 43, {"a": 1}],
)  # fmt: skip
def test_key_authorization_must_belong_to_the_token(value):
    with pytest.raises(ProtocolError):
        proofs.presentable({"type": "http-01", "token": TOKEN, "proof": {"key_authorization": value}}, "a.example")


@pytest.mark.parametrize("written", [None, [], "x"])
def test_no_proof_at_all(written):
    with pytest.raises(ProtocolError):
        proofs.presentable({"type": "http-01", "token": TOKEN, "proof": written}, "a.example")
