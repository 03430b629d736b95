"""Hooks on another host by way of hooks/ssh: what they get there, what they give, and what stays."""

import contextlib
import os
import subprocess

import pytest

from tests.test_hooks import elsewhere
from tests.test_hooks.conftest import DASH, HOOKS
from tests.test_hooks.elsewhere import PEMS, mode

# Fixtures of both modules.
server = elsewhere.server
nothing_stays = elsewhere.nothing_stays
environment = elsewhere.environment
call = elsewhere.call
hook = elsewhere.hook
lineage = elsewhere.lineage

NASTY = "-n '\"$(touch pwned)`id`\\ \t!!\n\n#*?~ ;&|<>' \n"
OUTPUT = ("line 'one'\n\\\n\xe9" * 8192)[:65000]
# Writes its environment, as it is, into the file that OUT names.
DUMP = 'cat /proc/self/environ >"$OUT"'


def dumped(path):
    return dict(line.split(b"=", 1) for line in path.read_bytes().split(b"\0") if line)


def linked(server, place):
    """The example hook where it is looked for: a path here, or one there."""
    if place == "sent":
        return {"SSH_SEND": "1", "SSH_HOOK": HOOKS / "examples/http"}
    (server.there / "hooks").mkdir(exist_ok=True)
    with contextlib.suppress(FileExistsError):
        (server.there / "hooks/http").symlink_to(HOOKS / "examples/http")
    return {"SSH_HOOK": {"absolute": server.there / "hooks/http", "home": "hooks/http", "tilde": "~/hooks/http"}[place]}


@pytest.mark.parametrize("place", ["sent", "absolute", "home", "tilde"])
def test_the_example_puts_a_file_there_and_takes_it_away(server, call, tmp_path, place):
    variables = {"CERTBOT_TOKEN": "token", "SSH_PASS": "WEBROOT", "WEBROOT": tmp_path, **linked(server, place)}
    done = call("auth", **variables)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    proof = tmp_path / ".well-known/acme-challenge/token"
    assert proof.read_text() == DASH
    assert mode(proof) == 0o644
    for _ in range(2):
        assert call("cleanup", **variables).returncode == 0
        assert not proof.exists()


def test_values_arrive_byte_for_byte(server, call, hook, tmp_path):
    given = {
        "CERTBOT_VALIDATION": NASTY,
        "CERTBOT_AUTH_OUTPUT": OUTPUT,
        "CERTBOT_ALL_DOMAINS": "",
        "CERTBOT_NEW_ONE": "1",
        "ACME_CHALLENGE_TYPE": "dns-01",
        "ACME_WILDCARD": "1",
        "ACME_RECORD_NAME": "-_acme-challenge.example.com",
        "SECRET": os.fsdecode(bytes(range(1, 256))),
        "event": "passed, whatever we call our own",
    }
    hook(cleanup=DUMP)
    there = tmp_path / "dump"
    passed = "OUT SECRET event NEVER_SET"
    done = call("cleanup", SSH_SEND=1, SSH_HOOK="hooks/probe", SSH_PASS=passed, OUT=there, NOT_NAMED="x", **given)
    assert (done.returncode, done.stderr) == (0, b"")
    found = dumped(there)
    assert {name: os.fsdecode(found[name.encode()]) for name in given} == given
    assert {b"NOT_NAMED", b"NEVER_SET", b"CERTBOT_TOKEN", b"SSH_PASS", b"ACME_HOOK_RUN"}.isdisjoint(found)
    assert found[b"HOME"] == os.fsencode(server.there)
    assert not (tmp_path / "pwned").exists()
    assert not (server.there / "pwned").exists()


