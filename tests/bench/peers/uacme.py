"""uacme, the client in C; a hook of the bench's puts http-01 answers where the bench's server finds them.

It trusts the system's certificates and cannot be told others. So it runs in a mount namespace in which
these are the test CA's, held by a process that ends with the bench.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.bench import tools
from tests.bench.measure import Job, command
from tests.bench.site import EMAIL, Site

RESPONDER = True
REMARK = (
    "waits 5 seconds when the challenge is not valid at the first look; "
    "1.7.4 gives up at a challenge without a token, and Pebble lists such a one (dns-persist-01) at random, "
    "before or after http-01"
)
_SYSTEM = "/etc/ssl/certs"
_HOOK = """#!/bin/sh
[ "$2" = http-01 ] || exit 1
case $1 in
begin) printf %s "$5" >'{directory}'/"$4" ;;
*) rm -f '{directory}'/"$4" ;;
esac
"""


def find() -> Path:
    tools.needs("unshare", "nsenter", "mount", "cat")
    return tools.debian("uacme", "usr/bin/uacme")


def version(program: Path) -> str:
    return tools.debian_version(program)


def prepare(site: Site) -> list[Job]:
    site.challenges.mkdir(parents=True, exist_ok=True)
    _hook(site).write_text(_HOOK.format(directory=site.challenges), encoding="utf-8")
    _hook(site).chmod(0o755)
    holder = _hold(site)
    (site.state / "holder").write_text(str(holder.pid), encoding="ascii")
    return [_job(site, "--yes", "new", EMAIL)]


def issue(site: Site, name: str) -> Job:
    return _job(site, "--hook", str(_hook(site)), "issue", name)


def certificate(site: Site, name: str) -> Path:
    return site.state / "uacme" / name / "cert.pem"


def _hook(site: Site) -> Path:
    return site.state / "hook"


def _hold(site: Site) -> subprocess.Popen[bytes]:
    """A process in the namespace; it reads from us until we are gone."""
    certs = site.state / "certs"
    certs.mkdir()
    shutil.copy(site.ca_bundle, certs / "ca-certificates.crt")
    script = f'mount --bind "$0" {_SYSTEM} && echo ready && exec cat'
    unshare = ["unshare", "--mount"] if _root() else ["unshare", "--user", "--map-root-user", "--mount"]
    holder = subprocess.Popen(
        [*unshare, "sh", "-c", script, certs],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    site.closing.enter_context(holder)
    assert holder.stdout
    if holder.stdout.readline() != b"ready\n":
        raise tools.Missing("uacme: no mount namespace may be made here")
    return holder


def _root() -> bool:
    return os.geteuid() == 0


def _job(site: Site, *arguments: str) -> Job:
    holder = (site.state / "holder").read_text(encoding="ascii")
    user = () if _root() else ("--user", "--preserve-credentials")
    enter = command("nsenter", "--target", holder, *user, "--mount", "--")
    told = ("--acme-url", site.directory, "--confdir", site.state / "uacme", "--type", "EC", "--bits", "256")
    return Job(((*enter, *command(site.program, *told, *arguments)),))
