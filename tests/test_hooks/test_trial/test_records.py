"""acme-hook test against BIND: each fault of a hook is told of in the line that is about it."""

import re
import signal
import subprocess
import time

import pytest

from tests.test_hooks.test_trial.lab import ADD, DELETE, KEY

DASHED = "a second value, which begins with -"


@pytest.fixture
def foreign(lab):
    """A value that no hook has put there."""
    lab.edit("add", lab.record, "foreign")
    return lab


def test_a_good_hook(foreign):
    said = foreign.test(foreign.hook(), status=0)
    assert f"# looking at {foreign.record} on ns1.example.test (127.0.0.1)\n" in said
    assert '# beside what is there: "foreign"\n' in said
    for line in (
        "auth succeeds: a value",
        f"auth succeeds: {DASHED}",
        "holds several values of one record at a time",
        "cleanup leaves the second value alone",
        "cleanup succeeds: once more, of a value that is gone",
    ):
        assert re.search(rf"(?m)^ok \d+ - {re.escape(line)}$", said), said
    assert re.search(rf"(?m)^ok \d+ - visible: {DASHED} \(\d+\.\d s\)$", said)
    assert foreign.known(foreign.hook()) == (True, True)
    assert (foreign.txt(), foreign.journal()) == (["foreign"], [])


def test_the_shipped_hook(foreign, tmp_path):
    keyfile = KEY.write(tmp_path / "key")
    foreign.env |= {"RFC2136_SERVER": foreign.server.where, "RFC2136_TSIG_KEYFILE": str(keyfile)}
    foreign.test("rfc2136", "--hook-env", "RFC2136_*", status=0)
    assert foreign.known("rfc2136") == (True, True)