def test_what_is_not_set_here_is_not_set_there(server, call, hook, tmp_path):
    """Though the other host has a value of its own, and though certbot leaves those of its last event."""
    hook(auth=DUMP)
    config = server.client(tmp_path / "config", SetEnv="CERTBOT_TOKEN=stale RENEWED_LINEAGE=/stale")
    given = {"SSH_CONFIG": config, "SSH_SEND": 1, "SSH_HOOK": "hooks/probe", "SSH_PASS": "OUT"}
    assert call("auth", OUT=tmp_path / "dump", RENEWED_DOMAINS="last.example", **given).returncode == 0
    found = dumped(tmp_path / "dump")
    assert {b"CERTBOT_TOKEN", b"RENEWED_LINEAGE", b"RENEWED_DOMAINS"}.isdisjoint(found)
    assert found[b"CERTBOT_DOMAIN"] == b"example.com"


def test_the_state_directory_stays(server, call, hook):
    hook(auth='echo kept >"$ACME_HOOK_STATE/note"', cleanup='cat "$ACME_HOOK_STATE/note"; pwd; umask')
    for event, said in (("auth", ""), ("cleanup", "kept\n")):
        done = call(event, SSH_SEND=1, SSH_HOOK="hooks/probe", ACME_HOOK_STATE="/nonexistent")
        assert done.returncode == 0, done.stderr
        assert done.stdout.decode().startswith(said)
    state = server.there / ".local/state/acme-hooks/probe"
    assert (mode(state), (state / "note").read_text()) == (0o700, "kept\n")
    assert not done.stdout.endswith(b"077\n")  # the umask of the login is the hook's


def test_the_record_is_standard_input(call, hook):
    hook(auth="cat")
    given = {"SSH_SEND": 1, "SSH_HOOK": "hooks/probe"}
    record = bytes(range(256)) * 40
    assert call("auth", stdin=record, ACME_HOOK_RUN="1", **given).stdout == record
    assert call("auth", ACME_HOOK_RUN="1", **given).stdout == b""


