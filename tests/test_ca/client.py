"""A bare ACME client, so that the test CA and the fakes are tested without the toolkit they serve to test."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import ssl
import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

if TYPE_CHECKING:
    from pathlib import Path


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One account with its key, one connection. Problems come back as answers, nothing is retried."""

    def __init__(self, directory: str, ca_bundle: Path, timeout: float = 5) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._context = ssl.create_default_context(cafile=str(ca_bundle))
        self._connection = http.client.HTTPSConnection(
            urlsplit(directory).netloc, timeout=timeout, context=self._context
        )
        self._nonce: str | None = None
        self.kid: str | None = None
        self.directory: dict[str, Any] = self.send("GET", directory).json()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc: object) -> None:
        self._connection.close()

    def send(self, method: str, url: str, body: bytes | None = None) -> Answer:
        headers = {"User-Agent": "test-client", "Content-Type": "application/jose+json"}
        parts = urlsplit(url)
        self._connection.request(method, parts.path, body, headers)
        response = self._connection.getresponse()
        self._nonce = response.headers["Replay-Nonce"] or self._nonce
        return Answer(response.status, response.headers, response.read())

    def post(self, url: str, payload: object = None) -> Answer:
        """POST `payload`, or POST-as-GET when it is None."""
        if self._nonce is None:
            self.send("HEAD", self.directory["newNonce"])
        protected: dict[str, Any] = {"alg": "ES256", "nonce": self._nonce, "url": url}
        protected |= {"kid": self.kid} if self.kid else {"jwk": self._jwk()}
        self._nonce = None
        signed = _b64(_json(protected)) + "." + ("" if payload is None else _b64(_json(payload)))
        return self.send("POST", url, _flat(signed, self._sign(signed.encode())))

    def register(self, eab: tuple[str, bytes] | None = None) -> Answer:
        url = self.directory["newAccount"]
        payload: dict[str, Any] = {"termsOfServiceAgreed": True}
        if eab:
            signed = _b64(_json({"alg": "HS256", "kid": eab[0], "url": url})) + "." + _b64(_json(self._jwk()))
            mac = hmac.digest(eab[1], signed.encode(), "sha256")
            payload["externalAccountBinding"] = json.loads(_flat(signed, mac))
        answer = self.post(url, payload)
        self.kid = answer.headers["Location"]
        return answer

    def order(self, *names: str, **more: object) -> Answer:
        identifiers = [{"type": "dns", "value": name} for name in names]
        return self.post(self.directory["newOrder"], {"identifiers": identifiers} | more)

    def challenge(self, authorization: str, kind: str) -> dict[str, Any]:
        challenges: list[dict[str, Any]] = self.post(authorization).json()["challenges"]
        return next(challenge for challenge in challenges if challenge["type"] == kind)

    def key_authorization(self, token: str) -> str:
        thumbprint = hashlib.sha256(_json(self._jwk())).digest()
        return f"{token}.{_b64(thumbprint)}"

    def txt(self, token: str) -> str:
        return _b64(hashlib.sha256(self.key_authorization(token).encode()).digest())

    def poll(self, url: str, *until: str, patience: float = 5) -> dict[str, Any]:
        """The order once its status is one of `until`; AssertionError after `patience` seconds."""
        deadline = time.monotonic() + patience
        order: dict[str, Any] = {}
        while order.get("status") not in until:
            assert time.monotonic() < deadline, order
            order = self.post(url).json()
            time.sleep(0.002)
        return order

    def issue(self, *names: str, kind: str = "dns-01") -> Answer:
        """The whole flow at a CA that asks for no proof; the answer with the chain."""
        self.register()
        created = self.order(*names)
        assert created.status == 201, created
        for authorization in created.json()["authorizations"]:
            self.post(self.challenge(authorization, kind)["url"], {})
        url = created.headers["Location"]
        order = self.poll(url, "ready", "valid")
        assert self.post(order["finalize"], {"csr": _b64(csr(*names))}).status == 200
        return self.post(self.poll(url, "valid")["certificate"])

    def _jwk(self) -> dict[str, str]:
        numbers = self._key.public_key().public_numbers()
        x, y = (_b64(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
        return {"crv": "P-256", "kty": "EC", "x": x, "y": y}

    def _sign(self, data: bytes) -> bytes:
        r, s = decode_dss_signature(self._key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def csr(*names: str) -> bytes:
    """DER of a request for these DNS names, with a key nobody keeps."""
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    request = request.add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), False)
    signed = request.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.DER)


def _flat(signed: str, signature: bytes) -> bytes:
    protected, payload = signed.split(".")
    return _json({"protected": protected, "payload": payload, "signature": _b64(signature)})


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
