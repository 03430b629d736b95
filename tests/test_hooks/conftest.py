"""Clients that other people wrote, as judges of our fakes and as users of our hooks."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.servers import clients

HOOKS = Path(__file__).parents[2] / "hooks"
VALUE = "LHDhK3oGRvkiefQnx7OOczTY5Tic_xZ6HcMOc_gmtoM"
DASH = "-u8BrwOOczTY5Tic_xZ6HcMOc_gmtoMLHDhK3oGRvki"


@pytest.fixture(scope="session")
def sdk():
    """A Python that has Cloudflare's own library."""
    return made("cloudflare", "cloudflare==5.9.0")


@pytest.fixture(scope="session")
def certbot():
    try:
        return clients.certbot()
    except clients.Missing as missing:
        pytest.skip(str(missing))


def made(name, *requirements):
    try:
        return clients.environment(name, *requirements) / "python"
    except clients.Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture
def run_hook(tmp_path):
    """Runs an executable of a hook as the toolkit does, or as certbot: its environment, and nothing else."""

    def run(executable, domain, value=VALUE, *, certbot=False, **variables):
        # HOME is the test's: nobody's credentials are found there.
        common = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        common |= {"CERTBOT_DOMAIN": domain, "CERTBOT_VALIDATION": value, "CERTBOT_REMAINING_CHALLENGES": "0"}
        common |= {"CERTBOT_ALL_DOMAINS": domain, "no_proxy": "127.0.0.1"}
        if not certbot:
            state = tmp_path / "state"
            state.mkdir(mode=0o700, exist_ok=True)
            common |= {"ACME_CHALLENGE_TYPE": "dns-01", "ACME_RECORD_NAME": f"_acme-challenge.{domain}"}
            common |= {"ACME_HOOK_STATE": str(state)}
        given = {name: str(text) for name, text in variables.items() if text is not None}
        return subprocess.run(
            [HOOKS / executable], env=common | given, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=60, cwd=tmp_path, check=False,
        )  # fmt: skip

    return run
