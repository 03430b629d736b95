"""acme.sh's scripts run inside acme.sh, see its settings, and change nothing in the user's directory.

What is run is a stand-in with acme.sh's habits; ACMESH_HOME=DIR, with an acme.sh in DIR, has all of this run with
that one too.
"""

import hashlib
import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from tests.test_parts.test_dialects.given import NAMES, VALUE, event, one
from toolkit.dialects import Place
from toolkit.dialects.acmesh import NO_FUNCTION, NO_STATE, NOT_FOUND, NOT_LOADED, AcmeSh
from toolkit.events import Issued

ROOT = Path(__file__).parents[3]
REAL = os.environ.get("ACMESH_HOME")
STAND_IN = ROOT / "tests/fakes/acme.sh"
SHELLS = [shell for shell in ("/bin/sh", "/bin/bash", "/bin/busybox") if Path(shell).exists()]
SCRIPT = """
dns_mine_add() {
  MINE_Token="${MINE_Token:-$(_readaccountconf_mutable MINE_Token)}"
  if [ -z "$MINE_Token" ]; then _err "no token"; return 1; fi
  _saveaccountconf_mutable MINE_Token "$MINE_Token"
  _savedomainconf mine_id "$RANDOM_ID"
  printf '%s|%s|%s|%s|%s\\n' "$#" "$1" "$2" "$MINE_Token" "$Le_Domain"
  return ${MINE_STATUS:-0}
}
dns_mine_rm() {
  printf '%s|%s|%s|%s\\n' "$1" "$2" "$(_readdomainconf mine_id)" "$mine_id"
}
"""


@pytest.fixture(params=["stand-in", *([REAL] if REAL else [])])
def home(request, tmp_path):
    """A directory of acme.sh with the settings of somebody who logs, and has told where everything lies."""
    path = tmp_path / ".acme.sh"
    (path / "dnsapi").mkdir(parents=True)
    (path / "deploy").mkdir()
    (path / "ca").mkdir()
    (path / "ca/account.key").write_text("old")
    shutil.copy(STAND_IN if request.param == "stand-in" else Path(request.param) / "acme.sh", path / "acme.sh")
    (path / "dnsapi/dns_mine.sh").write_text(SCRIPT)
    (path / "account.conf").write_text(
        f"LOG_FILE='{path}/acme.sh.log'\nLOG_LEVEL='2'\nSYS_LOG='0'\nCA_HOME='{path}/ca'\n"
        f"ACCOUNT_CONF_PATH='{path}/account.conf'\nHTTP_HEADER='{path}/http.header'\nSAVED_OTHER='theirs'"
    )
    return path


@pytest.fixture
def call(home, tmp_path):
    """Runs what the dialect says; returns how it ended."""
    state = tmp_path / "state"
    state.mkdir(mode=0o700, exist_ok=True)
    place = Place(str(state), "/config", "/state")

    def run(action, hook="dns_mine", shell="/bin/sh", **variables):
        dialect = AcmeSh(hook, str(home))
        asked = {
            "load": lambda: dialect.lint(place),
            "add": lambda: dialect.auth([event()], place),
            "rm": lambda: dialect.cleanup([event()], place, "", True),
            "deploy": lambda: dialect.deploy(certificate(tmp_path), place),
        }
        invocation = one(asked[action]())
        argv = [shell, *(["sh"] if shell.endswith("busybox") else []), *invocation.argv[1:]]
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "nobody"), **invocation.variables, **variables}
        return subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    run.state = state
    return run


def certificate(tmp_path):
    live = tmp_path / "live"
    live.mkdir(exist_ok=True)
    for kind in ("cert", "chain", "fullchain", "privkey"):
        (live / f"{kind}.pem").write_text(f"{kind}\n")
    return Issued("shop", NAMES, str(live), ("", "", "", ""), 1)


def tree(path):
    found = [p for p in sorted(path.rglob("*")) if p.is_file()]
    return {str(p): (hashlib.sha256(p.read_bytes()).hexdigest(), p.stat().st_mtime_ns) for p in found}


@pytest.mark.parametrize("shell", SHELLS)
def test_function_gets_name_and_value(call, shell):
    ran = call("add", shell=shell, MINE_Token="a b$c`d\\e&|")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == f"2|_acme-challenge.example.test|{VALUE}|a b$c`d\\e&||example.test\n"


def test_what_is_saved_is_found_again(call):
    assert call("add", MINE_Token="kept", RANDOM_ID="42").returncode == 0
    assert call("rm").stdout == f"_acme-challenge.example.test|{VALUE}|42|42\n"
    assert "|kept|" in call("add").stdout


def test_nothing_of_the_user_is_changed(call, home, tmp_path):
    before = tree(home)
    for action in ("load", "add", "add", "rm"):
        assert call(action, MINE_Token="x" * 5).returncode == 0
    assert tree(home) == before
    assert not (tmp_path / "nobody").exists()


def test_only_we_can_read_what_is_saved_and_no_copy_stays(call):
    call("add", MINE_Token="secret")
    assert list((call.state / "runs").iterdir()) == []
    for path in call.state.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
    assert (call.state / "account/SAVED_MINE_Token").read_text() == "SAVED_MINE_Token='secret'\n"


