"""Signatures: the account key, and requests signed with it (RFC 8555 §6.2, RFC 7515, RFC 7638)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from acme.jws import JWS
from cryptography.hazmat.primitives.asymmetric import rsa
from josepy import errors as jose_errors
from josepy import json_util, jwa, jwk

from toolkit.errors import BadDocument, UsageError, printable
from toolkit.keys import KeyType, PrivateKey, from_pem, generate, public_name, to_pem

JWK = jwk.JWKEC | jwk.JWKRSA

_CURVES = {"secp256r1": jwa.ES256, "secp384r1": jwa.ES384, "secp521r1": jwa.ES512}
_MACS = {"HS256": jwa.HS256, "HS384": jwa.HS384, "HS512": jwa.HS512}


class AccountKey:
    """An account's private key: signs, and names itself by its thumbprint."""

    def __init__(self, key: JWK) -> None:
        self.jwk = key
        self.thumbprint = base64.urlsafe_b64encode(key.thumbprint()).rstrip(b"=").decode()
        self._algorithm = _CURVES[key.key.curve.name] if isinstance(key, jwk.JWKEC) else jwa.RS256

    @classmethod
    def generate(cls, key_type: KeyType | None = None) -> AccountKey:
        """A new key: ECDSA on P-256, which every CA takes, unless another type is asked for."""
        return cls.of(generate(key_type or KeyType()), "a new key")

    @classmethod
    def of(cls, key: PrivateKey, where: str) -> AccountKey:
        """A private key as one that signs requests; `where` names it in messages. Raises BadDocument."""
        if isinstance(key, rsa.RSAPrivateKey):
            return cls(jwk.JWKRSA(key=key))
        if key.curve.name not in _CURVES:
            raise BadDocument(f"{where}: requests are not signed by keys on {key.curve.name}")
        return cls(jwk.JWKEC(key=key))

    @classmethod
    def parse(cls, data: bytes, where: str) -> AccountKey:
        """The key in a file that is PEM or JWK; `where` names it in messages. Raises BadDocument, BadCertificate."""
        return cls.of(from_pem(data, where), where) if b"-----BEGIN" in data else cls.from_json(data, where)

    @classmethod
    def from_json(cls, text: str | bytes, where: str) -> AccountKey:
        """The key in a JWK text; `where` names it in messages. Raises BadDocument."""
        try:
            key = jwk.JWK.json_loads(text)
            if isinstance(key, (jwk.JWKEC, jwk.JWKRSA)) and hasattr(key.key, "private_numbers"):
                return cls(key)
        except (jose_errors.Error, ValueError, KeyError, TypeError) as error:
            raise BadDocument(f"{where}: not an account key: {printable(error, 200)}") from None
        raise BadDocument(f"{where}: not a private account key")

    def to_json(self) -> str:
        """The private key as JWK, as certbot writes it."""
        return str(self.jwk.json_dumps())

    def to_pem(self) -> bytes:
        """The private key as unencrypted PKCS#8 PEM."""
        key: Any = self.jwk.key
        return to_pem(key)

    @property
    def key_type(self) -> KeyType:
        """The type the key has."""
        key: Any = self.jwk.key
        return KeyType("rsa", bits=key.key_size) if isinstance(self.jwk, jwk.JWKRSA) else KeyType(curve=key.curve.name)

    @property
    def public_name(self) -> str:
        """The SHA-256 of the public key in hex, as keys.public_name gives it."""
        key: Any = self.jwk.key
        return public_name(key)

    def public(self) -> dict[str, Any]:
        """The public key as JWK."""
        found: dict[str, Any] = self.jwk.public_key().to_json()
        return found

    def sign(self, payload: bytes, url: str, nonce: bytes, account: str | None) -> bytes:
        """A signed request: with the account's URL as `kid`, or with the key itself for a new account."""
        signed = JWS.sign(payload, key=self.jwk, alg=self._algorithm, nonce=nonce, url=url, kid=account)
        return str(signed.json_dumps()).encode()

    def claim(self, account: str, present: AccountKey, url: str) -> Mapping[str, Any]:
        """This key's half of a change of keys (RFC 8555 §7.3.5): that the account of `present` shall be its own."""
        payload = json.dumps({"account": account, "oldKey": present.public()}).encode()
        signed = JWS.sign(payload, key=self.jwk, alg=self._algorithm, nonce=None, url=url)
        found: Mapping[str, Any] = signed.to_json()
        return found


def decode_nonce(text: str) -> bytes | None:
    """The bytes of a Replay-Nonce, or None when it is not base64url (RFC 8555 §6.5.1)."""
    try:
        return json_util.decode_b64jose(text) if len(text) < 1024 else None
    except (jose_errors.DeserializationError, ValueError):
        return None


def external_account_binding(key: AccountKey, kid: str, secret: str, algorithm: str, url: str) -> Mapping[str, Any]:
    """The binding of a new account to one the CA knows (RFC 8555 §7.3.4).

    `secret` is the MAC key in base64url as the CA hands it out; `url` that of newAccount. Raises UsageError.
    """
    try:
        mac = jwk.JWKOct(key=base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4)))
    except (binascii.Error, ValueError):
        raise UsageError("the EAB key is not base64url", "copy it again from the CA's web site") from None
    payload = json.dumps(key.public()).encode()
    found: Mapping[str, Any] = JWS.sign(payload, key=mac, alg=_MACS[algorithm], nonce=None, url=url, kid=kid).to_json()
    return found
