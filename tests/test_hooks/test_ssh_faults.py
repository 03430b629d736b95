"""Calls of hooks/ssh that fail or are cut: what is said, with which status, and that nothing is left."""

import contextlib
import os
import signal
import subprocess

import pytest

from tests.servers.sshd import new_key
from tests.test_hooks import elsewhere
from tests.test_hooks.conftest import HOOKS
from tests.test_hooks.elsewhere import await_

# Fixtures of both modules.
server = elsewhere.server
nothing_stays = elsewhere.nothing_stays
environment = elsewhere.environment
call = elsewhere.call
hook = elsewhere.hook
lineage = elsewhere.lineage


def changed(server, tmp_path, case):
    """A configuration of ssh with which it fails."""
    if case == "unknown host key":
        return {"UserKnownHostsFile": "/dev/null"}
    if case == "other host key":
        line = f"[127.0.0.1]:{server.port} {new_key(tmp_path / 'other')}"
        (tmp_path / "known_hosts").write_text(line)
        return {"UserKnownHostsFile": tmp_path / "known_hosts"}
    if case == "other key":
        new_key(tmp_path / "other")
        return {"IdentityFile": tmp_path / "other"}
    if case == "refused":
        return {"Port": server.port + 1}
    if case == "timeout":  # a port of our own whose queue of connections nobody serves
        return {"ProxyCommand": "sleep 30", "ConnectTimeout": 1}
    if case == "cut at once":
        return {"ProxyCommand": "true"}
    return {"HostName": "no-such-host.invalid"}


@pytest.mark.parametrize(
    ("case", "status", "said"),
    [
        ("unknown host key", 1, "host key is not the one that is known"),
        ("other host key", 1, "host key is not the one that is known"),
        ("other key", 1, "does not let us in"),
        ("refused", 75, "Connection refused"),
        ("timeout", 75, "timed out"),
        ("cut at once", 75, "no connection"),
        ("no name", 75, "ould not resolve"),
    ],
)
def test_what_ssh_says_and_whether_to_try_again(server, call, hook, tmp_path, case, status, said):
    hook(auth="echo ran")
    config = server.client(tmp_path / "config", **changed(server, tmp_path, case))
    done = call("auth", SSH_CONFIG=config, SSH_SEND=1, SSH_HOOK="hooks/probe")
    assert (done.returncode, done.stdout) == (status, b"")
    last = done.stderr.decode().splitlines()[-1]
    assert last.startswith("ssh: error: other: ")
    assert said in last


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"SSH_HOST": None}, "SSH_HOST"),
        ({"SSH_HOST": "-oProxyCommand=touch pwned"}, "no name of a host"),
        ({"SSH_HOST": "root@-oProxyCommand=x"}, "no name of a host"),
        ({"SSH_HOST": "other\nother"}, "no name of a host"),
        ({"SSH_HOOK": None}, "SSH_HOOK is not set"),
        ({"SSH_SEND": "0", "SSH_HOOK": "/"}, "does not end with a name"),
        ({"SSH_HOOK": "live"}, "is no hook"),
        ({"SSH_SEND": "yes"}, "SSH_SEND is 1, 0 or not set"),
        ({"SSH_SEND": "0", "SSH_HOOK": "/nonexistent/hook"}, "on other: there is no directory /nonexistent/hook"),
        ({"SSH_SEND": "0", "SSH_HOOK": "-x"}, "there is no directory"),
        ({"SSH_PASS": "A B=c"}, "no values"),
        ({"SSH_PROGRAM": "/nonexistent/ssh"}, "cannot run '/nonexistent/ssh'"),
    ],
)
def test_settings_that_are_wrong(environment, hook, tmp_path, variables, said):
    hook(auth="echo ran")
    (tmp_path / "live").mkdir()
    given = environment(**{"SSH_HOOK": "hooks/probe", "SSH_SEND": "1", **variables})
    given = {name: value for name, value in given.items() if variables.get(name, "") is not None}
    done = subprocess.run(
        [HOOKS / "ssh/auth"], env=given, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("ssh: error: ")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"RENEWED_LINEAGE": None}, "RENEWED_LINEAGE is not set"),
        ({"RENEWED_LINEAGE": "nowhere"}, "cannot read nowhere/cert.pem"),
        ({"SSH_LINEAGE_DIR": "live"}, "begins with /"),
        ({"SSH_LINEAGE_DIR": "/proc/acme"}, "/proc/acme"),
    ],
)
def test_a_deploy_that_cannot_be(call, hook, lineage, variables, said):
    hook(deploy="echo ran")
    done = call("deploy", **{"SSH_SEND": 1, "SSH_HOOK": "hooks/probe", "RENEWED_LINEAGE": lineage, **variables})
    assert (done.returncode, done.stdout) == (1, b"")
    assert said in done.stderr.decode()


@pytest.fixture
def hanging(environment, hook, lineage, tmp_path):
    """Starts a deploy whose hook there does not end by itself, nor by SIGTERM; yields it and the hook's pid."""

    @contextlib.contextmanager
    def start(prelude=""):
        hook(deploy=f'{prelude}\necho $$ >"$OUT.new"; mv "$OUT.new" "$OUT"\nfor second in $(seq 60); do sleep 1; done')
        given = {"SSH_PASS": "OUT", "OUT": tmp_path / "pid", "RENEWED_LINEAGE": lineage}
        env = environment(SSH_SEND=1, SSH_HOOK="hooks/probe", **given)
        with subprocess.Popen(
            [HOOKS / "ssh/deploy"], env=env, cwd=tmp_path, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
            start_new_session=True,
        ) as process:  # fmt: skip
            try:
                await_((tmp_path / "pid").exists)
                yield process, int((tmp_path / "pid").read_text())
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    return start


def gone(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.parametrize("how", ["all of it here is killed", "ssh is killed", "it is asked to end"])
@pytest.mark.parametrize("prelude", ["", "trap '' TERM HUP"])
def test_a_cut_connection_ends_the_hook_there_and_leaves_nothing(server, hanging, how, prelude):
    with hanging(prelude) as (process, pid):
        assert len(list(server.tmp.iterdir())) == 1
        if how == "all of it here is killed":
            os.killpg(process.pid, signal.SIGKILL)
        elif how == "ssh is killed":
            os.kill(child(process.pid), signal.SIGKILL)
            assert process.wait(30) == 137
        else:
            process.terminate()
            assert process.wait(30) == 143
        await_(lambda: gone(pid))
        await_(lambda: list(server.tmp.iterdir()) == [])


def child(pid):
    """The one child of a process."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        (found,) = file.read().split()
    return int(found)


def parent(pid):
    with open(f"/proc/{pid}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[1])


@pytest.mark.parametrize(("number", "status"), [(signal.SIGKILL, 137), (signal.SIGTERM, 143)])
def test_a_hook_there_that_is_killed(server, hanging, number, status):
    with hanging() as (process, pid):
        os.kill(pid, number)
        assert process.wait(30) == status
        assert list(server.tmp.iterdir()) == []


def test_a_shell_there_that_is_killed_leaves_no_files(server, hanging):
    with hanging() as (process, pid):
        os.kill(parent(pid), signal.SIGKILL)
        await_(lambda: gone(pid))
        await_(lambda: list(server.tmp.iterdir()) == [])
        assert process.wait(30) == 75


def test_a_host_that_goes_away_is_for_later(server, hanging):
    with hanging() as (process, pid):
        os.kill(parent(parent(pid)), signal.SIGKILL)  # the sshd of this connection
        assert process.wait(30) == 75
        assert b"a connection that was cut" in process.stderr.read()
        await_(lambda: gone(pid))