def test_users_settings_are_seen_and_those_changed_later_count(call, home):
    conf = home / "account.conf"
    before = conf.read_text()
    conf.write_text(f"{before}\nSAVED_MINE_Token='first'\n")
    assert "|first|" in call("add").stdout
    assert "|mine|" in call("add", MINE_Token="mine").stdout
    assert "|mine|" in call("add").stdout
    conf.write_text(f"{before}\nSAVED_MINE_Token='second'\n")
    assert "|second|" in call("add").stdout
    assert "|second|" in call("add").stdout


def test_setting_that_the_script_clears_stays_cleared(call, home):
    (home / "dnsapi/dns_gone.sh").write_text(
        "dns_gone_add() { _clearaccountconf_mutable OTHER; }\n"
        'dns_gone_rm() { echo "<$(_readaccountconf_mutable OTHER)>"; }\n'
    )
    assert call("rm", "dns_gone").stdout == "<theirs>\n"
    assert call("add", "dns_gone").returncode == 0
    assert call("rm", "dns_gone").stdout == "<>\n"


def test_saved_also_when_the_function_fails(call):
    ran = call("add", MINE_Token="kept", RANDOM_ID="7", MINE_STATUS="3")
    assert ran.returncode == 3
    assert "|7|" in call("rm").stdout


@pytest.mark.parametrize("secret", ["it's", "'$(touch PWNED)'", "two\nlines", "';touch PWNED;'"])
def test_value_that_would_break_the_settings_is_used_and_not_saved(call, tmp_path, monkeypatch, secret):
    monkeypatch.chdir(tmp_path)
    ran = call("add", MINE_Token=secret)
    assert ran.returncode == 0
    assert f"|{secret}|" in ran.stdout
    assert "not saved: SAVED_MINE_Token" in ran.stderr
    assert not (call.state / "account/SAVED_MINE_Token").exists()
    assert call("add").stderr.strip() == "no token"
    assert not (tmp_path / "PWNED").exists()


def test_parallel_runs_damage_nothing(call, home):
    ran = []
    threads = [
        threading.Thread(target=lambda n=n: ran.append(call("add", MINE_Token="same", RANDOM_ID=str(n))))
        for n in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(done.returncode, done.stderr) for done in ran} == {(0, "")}
    assert "|same|" in call("add").stdout
    assert call("rm").stdout.split("|")[2] in {str(n) for n in range(6)} | {""}
    assert "SAVED_OTHER='theirs'" in (home / "account.conf").read_text()


@pytest.mark.parametrize(
    ("text", "status", "says"),
    [
        (None, NOT_FOUND, "acme.sh has no dns_x"),
        ("dns_x_add( {\n", NOT_LOADED, "cannot load"),
        ("return 1\n", NOT_LOADED, "cannot load"),
        ("exit 0\n", NOT_LOADED, "cannot load"),
        ("dns_x_rm() { :; }\n", NO_FUNCTION, "has no function dns_x_add"),
    ],
)
def test_scripts_that_cannot_be_run(call, home, text, status, says):
    if text:
        (home / "dnsapi/dns_x.sh").write_text(text)
    for action in ("add", "load"):
        ran = call(action, "dns_x")
        assert ran.returncode == status
        assert says in ran.stderr
    assert list((call.state / "runs").iterdir()) == []


def test_what_is_not_acme_sh(call, home):
    (home / "acme.sh").write_text('"$@"\n')
    ran = call("load")
    assert ran.returncode == NO_FUNCTION
    assert "is not acme.sh" in ran.stderr


def test_state_that_cannot_be_written(call):
    (call.state / "account").write_text("a file")
    assert call("load").returncode == NO_STATE


def test_script_by_its_path_and_both_functions(call, tmp_path):
    script = tmp_path / "dns_mine.sh"
    script.write_text(SCRIPT.replace("$#", "own"))
    assert call("load", str(script)).returncode == 0
    assert call("add", str(script), MINE_Token="t" * 4).stdout.startswith("own|")


def test_deploy_gets_six_arguments_and_its_own_settings(call, tmp_path, home):
    copies = str(ROOT / "tests/hooks/dialects/acmesh/copies.sh")
    target = tmp_path / "copies.pem"
    assert call("load", copies).returncode == 0
    ran = call("deploy", copies)
    assert ran.returncode == 1
    assert "DEPLOY_COPIES_TO" in ran.stderr
    before = tree(home)
    ran = call("deploy", copies, DEPLOY_COPIES_TO=str(target))
    assert (ran.returncode, ran.stderr) == (0, "")
    pfx = call.state / "certificates/shop/shop.pfx"
    assert ran.stdout == f"6 arguments for example.test, the pfx would be {pfx}\n"
    assert target.read_text() == "privkey\nfullchain\n"
    target.unlink()
    assert call("deploy", copies).returncode == 0
    assert target.exists()
    assert tree(home) == before


def test_what_a_killed_run_left_goes_after_a_day(call):
    runs = call.state / "runs"
    runs.mkdir()
    for name, age in (("old", 3 * 86400), ("fresh", 0)):
        (runs / name).mkdir()
        (runs / name / "account.conf").write_text("secret")
        stat = (runs / name).stat()
        os.utime(runs / name, (stat.st_atime - age, stat.st_mtime - age))
    assert call("load").returncode == 0
    assert [path.name for path in runs.iterdir()] == ["fresh"]