WIPES = 'zone wipe "$ACME_RECORD_NAME"; zone add "$ACME_RECORD_NAME" foreign'
CASES = {
    "deletes its sibling's value": (
        {"cleanup": WIPES},
        {"cleanup leaves the second value alone": 'nothing of it is visible at {record} on {server}: only "foreign"'},
        (True, False),
    ),
    "wipes foreign values": (
        {"cleanup": DELETE + '; zone delete "$ACME_RECORD_NAME" foreign'},
        {"everything is as it was before": '{server}: gone is what the hook had not put there: "foreign"'},
        (True, True),
    ),
    "publishes nothing": (
        {"auth": "exit 0"},
        {"visible: a value": 'auth returned 0, but nothing of it is visible at {record} on {server}: only "foreign"'},
        (None, None),
    ),
    "fails on a dash": (
        {"auth": 'case $CERTBOT_VALIDATION in -*) echo "unknown option" >&2; exit 3;; esac; ' + ADD},
        {f"auth succeeds: {DASHED}": "the auth hook hook exited with 3: unknown option"},
        (None, None),
    ),
    "loses a dash": (
        {"auth": "case $CERTBOT_VALIDATION in -*) exit 0;; esac; " + ADD},
        {f"visible: {DASHED}": "auth returned 0, but nothing of it is visible at {record} on {server}: only"},
        (None, None),
    ),
    "replaces": (
        {"auth": ADD.replace("add", "replace")},
        {
            "holds several values of one record at a time": "nothing of it is visible at {record} on {server}: only",
            "everything is as it was before": '{server}: gone is what the hook had not put there: "foreign"',
        },
        (False, True),
    ),
    "cleans up once only": (
        {"cleanup": 'zone has "$ACME_RECORD_NAME" "$CERTBOT_VALIDATION"\n' + DELETE},
        {"cleanup succeeds: once more, of a value that is gone": "the cleanup hook hook exited with 1"},
        (True, True),
    ),
    "does not clean up": (
        {"cleanup": "exit 0"},
        {
            "gone: the first value": "it is still visible at {record} on {server}",
            "everything is as it was before": '{server}: left behind: "',
        },
        (True, None),
    ),
    "fails, having published": (
        {"auth": ADD + "; exit 1"},
        {"auth succeeds: a value": "the auth hook hook exited with 1"},
        (None, None),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_hook_that(foreign, case):
    scripts, expected, known = CASES[case]
    hook = foreign.hook(**scripts)
    foreign.test(hook, status=1)
    found, words = foreign.failures(), {"record": foreign.record, "server": "ns1.example.test (127.0.0.1)"}
    assert found.keys() == expected.keys()
    for line, problem in expected.items():
        assert found[line].startswith(problem.format(**words)), found
    assert foreign.known(hook) == known
    if case not in ("wipes foreign values", "replaces", "does not clean up"):
        assert foreign.txt() == ["foreign"]
    assert foreign.journal() == []


def test_a_record_that_becomes_visible_late(lab):
    hook = lab.hook(auth=f"(sleep 1; {ADD}) >/dev/null 2>&1 &")
    said = lab.test(hook, "--check-timeout", "30", status=0)
    seconds = re.findall(r"(?m)^ok \d+ - visible: .* \((\d+\.\d) s\)$", said)
    assert len(seconds) == 2
    assert all(0.5 < float(each) < 25 for each in seconds)
    assert lab.txt() == []


def test_json_is_an_object_a_step(lab):
    lab.run("test", lab.hook(), "-d", lab.name, "--resolver", lab.server.where, "--format", "json")
    lines = lab.said.splitlines()
    assert (lab.status, len(lines)) == (0, 12)
    assert lines[2].startswith('{"step":3,"ok":true,"what":"visible: a value","seconds":')


NOOP = """
deploy_challenge() { local DOMAIN="${1}" TOKEN_FILENAME="${2}" TOKEN_VALUE="${3}"; }
clean_challenge() { local DOMAIN="${1}"; }
HANDLER="$1"; shift
case $HANDLER in deploy_challenge | clean_challenge) "$HANDLER" "$@" ;; esac
"""
CHAIN = """
operation=$1; shift
case $operation in
deploy_challenge) command=add ;;
clean_challenge) command=%s ;;
*) exit 0 ;;
esac
while [ $# -ge 3 ]; do zone $command "_acme-challenge.$1" "$3"; shift 3; done
"""
LEGO = 'case $1 in present) zone %s "$2" "$3" ;; cleanup) zone %s "$2" "$3" ;; *) exit 64 ;; esac'
UACME = """
[ "$2" = dns-01 ] || exit 1
case $1 in begin) zone add "_acme-challenge.$3" "$5" ;; *) zone delete "_acme-challenge.$3" "$5" ;; esac
"""


def test_the_sample_hook_of_dehydrated_does_nothing(lab):
    lab.test(f"dehydrated:{lab.script(NOOP)}", "--type", "dns-01", status=1)
    problem = f"auth returned 0, but nothing is visible at {lab.record} on ns1.example.test (127.0.0.1): no TXT record"
    assert lab.failures() == {"visible: a value": problem}


def test_a_chain_gets_both_in_one_call(lab):
    script = lab.script('echo "$1" >>"$LAB/calls"' + CHAIN % "delete")
    hook = f"dehydrated-chain:{script}"
    said = lab.test(hook, "--type", "dns-01", status=0)
    assert "- auth succeeds: two values of one record, in one call\n" in said
    assert (lab.home / "calls").read_text().split().count("deploy_challenge") == 1
    assert lab.known(hook) == (True, True)


def test_a_chain_that_wipes(lab):
    lab.test(f"dehydrated-chain:{lab.script(CHAIN % 'wipe')}", "--type", "dns-01", status=1)
    assert list(lab.failures()) == ["cleanup leaves the second value alone"]


def test_a_script_for_one_value_at_a_time_may_hold_no_more(lab):
    hook = f"lego:{lab.script(LEGO % ('replace', 'wipe'))}"
    said = lab.test(hook, "--type", "dns-01", status=0)
    kind = "- a script of its kind need not do this: it "
    assert f"{kind}holds several values of one record at a time\n# it does not: nothing of it is visible" in said
    assert f"{kind}cleanup leaves the second value alone\n" in said
    assert lab.known(hook) == (False, False)


def test_a_script_for_one_value_at_a_time_that_holds_several(lab):
    hook = f"lego:{lab.script(LEGO % ('add', 'delete'))}"
    assert "need not" not in lab.test(hook, "--type", "dns-01", status=0)
    assert lab.known(hook) == (True, True)


def test_a_type_that_is_declined(lab):
    hook = f"uacme:{lab.script(UACME)}"
    lab.test(hook, "--type", "http-01", "--connect", "127.0.0.1:9", status=1)
    assert lab.failures() == {"declines http-01": "the hook script.sh declines"}
    said = lab.test(hook, "--connect", "127.0.0.1:9", status=0)
    assert "- declines http-01\n" in said
    assert "- auth succeeds: a value\n" in said


def test_what_was_found_out_is_forgotten_with_another_script(lab):
    hook = lab.hook(auth=ADD.replace("add", "replace"))
    lab.test(hook, status=1)
    assert lab.known(hook) == (False, True)
    assert lab.known(lab.hook()) == (None, None)


def test_cnames_lead_to_where_the_hook_writes(lab):
    lab.test(lab.hook(), "--record-name", f"alias.{lab.name}", status=0)
    assert f"looking at alias.{lab.name} on" in lab.said


def test_a_resolver_that_does_not_answer(lab):
    more = ["-d", lab.name, "--resolver", "127.0.0.1:9"]
    assert lab.run("test", lab.hook(auth='touch "$LAB/called"'), *more).endswith("\n1..1\n")
    assert (lab.status, (lab.home / "called").exists()) == (1, False)
    assert "the resolver 127.0.0.1:9" in lab.failures()[f"{lab.record} can be looked at"]


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["-d", "a.test", "-d", "b.test"],
        ["-d", "*.a.test", "--type", "http-01"],
        ["-d", "a.test", "--type", "http-01", "--connect", "127.0.0.1"],
        ["-d", "a.test", "--resolver", "127.0.0.1:x"],
    ],
)
def test_command_lines_that_cannot_be(lab, words):
    assert lab.run("test", lab.hook(auth='touch "$LAB/called"'), *words) == ""
    assert (lab.status, (lab.home / "called").exists()) == (2, False)
    assert lab.stderr.startswith("acme-hook: error: ")