def test_under_certbot_nobody_waits_for_standard_input(environment, hook, tmp_path):
    hook(auth="echo got; cat")
    env = environment(SSH_SEND=1, SSH_HOOK="hooks/probe")
    with subprocess.Popen(
        [HOOKS / "ssh/auth"], env=env, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.wait(30) == 0  # while our end of the pipe is open
        assert process.stdout.read() == b"got\n"


@pytest.mark.parametrize(
    ("end", "status"), [("exit 0", 0), ("exit 1", 1), ("exit 75", 75), ("exit 255", 1), ("kill $$", 143)]
)
def test_output_and_exit_status_are_those_of_the_hook(call, hook, end, status):
    hook(auth=f"printf 'out\\351\\n'; echo 'Connection refused' >&2; {end}")
    done = call("auth", SSH_SEND=1, SSH_HOOK="hooks/probe")
    assert (done.returncode, done.stdout) == (status, b"out\xe9\n")
    assert done.stderr.startswith(b"Connection refused\n")
    assert b"ssh: error" not in done.stderr


def test_parts_that_the_hook_there_lacks(call, hook):
    directory = hook(auth="exit 3")
    assert call("cleanup", SSH_HOOK=directory).returncode == 0
    done = call("cleanup", SSH_HOOK=directory.parent)
    assert (done.returncode, f"the hook {directory.parent} has no cleanup" in done.stderr.decode()) == (1, True)
    (directory / "auth").chmod(0o644)
    done = call("auth", SSH_HOOK=directory)
    assert (done.returncode, b"auth is not executable: chmod +x" in done.stderr) == (1, True)


def test_a_hook_that_is_too_large_to_send(call, hook):
    (hook(auth="echo ran") / "large").write_bytes(bytes(1 << 20))
    done = call("auth", SSH_SEND=1, SSH_HOOK="hooks/probe")
    assert (done.returncode, b"too large" in done.stderr) == (1, True)


def test_all_files_of_a_hook_are_sent_as_they_are(call, hook, tmp_path):
    directory = hook(auth='cp -R "${0%/*}" "$OUT"')
    (directory / "library").mkdir()
    (directory / "library/it's\n.bin").write_bytes(bytes(range(256)) * 9)
    (directory / "empty").touch()
    assert call("auth", SSH_SEND=1, SSH_HOOK="hooks/probe", SSH_PASS="OUT", OUT=tmp_path / "copy").returncode == 0
    names = ("auth", "empty", "library/it's\n.bin")
    assert [(tmp_path / "copy" / name).read_bytes() for name in names] == [(directory / n).read_bytes() for n in names]
    assert [mode(tmp_path / "copy" / name) & 0o100 for name in names] == [0o100, 0, 0]


SAVE = 'cp -Rp "$RENEWED_LINEAGE" "$OUT"; printf "%s\\n" "$RENEWED_LINEAGE" "$RENEWED_DOMAINS"'


@pytest.mark.parametrize("status", [0, 1])
def test_the_pair_is_there_while_deploy_runs_and_gone_afterwards(server, call, hook, lineage, tmp_path, status):
    hook(deploy=f"{SAVE}; exit {status}")
    given = {"RENEWED_LINEAGE": lineage, "RENEWED_DOMAINS": "example.com *.example.com"}
    done = call("deploy", SSH_SEND=1, SSH_HOOK="hooks/probe", SSH_PASS="OUT", OUT=tmp_path / "copy", **given)
    assert done.returncode == status, done.stderr
    where, domains = done.stdout.decode().splitlines()
    assert where.startswith(f"{server.tmp}/")
    assert where.endswith("/example.com")
    assert domains == given["RENEWED_DOMAINS"]
    assert list(server.tmp.iterdir()) == []
    assert {path.name for path in (tmp_path / "copy").iterdir()} == set(PEMS)
    for name in PEMS:
        assert (tmp_path / "copy" / name).read_bytes() == (lineage / name).read_bytes()
    assert (mode(tmp_path / "copy"), mode(tmp_path / "copy/privkey.pem")) == (0o700, 0o600)


def test_a_lineage_that_is_kept_there(server, call, hook, lineage, tmp_path):
    hook(deploy=SAVE)
    kept = server.there / "kept it's"
    given = {"SSH_SEND": 1, "SSH_HOOK": "hooks/probe", "SSH_PASS": "OUT", "RENEWED_LINEAGE": lineage}
    for round_ in ("first", "second"):
        for name in PEMS:
            (lineage / name).write_bytes(f"{round_} {name}".encode())
        done = call("deploy", SSH_LINEAGE_DIR=kept, OUT=tmp_path / round_, **given)
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.decode().splitlines()[0] == str(kept / "example.com")
        assert [(kept / "example.com" / name).read_bytes() for name in PEMS] == [
            (lineage / name).read_bytes() for name in PEMS
        ]
        if round_ == "first":
            with (kept / "example.com/privkey.pem").open("rb") as opened:
                before = os.fstat(opened.fileno()).st_ino
    assert (kept / "example.com/privkey.pem").stat().st_ino != before  # replaced, not written over
    assert [mode(kept / "example.com" / name) for name in PEMS] == [0o644, 0o644, 0o644, 0o600]
    assert [mode(kept / "example.com"), sorted(os.listdir(kept))] == [0o700, ["example.com"]]


def test_no_program_has_a_secret_among_its_arguments(call, hook, lineage):
    """Seen from within the hook there, while the call lasts, and that is also here."""
    (lineage / "privkey.pem").write_text("-----BEGIN the key itself\n")
    look = 'for file in /proc/[0-9]*/cmdline; do tr "\\0" " " <"$file" || :; echo; done 2>/dev/null'
    hook(deploy=f'cat "$RENEWED_LINEAGE/privkey.pem"; test "$TOKEN" = the-token-itself; {look}')
    given = {"SSH_PASS": "TOKEN", "TOKEN": "the-token-itself", "RENEWED_DOMAINS": "the-domain-itself"}
    done = call("deploy", SSH_SEND=1, SSH_HOOK="hooks/probe", RENEWED_LINEAGE=lineage, **given)
    first, *seen = done.stdout.decode("utf-8", "replace").splitlines()
    assert first == "-----BEGIN the key itself"
    assert any("BatchMode=yes" in line and "-- other exec /bin/sh -c" in line for line in seen)
    assert any(line.endswith("hook/deploy ") for line in seen)
    assert not [line for line in seen if "itself" in line]
