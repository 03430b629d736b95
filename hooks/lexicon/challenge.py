"""One TXT value, created or deleted by dns-lexicon's Python API: nothing is an argument of a process.

dns-lexicon.readthedocs.io: LEXICON_PROVIDER, and LEXICON_<PROVIDER>_<OPTION> for the provider's options.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import logging
import os
import re
import signal
import sys
import urllib.parse
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import visible

_LONGEST_RUN = 240  # s; the toolkit ends a hook after 300, and some providers wait for answers without end


class HookError(Exception):
    """It did not work; the text ends with what to do."""

    def __init__(self, text: str, status: int = 1) -> None:
        super().__init__(text)
        self.status = status


def main(action: str, env: Mapping[str, str]) -> int:
    try:
        name, value = proof(env)
        signal.signal(signal.SIGALRM, late)
        signal.alarm(_LONGEST_RUN)
        with turn(env):
            act(action, name, value, env)
        signal.alarm(0)
        # The toolkit looks for itself. certbot does not, and calls us for the last time before the CA looks.
        last = env.get("CERTBOT_REMAINING_CHALLENGES", "0") == "0"
        if action == "create" and last and "ACME_CHALLENGE_TYPE" not in env:
            wait(name, value, env)
    except HookError as error:
        sys.stderr.write(f"lexicon: error: {error}\n")
        return error.status
    return 0


def act(action: str, name: str, value: str, env: Mapping[str, str]) -> None:
    """Create or delete; deleting what is not there is no error, whatever the provider thinks."""
    try:
        call(action, name, value, env)
    except HookError:
        raise
    except Exception as error:  # noqa: BLE001  # every provider has its own
        if action == "delete" and gone(name, value, env):
            return
        what = f"cannot {action} the TXT record {name} at {env['LEXICON_PROVIDER']}"
        told = hidden(f"{type(error).__name__}: {error}", env)
        hint = "look at the provider's LEXICON_ variables"
        raise HookError(f"{what}: {told}; {hint}", 75 if passing(error) else 1) from None


def gone(name: str, value: str, env: Mapping[str, str]) -> bool:
    """Whether the provider lists the name's values, and not this one."""
    try:
        listed = call("list", name, None, env)
    except Exception:  # noqa: BLE001  # the first error is the one to tell
        return False
    return isinstance(listed, list) and value not in (str(one.get("content")).strip('"') for one in listed)


def call(action: str, name: str, value: str | None, env: Mapping[str, str]) -> Any:
    """What lexicon answers. Any exception."""
    try:
        from lexicon.client import Client
        from lexicon.config import ConfigResolver
    except ImportError as error:
        raise HookError(
            f"dns-lexicon is not there ({error}): pip install dns-lexicon, and name its Python by LEXICON_PYTHON"
        ) from None
    config = ConfigResolver().with_dict(wish(action, name, value, env)).with_env()
    if directory := env.get("LEXICON_CONFIG_DIR"):
        private(directory)
        config = config.with_config_dir(directory)
    # It fetches the list of public suffixes where it can, and has one with it where it cannot.
    logging.getLogger("tldextract").setLevel(logging.CRITICAL)
    if state := env.get("ACME_HOOK_STATE"):
        os.environ.setdefault("TLDEXTRACT_CACHE_PATH", os.path.join(state, "suffixes"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if not hasattr(Client, "__enter__"):
            return Client(config).execute()
        with Client(config) as operations:
            if action == "create":
                return operations.create_record("TXT", name, value)
            if action == "delete":
                return operations.delete_record(rtype="TXT", name=name, content=value)
            return operations.list_records("TXT", name)


def wish(action: str, name: str, value: str | None, env: Mapping[str, str]) -> dict[str, object]:
    """What is asked for, as lexicon's configuration; it counts before the environment."""
    provider = env.get("LEXICON_PROVIDER", "")
    if not re.fullmatch(r"[a-z0-9_]+", provider):
        raise HookError("LEXICON_PROVIDER is not set: give it, such as gandi, and pass it with --hook-env NAME")
    asked: dict[str, object] = {"provider_name": provider, "domain": name}
    # For releases that know no other way to say it.
    asked |= {"action": action, "type": "TXT", "name": name}
    if value:
        asked["content"] = value
    # Some providers want a number where lexicon gives them the variable's text.
    if (ttl := env.get("LEXICON_TTL", "")).isdecimal():
        asked["ttl"] = int(ttl)
    return asked


def proof(env: Mapping[str, str]) -> tuple[str, str]:
    """The record's name and value; HookError unless both can stand in a zone."""
    if env.get("ACME_CHALLENGE_TYPE", "dns-01") != "dns-01" or env.get("CERTBOT_TOKEN"):
        raise HookError("this hook solves dns-01 only: under certbot, --preferred-challenges dns")
    domain, value = env.get("CERTBOT_DOMAIN", ""), env.get("CERTBOT_VALIDATION", "")
    name = env.get("ACME_RECORD_NAME") or f"_acme-challenge.{domain.removeprefix('*.')}"
    name = name.lower().removesuffix(".")
    if len(name) > 253 or not re.fullmatch(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})+", name):
        raise HookError("CERTBOT_DOMAIN is not set, or is no DNS name")
    if not re.fullmatch(r"[A-Za-z0-9_.=-]{1,255}", value):
        raise HookError("CERTBOT_VALIDATION is not set, or is no value of a dns-01 challenge")
    return name, value


def wait(name: str, value: str, env: Mapping[str, str]) -> None:
    """Until the value can be seen, LEXICON_WAIT seconds at most."""
    given = env.get("LEXICON_WAIT") or "120"
    if not re.fullmatch(r"\d{1,4}", given):
        raise HookError("LEXICON_WAIT is no number of seconds")
    seen = visible.wait(name, value, (env.get("LEXICON_NAMESERVERS") or "").split(), int(given))
    if seen is False:
        raise HookError(f"the value at {name} cannot be seen after {given} s: raise LEXICON_WAIT", 75)
    if seen is None:
        sys.stderr.write(f"lexicon: warning: no name server tells whether the value at {name} can be seen\n")


def private(directory: str) -> None:
    """Refuse lexicon's files when others can read the secrets in them."""
    for path in glob.glob(os.path.join(glob.escape(directory), "lexicon*.yml")):
        if os.stat(path).st_mode & 0o077:
            raise HookError(f"{path}: others can read the secrets in it: chmod 600 {path}")


def hidden(text: str, env: Mapping[str, str]) -> str:
    """The text as one line for a terminal, without what the provider's variables hold."""
    prefix = f"LEXICON_{env['LEXICON_PROVIDER'].upper()}_"
    for name, secret in env.items():
        if name.startswith(prefix) and len(secret) > 4:
            text = text.replace(secret, "***").replace(urllib.parse.quote(secret, safe=""), "***")
    return "".join(letter if letter.isprintable() else " " for letter in text[:500])


def passing(error: Exception) -> bool:
    """Whether it may be over later: no answer, HTTP 429 or 5xx."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return bool(status == 429 or status >= 500)
    return any(kind.__name__ in ("ConnectionError", "Timeout", "TimeoutError") for kind in type(error).__mro__)


@contextlib.contextmanager
def turn(env: Mapping[str, str]) -> Iterator[None]:
    """One call at a time: with some providers an addition is to read all values and to write them back."""
    if not env.get("ACME_HOOK_STATE"):
        yield  # certbot lets nobody else run
        return
    directory = os.open(env["ACME_HOOK_STATE"], os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)


def late(*_: object) -> None:
    raise HookError(f"not done after {_LONGEST_RUN} s; try again later", 75)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], os.environ))