HANGS = f'{ADD}; case $CERTBOT_VALIDATION in -*) touch "$LAB/hangs"; sleep 60;; esac'


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_stays_of_a_test_that_was_ended(foreign, number):
    argv = foreign.argv("test", foreign.hook(auth=HANGS), "-d", foreign.name, "--resolver", foreign.server.where)
    started = subprocess.Popen(argv, env=foreign.env, cwd=foreign.home, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        end = time.monotonic() + 30
        while not (foreign.home / "hangs").exists():
            assert time.monotonic() < end
            time.sleep(0.02)
        started.send_signal(number)
        said, _ = started.communicate(timeout=30)
    finally:
        started.kill()
        started.wait()
    if number == signal.SIGKILL:
        assert len(foreign.txt()) == 3
        foreign.run("sweep")
        assert foreign.status == 0, foreign.stderr
    else:
        assert b"\nBail out! interrupted by SIGTERM\n" in said
        assert started.returncode == -signal.SIGTERM
    assert (foreign.txt(), foreign.journal()) == (["foreign"], [])


def test_deploy_gets_a_lineage_that_is_gone_afterwards(lab):
    look = """
cd "$RENEWED_LINEAGE"
openssl verify -CAfile chain.pem cert.pem
[ "$(openssl x509 -in cert.pem -noout -pubkey)" = "$(openssl pkey -in privkey.pem -pubout)" ]
cat cert.pem chain.pem | cmp - fullchain.pem
echo "$RENEWED_LINEAGE $RENEWED_DOMAINS" >"$LAB/deployed"
"""
    hook = lab.hook(deploy=look)
    assert "deploy" not in lab.test(hook, status=0)
    said = lab.test(hook, "--deploy", status=0)
    assert "- deploy of a certificate that nobody trusts succeeds\n" in said
    lineage, name = (lab.home / "deployed").read_text().split()
    assert lineage.endswith(f"/live/{lab.name}")
    assert name == lab.name
    assert not (lab.home / lineage).exists()
    lab.test(lab.hook(deploy="exit 5"), "--deploy", status=1)
    assert lab.failures() == {
        "deploy of a certificate that nobody trusts succeeds": "the deploy hook hook exited with 5"
    }
