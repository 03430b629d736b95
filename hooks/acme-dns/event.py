"""One call of the hook, from its variables to its exit status (acme-hooks(7))."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping

from accounts import Accounts
from server import HookError, Server

_NAME = r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})+"
_ADDRESS = r"[0-9.]+"


def run() -> int:
    """Do it; what went wrong is one line on standard error."""
    try:
        return act(os.environ)
    except HookError as error:
        sys.stderr.write(f"acme-dns: error: {error}\n")
        return error.status


def act(env: Mapping[str, str]) -> int:
    """Update the record; or register first, and say what is to be done before the next run."""
    domain, value = proof(env)
    storage = env.get("ACMEDNS_STORAGE") or default_storage(env)
    with Accounts(storage) as accounts:
        wanted = [name for name in names(env, domain) if name not in accounts]
        if wanted and env.get("ACMEDNS_REGISTER") == "1":
            server = Server(env.get("ACMEDNS_URL", ""))
            allowed = env.get("ACMEDNS_ALLOWFROM", "").replace(",", " ").split()
            for name in wanted:
                accounts.add(name, server.register(allowed))
            return tell(storage, wanted, accounts)
        if domain not in accounts:
            raise HookError(f"no account for {domain} in {storage}: set ACMEDNS_REGISTER=1 for one run to get it")
        account = accounts.get(domain)
    Server(env.get("ACMEDNS_URL") or account.server_url).update(domain, account, value)
    return 0


def tell(storage: str, wanted: list[str], accounts: Accounts) -> int:
    """The records to create, as lines of a zone file on standard output; what they are for, beside them."""
    sys.stderr.write(
        f"acme-dns: error: registered {', '.join(wanted)}, kept in {storage}: "
        "put the CNAME records that follow into your DNS, then run this again\n"
    )
    sys.stderr.flush()
    for name in wanted:
        sys.stdout.write(f"_acme-challenge.{name}. 300 IN CNAME {accounts.get(name).fulldomain}.\n")
    return 1


def proof(env: Mapping[str, str]) -> tuple[str, str]:
    """Name and value. The value is checked by the server, whose rules may change."""
    if env.get("ACME_CHALLENGE_TYPE", "dns-01") != "dns-01" or env.get("CERTBOT_TOKEN"):
        raise HookError("this hook solves dns-01 only: under certbot, --preferred-challenges dns")
    domain, value = plain(env.get("CERTBOT_DOMAIN", "")), env.get("CERTBOT_VALIDATION", "")
    if not re.fullmatch(_NAME, domain):
        raise HookError("CERTBOT_DOMAIN is not set, or is no DNS name")
    if not value:
        raise HookError("CERTBOT_VALIDATION is not set")
    return domain, value


def names(env: Mapping[str, str], domain: str) -> list[str]:
    """The name at hand and all others of the order, so that one run tells of all records to create."""
    listed = [domain, *map(plain, env.get("CERTBOT_ALL_DOMAINS", "").split(","))]
    wanted = [name for name in listed if re.fullmatch(_NAME, name) and not re.fullmatch(_ADDRESS, name)]
    return list(dict.fromkeys(wanted))


def plain(name: str) -> str:
    """The name as the accounts are kept: a name and its wildcard have one."""
    return name.strip().lower().removeprefix("*.").removesuffix(".")


def default_storage(env: Mapping[str, str]) -> str:
    if not env.get("ACME_HOOK_STATE"):
        raise HookError("ACMEDNS_STORAGE is not set: it names the file that keeps the accounts")
    return os.path.join(env["ACME_HOOK_STATE"], "accounts.json")
