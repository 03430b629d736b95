"""What proves control of an identifier: key authorizations and what each challenge type makes of them."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

from toolkit.errors import ProtocolError, printable

# RFC 8555 §8.1 asks for 128 bits of entropy: 22 characters of base64url. The upper bound is ours, so that a
# token is always a sane file name.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22,128}\Z")
_KEY_AUTHORIZATION = re.compile(r"([A-Za-z0-9_-]{22,128})\.[A-Za-z0-9_-]{43}\Z")

_LABEL = "[A-Za-z0-9_][A-Za-z0-9_-]{0,62}"
_RECORD_NAME = re.compile(rf"(?=.{{1,253}}\Z)({_LABEL}\.)*{_LABEL}\Z")

HTTP_PREFIX = "/.well-known/acme-challenge/"


def is_record_name(text: str) -> bool:
    """Whether the text can be the name of a TXT record, of labels that no program takes for anything else."""
    return bool(_RECORD_NAME.match(text))


def check_token(token: object) -> str:
    """The token, if it is base64url of sane length. Raises ProtocolError."""
    if not isinstance(token, str) or not _TOKEN.match(token):
        raise ProtocolError(f"the CA sent a token that is not base64url: {printable(token, 80)!r}")
    return token


def check_key_authorization(token: str, value: object) -> str:
    """The key authorization, if it belongs to the token (RFC 8555 §8.1). Raises ProtocolError."""
    match = _KEY_AUTHORIZATION.match(value) if isinstance(value, str) else None
    if not match or match[1] != token:
        raise ProtocolError(f"the key authorization does not belong to the token {token}")
    return match[0]


def proof(kind: str, token: str, name: str, thumbprint: str) -> dict[str, str]:
    """All a presenter needs for the challenge: no account key, no further computing.

    `name` is the identifier without `*.`, `thumbprint` the account key's (RFC 7638). Types: http-01 and
    dns-01 (RFC 8555 §8.3, §8.4), tls-alpn-01 (RFC 8737 §3: the digest in lower-case hex).
    """
    authorization = f"{check_token(token)}.{thumbprint}"
    digest = hashlib.sha256(authorization.encode()).digest()
    found = {"key_authorization": authorization}
    if kind == "http-01":
        found["http_path"] = HTTP_PREFIX + token
    elif kind == "dns-01":
        found["txt_name"] = f"_acme-challenge.{name}"
        found["txt_value"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    elif kind == "tls-alpn-01":
        found["digest"] = digest.hex()
    return found


def add_proofs(authorization: dict[str, Any], thumbprint: str) -> None:
    """Put a proof beside each challenge of the authorization whose type we know; the others stay as they are."""
    name = str(authorization["identifier"]["value"])
    for challenge in authorization["challenges"]:
        if challenge.get("type") in ("http-01", "dns-01", "tls-alpn-01"):
            challenge["proof"] = proof(challenge["type"], challenge.get("token", ""), name, thumbprint)


def presentable(challenge: dict[str, Any], name: str) -> dict[str, str]:
    """The challenge's proof, made anew from its key authorization. Raises ProtocolError.

    A document is untrusted: a path or record name in it could point anywhere, so that they are derived
    from the token and the name, never taken as written.
    """
    token = check_token(challenge.get("token"))
    written = challenge.get("proof")
    value = written.get("key_authorization") if isinstance(written, dict) else None
    authorization = check_key_authorization(token, value)
    return proof(str(challenge.get("type")), token, name, authorization.partition(".")[2])
