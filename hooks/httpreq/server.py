"""The request to the server, and who asks: over TLS that is checked, without redirects."""

from __future__ import annotations

import base64
import http.client
import ipaddress
import json
import os
import ssl
import stat
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping

_LONGEST_FILE = 65536  # bytes
_SHOWN = 300  # bytes of an answer that is a no
_HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "User-Agent": "acme-toolkit-hook-httpreq",
}


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


def post(env: Mapping[str, str], action: str, body: Mapping[str, str], timeout: float) -> None:
    """Send the body to ENDPOINT/action. HookError unless the server says that it is done."""
    endpoint = _sound(setting(env, "HTTPREQ_ENDPOINT"), env.get("HTTPREQ_ALLOW_HTTP") == "1")
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": "acme-toolkit-hook-httpreq",
    }
    user, password = setting(env, "HTTPREQ_USERNAME"), setting(env, "HTTPREQ_PASSWORD", secret=True)
    if user and password:
        headers["Authorization"] = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    data = json.dumps(body).encode() + b"\n"
    request = urllib.request.Request(f"{endpoint}/{action}", data, headers, method="POST")  # noqa: S310  # see _sound()
    # What is on this machine needs no proxy.
    direct = [urllib.request.ProxyHandler({})] if endpoint.startswith("http:") else []
    try:
        with urllib.request.build_opener(_NoRedirect, *direct).open(request, timeout=timeout or None):
            return
    except urllib.error.HTTPError as error:
        with error:
            raise _refused(error, password) from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLCertVerificationError):
            raise HookError(f"{endpoint}: its certificate is not trusted: {reason.verify_message}") from None
        raise TryLater(f"{endpoint} does not answer: {reason or type(reason).__name__}; try again later") from None


def setting(env: Mapping[str, str], name: str, *, secret: bool = False) -> str:
    """The variable, or the content of the file that NAME_FILE names; empty if there is neither."""
    path = env.get(f"{name}_FILE")
    if env.get(name) or not path:
        return env.get(name, "")
    try:
        with open(path, "rb") as file:
            if secret and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise HookError(f"{path}: others can read the secret in it: chmod 600 {path}")
            return file.read(_LONGEST_FILE).decode("utf-8", "replace").strip()
    except OSError as error:
        raise HookError(f"{path}: {error.strerror}") from None


def _sound(url: str, allow_http: bool) -> str:
    """The URL, if it is of https, or of http to this machine or as the user insists."""
    if not url:
        raise HookError("HTTPREQ_ENDPOINT is not set: export it, and pass it with --hook-env HTTPREQ_ENDPOINT")
    try:
        parts = urllib.parse.urlsplit(url)
        good = parts.hostname and parts.port != 0 and not (parts.username or parts.query or parts.fragment)
    except ValueError:  # of the brackets of an address, or of the port
        good = False
    if not good:
        raise HookError("HTTPREQ_ENDPOINT is no URL of the form https://HOST/PATH; the user is HTTPREQ_USERNAME")
    if parts.scheme != "https" and not (parts.scheme == "http" and (allow_http or _loopback(parts.hostname or ""))):
        raise HookError("HTTPREQ_ENDPOINT must begin with https://; HTTPREQ_ALLOW_HTTP=1 allows http to other machines")
    return url.rstrip("/")


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refused(error: urllib.error.HTTPError, password: str) -> HookError:
    """What to say of a status that is not 2xx."""
    try:
        said = error.read(_SHOWN).decode("utf-8", "replace").strip()
    except (OSError, http.client.HTTPException):
        said = ""
    text = "".join(letter if letter.isprintable() else " " for letter in said)
    if password:
        text = text.replace(password, "***")
    what = f"HTTP status {error.code}" + (f": {text}" if text else "")
    if error.code == 429 or error.code >= 500:
        return TryLater(f"the server cannot do it now, {what}; try again later")
    if error.code in (401, 403):
        return HookError(f"the server refuses, {what}: are HTTPREQ_USERNAME and HTTPREQ_PASSWORD right?")
    return HookError(f"the server refuses, {what}: is HTTPREQ_ENDPOINT right?")
