"""The token, or the old pair of e-mail and key, from variables or private files, as request headers."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping

from errors import HookError

# The first of each list is ours; the others are what lego, acme.sh and others read.
_TOKEN = ("CLOUDFLARE_API_TOKEN", "CLOUDFLARE_DNS_API_TOKEN", "CF_DNS_API_TOKEN", "CF_API_TOKEN", "CF_Token")
_EMAIL = ("CLOUDFLARE_EMAIL", "CF_API_EMAIL", "CF_Email")
_KEY = ("CLOUDFLARE_API_KEY", "CF_API_KEY", "CF_Key")
_LONGEST = 65536


def headers(env: Mapping[str, str]) -> dict[str, str]:
    """The headers that say who asks. HookError when nothing says it, or a file could be read by others."""
    if token := _first(env, _TOKEN):
        return _bearer(token)
    if path := env.get("CLOUDFLARE_API_TOKEN_FILE"):
        return _bearer(_private(path))
    if path := env.get("CLOUDFLARE_CREDENTIALS"):
        return _ini(path)
    email, key = _first(env, _EMAIL), _first(env, _KEY)
    if email and key:
        return _pair(email, key)
    raise HookError(
        "no credentials: set CLOUDFLARE_API_TOKEN or CLOUDFLARE_API_TOKEN_FILE, and pass it with --hook-env NAME"
    )


def _ini(path: str) -> dict[str, str]:
    """The file of certbot's plugin dns-cloudflare: lines of `dns_cloudflare_api_token = ...`."""
    lines = re.findall(r"(?m)^[ \t]*(dns_cloudflare_\w+)[ \t]*=[ \t]*(.*?)[ \t\r]*$", _private(path))
    found = {name: text.strip("\"'") for name, text in lines}
    if token := found.get("dns_cloudflare_api_token"):
        return _bearer(token)
    email, key = found.get("dns_cloudflare_email"), found.get("dns_cloudflare_api_key")
    if email and key:
        return _pair(email, key)
    raise HookError(f"{path}: has no line dns_cloudflare_api_token = TOKEN")


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {_sound(token, 'the API token')}"}


def _pair(email: str, key: str) -> dict[str, str]:
    return {"X-Auth-Email": _sound(email, "the e-mail address"), "X-Auth-Key": _sound(key, "the API key")}


def _sound(text: str, what: str) -> str:
    """The text, fit for a header; it is not shown, for it is a secret."""
    text = text.strip()
    if not re.fullmatch(r"[!-~]{1,1000}", text):
        raise HookError(f"{what} is empty, or has blanks or letters in it that no token has: copy it once more")
    return text


def _private(path: str) -> str:
    """The content of a file that nobody else may read."""
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise HookError(f"{path}: is no regular file")
            if stat.S_IMODE(status.st_mode) & 0o077:
                raise HookError(f"{path}: others can read the secret in it: chmod 600 {path}")
            return file.read(_LONGEST).decode("utf-8", "replace")
    except OSError as error:
        raise HookError(f"{path}: {error.strerror}") from None


def _first(env: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((env[name] for name in names if env.get(name)), "")
