"""The two requests that an acme-dns server knows (github.com/joohoi/acme-dns, "API").

None is sent twice. A server keeps two values a name: sent again after a lost answer, the second value of a name
and its wildcard would push out the first.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import signal
import ssl
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accounts import Account

_LONGEST = 65536  # bytes of an answer
_ANSWER = 30  # s


class HookError(Exception):
    """It did not work, and will not by itself; the text ends with what to do."""

    status = 1


class TryLater(HookError):
    """It did not work now."""

    status = 75


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The password goes where it was meant to go."""

    def redirect_request(self, *args: object) -> None:
        return None


class Server:
    """The server at a URL; HookError for one that would show the password to others."""

    def __init__(self, url: str) -> None:
        parts = urllib.parse.urlsplit(url)
        if not parts.hostname or parts.username or parts.query or parts.fragment:
            raise HookError("ACMEDNS_URL is no URL of the form https://HOST")
        if parts.scheme != "https" and not (parts.scheme == "http" and _loopback(parts.hostname)):
            raise HookError("ACMEDNS_URL must begin with https://; plain http is for 127.0.0.1 only")
        direct = [urllib.request.ProxyHandler({})] if parts.scheme == "http" else []
        self._opener = urllib.request.build_opener(_NoRedirect, *direct)
        self._url = url.rstrip("/")

    def register(self, allowed: list[str]) -> dict[str, Any]:
        """A new account, as the server tells it; from the networks of `allowed` only, if there are some."""
        status, document = self._ask("/register", {}, {"allowfrom": allowed} if allowed else None)
        if status != 201:
            hint = {404: "registration is closed there", 400: "look at ACMEDNS_ALLOWFROM"}
            raise self._refused("register", status, document, hint.get(status, "ask who runs it"))
        return document | {"server_url": self._url}

    def update(self, domain: str, account: Account, value: str) -> None:
        """Make the value one of the two of this name."""
        headers = {"X-Api-User": account.username, "X-Api-Key": account.password}
        status, document = self._ask("/update", headers, {"subdomain": account.subdomain, "txt": value})
        if status != 200 or document.get("txt") != value:
            hint = "it does not know the account of this name, or does not allow it from this address"
            hints = {401: hint, 400: "it wants values of 43 letters", 404: "is ACMEDNS_URL right?"}
            raise self._refused(f"update {domain}", status, document, hints.get(status, "ask who runs it"))

    def _refused(self, what: str, status: int, document: Mapping[str, Any], hint: str) -> HookError:
        told = "".join(letter if letter.isprintable() else "?" for letter in str(document.get("error", ""))[:100])
        return HookError(f"cannot {what} at {self._url}: HTTP status {status} {told or 'with an odd answer'}; {hint}")

    def _ask(self, path: str, headers: Mapping[str, str], body: object) -> tuple[int, dict[str, Any]]:
        data = b"" if body is None else json.dumps(body).encode()
        more = {"Content-Type": "application/json", "User-Agent": "acme-toolkit-hook-acme-dns", **headers}
        request = urllib.request.Request(self._url + path, data, more, method="POST")  # noqa: S310  # see __init__
        signal.signal(signal.SIGALRM, _late)
        signal.alarm(2 * _ANSWER)  # for an answer that comes a byte now and then
        try:
            with self._opener.open(request, timeout=_ANSWER) as answer:
                status, text = answer.status, answer.read(_LONGEST)
        except urllib.error.HTTPError as error:
            status, text = error.code, b""
            with error, contextlib.suppress(OSError, http.client.HTTPException):
                text = error.read(_LONGEST)
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, ssl.SSLCertVerificationError):
                raise HookError(f"{self._url}: its certificate is not trusted: {reason.verify_message}") from None
            raise TryLater(f"{self._url} does not answer: {reason or type(reason).__name__}; try again later") from None
        finally:
            signal.alarm(0)
        if status == 429 or status >= 500:
            raise TryLater(f"{self._url} cannot do it now: HTTP status {status}; try again later")
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            document = None
        return status, document if isinstance(document, dict) else {}


def _late(*_: object) -> None:
    raise TryLater("the server does not finish its answer; try again later")


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
