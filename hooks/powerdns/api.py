"""The HTTP API of PowerDNS Authoritative: one request, its JSON, or a Failure that says why there is none."""

from __future__ import annotations

import http.client
import json
import ssl
import urllib.error
import urllib.request
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote

from failure import Failure, Later

if TYPE_CHECKING:
    from email.message import Message

_LARGEST = 256 * 2**20  # old releases send the whole zone


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """The key is for the address that was given, and for no other."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


class Api:
    """Requests below /api/v1/servers/SERVER."""

    def __init__(self, url: str, key: str, server_id: str, timeout: float) -> None:
        self.url = url
        self._base = f"{url}/api/v1/servers/{quote(server_id, safe='')}"
        self._key = key
        self._timeout = timeout
        self._opener = urllib.request.build_opener(_NoRedirects)

    def request(self, method: str, path: str, body: object = None) -> Any:
        """The decoded answer, None for an empty one. Failure, with what the API says about it, for an error."""
        data = json.dumps(body).encode() if body is not None else None
        headers = {"X-API-Key": self._key, "Accept": "application/json", "Content-Type": "application/json"}
        request = urllib.request.Request(self._base + path, data, headers, method=method)  # noqa: S310 - see settings
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                answer = response.read(_LARGEST)
        except urllib.error.HTTPError as error:
            with error:
                raise self._refusal(error.code, error.read(65536), f"{method} {path}") from None
        except (OSError, http.client.HTTPException) as error:
            raise self._silence(error) from None
        try:
            return json.loads(answer) if answer else None
        except ValueError:
            raise Failure(f"{self.url} answers what is no JSON; is PDNS_API_URL the API of PowerDNS?") from None

    def _refusal(self, status: int, answer: bytes, what: str) -> Failure:
        if status == 401:
            return Failure(f"{self.url} does not take the key (401); compare it with the api-key of its pdns.conf")
        if status >= 500 or status == 429:
            return Later(f"{self.url}: {what}: {status}{_reason(answer)}; its log may say why")
        if 300 <= status < 400:
            return Failure(f"{self.url} wants to send us elsewhere ({status}); give the API's own address")
        advice = {
            403: "may this key and this address do that?",
            404: "is PDNS_API_URL the API, and PDNS_SERVER_ID its server?",
        }
        return Failure(f"{self.url}: {what}: {status}{_reason(answer)}; {advice.get(status, 'its log may say why')}")

    def _silence(self, error: Exception) -> Failure:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLCertVerificationError):
            hint = "SSL_CERT_FILE names a bundle to trust"
            return Failure(f"{self.url} has a certificate that is not trusted: {reason.verify_message}; {hint}")
        if isinstance(reason, TimeoutError):
            return Later(f"{self.url} does not answer within {self._timeout:g} s; is it up, and is the way open?")
        if isinstance(reason, (http.client.RemoteDisconnected, ConnectionResetError)):
            return Later(f"{self.url} closes the connection; is this machine in its webserver-allow-from?")
        if isinstance(reason, http.client.HTTPException):
            return Failure(f"{self.url} answers what is not HTTP; is PDNS_API_URL the API of PowerDNS?")
        text = (getattr(reason, "strerror", None) or str(reason)).lower()
        return Later(f"{self.url} cannot be reached: {text}; is it up, and does it have webserver=yes and api=yes?")


def _reason(answer: bytes) -> str:
    """What the API says in its field `error`, without what a terminal would obey."""
    try:
        said = json.loads(answer)["error"]
    except (ValueError, KeyError, TypeError):
        return ""
    return " " + "".join(letter for letter in str(said)[:200] if letter.isprintable())
