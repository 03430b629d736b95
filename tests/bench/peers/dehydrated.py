"""dehydrated: a bash script around curl and openssl; it writes http-01 answers into a directory."""

from __future__ import annotations

from pathlib import Path

from tests.bench import tools
from tests.bench.measure import Job, command
from tests.bench.site import Site

RESPONDER = True
REMARK = "sleeps a second between looks at the challenge, two between looks at the order"


def find() -> Path:
    tools.needs("bash", "curl", "openssl", "awk")
    return tools.debian("dehydrated", "usr/bin/dehydrated")


def version(program: Path) -> str:
    return tools.debian_version(program)


def prepare(site: Site) -> list[Job]:
    site.challenges.mkdir(parents=True, exist_ok=True)
    lines = {
        "CA": site.directory,
        "BASEDIR": site.state,
        "WELLKNOWN": site.challenges,
        "CURL_OPTS": f"--cacert {site.ca_bundle}",
        "KEY_ALGO": "prime256v1",
        "ACCOUNT_KEY_ALGO": "prime256v1",  # 0.7.1 and later
        "KEYSIZE": "2048",  # of the account's RSA key, before that
    }
    text = "".join(f'{key}="{value}"\n' for key, value in lines.items())
    _config(site).write_text(text, encoding="utf-8")
    return [_job(site, "--register", "--accept-terms")]


def issue(site: Site, name: str) -> Job:
    return _job(site, "--cron", "--domain", name)


def certificate(site: Site, name: str) -> Path:
    return site.state / "certs" / name / "fullchain.pem"


def _config(site: Site) -> Path:
    return site.state / "config"


def _job(site: Site, *arguments: str) -> Job:
    return Job((command(site.program, "--config", _config(site), *arguments),))
