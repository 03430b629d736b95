"""acme-hook lint: each finding in a script that has it, and in one that has not."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from toolkit.config import Directories
from toolkit.hooks import passing
from toolkit.hooks.lint import NOT_RUN, Linter
from toolkit.hooks.locate import search_path
from toolkit.hooks.running import HookRunner
from toolkit.store.paths import Paths
from toolkit.waiting import Stop

ROOT = Path(__file__).parents[2]
SH, PY = "#!/bin/sh\n", "#!/usr/bin/env python3\n"


@pytest.fixture
def linter(tmp_path):
    def make(*hook_env, **environment):
        paths = Paths(Directories(tmp_path / "config", tmp_path / "work"))
        outer = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **environment}
        runner = HookRunner(paths, passing.choose(outer, hook_env), 10, lambda *_: None)
        return Linter(search_path(paths, None, outer), runner, Stop())

    return make


@pytest.fixture
def look(linter, tmp_path):
    """The findings in a script of this text, as (severity, line, text)."""

    def found(text, name="script.sh", dialect="", mode=0o755, hook_env=(), **environment):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
        spec = f"{dialect}:{path}" if dialect else str(path)
        return [(f.severity, f.line, f.text) for f in linter(*hook_env, **environment).look(spec)]

    return found


def has(found, severity, line, part):
    return any(f[0] == severity and f[1] == line and part in f[2] for f in found)


# severity, line, part of the text; the script that has it; the nearest that has not
SCRIPTS = {
    "unquoted": ("warning", 2, "$CERTBOT_DOMAIN is not quoted", SH + "ls $CERTBOT_DOMAIN", SH + 'ls "$CERTBOT_DOMAIN"'),
    "unquoted in braces": ("warning", 2, "not quoted", SH + "ls ${CERTBOT_DOMAIN}.x", SH + "x=${CERTBOT_DOMAIN}.x"),
    "unquoted inside $()": (
        *("warning", 2, "not quoted"),
        SH + 'x="$(ls $CERTBOT_DOMAIN)"',
        SH + 'x="$(ls "$CERTBOT_DOMAIN")"',
    ),
    "unquoted word of case": (
        *("warning", 2, "not quoted"),
        SH + "set -- $CERTBOT_DOMAIN",
        SH + "case $CERTBOT_DOMAIN in *) ;; esac",
    ),
    "echo": ("warning", 2, "echo may take", SH + 'echo "$CERTBOT_VALIDATION"', SH + 'echo "v $CERTBOT_VALIDATION"'),
    "echo of a copy": (
        *("warning", 3, "$V for an option"),
        SH + "V=$CERTBOT_VALIDATION\necho $V",
        SH + "V=$CERTBOT_DOMAIN\necho $V",
    ),
    "echo after a pipe": (
        *("warning", 2, "echo may take"),
        SH + "true && echo $CERTBOT_TOKEN",
        SH + "true && printf %s\\\\n $CERTBOT_TOKEN",
    ),
    "grep": ("warning", 2, "grep may", SH + 'grep -q "$CERTBOT_VALIDATION" f', SH + 'grep -qe "$CERTBOT_VALIDATION" f'),
    "grep of a name": ("warning", 2, "grep may", SH + 'grep "$CERTBOT_TOKEN" f', SH + 'grep "$CERTBOT_DOMAIN" f'),
    "value or nothing": (
        *("warning", 2, "not quoted"),
        SH + "ls ${CERTBOT_DOMAIN:-x}",
        SH + "ls ${CERTBOT_DOMAIN:+x}",
    ),
    "echo of a copy of something else": (
        *("warning", 3, "$token for an option"),
        SH + "token=$CERTBOT_TOKEN\necho $token",
        SH + 'token=$HOME value="$3"\necho $token; echo "$value"; echo "$3"',
    ),
    "grep --": ("warning", 2, "grep may", SH + 'grep -F "$CERTBOT_TOKEN" f', SH + 'grep -F -- "$CERTBOT_TOKEN" f'),
    "printf": ("warning", 2, "printf may", SH + 'printf "$CERTBOT_TOKEN"', SH + 'printf %s "$CERTBOT_TOKEN"'),
    "expr": ("warning", 2, "expr may", SH + 'expr "$CERTBOT_TOKEN" : a', SH + 'expr "x$CERTBOT_TOKEN" : a'),
    "file in /tmp": ("warning", 2, "foresee the name /tmp/x.$$", SH + "date >/tmp/x.$$", SH + "date >/srv/tmp/x.$$"),
    "file in TMPDIR": (
        *("warning", 2, "foresee"),
        SH + 'date >"${TMPDIR:-/tmp}/x"',
        SH + 'date >"$(mktemp "${TMPDIR:-/tmp}/x.XXXXXX")"',
    ),
    "file in /tmp, in Python": ("warning", 2, "foresee", PY + 'open("/tmp/x", "w")', PY + 'mkdtemp(dir="/tmp/x")'),
    "sleep": ("note", 2, "sleeps", SH + "sleep 30", SH + "# sleep 30\necho 'sleep 30'"),
    "sleep in a loop": ("note", 2, "sleeps", SH + "until x; do sleep 1; done", SH + "until x; do sleeper 1; done"),
    "sleep in Python": ("note", 3, "sleeps", PY + "import time\ntime.sleep(9)", PY + "import time\n# time.sleep(9)"),
    "read": ("note", 2, "reads standard input", SH + "read answer", SH + "date | while read -r x; do :; done"),
    "read from a file": ("note", 2, "reads standard", SH + "read -r a", SH + "read -r a </etc/hostname"),
    "read from a pipe": ("note", 3, "reads standard", SH + "date\nread -r a", SH + "date |\nread -r a"),
    "read in Python": ("note", 2, "reads standard", PY + "x = input('y?')", PY + "x = '(y?)'"),
    "terminal": ("note", 2, "no terminal", SH + "read -r a </dev/tty", SH + "read -r a </dev/null"),
    "terminal in Python": ("note", 2, "no terminal", PY + 'open("/dev/tty")', PY + '# open("/dev/tty")'),
    "sudo": ("note", 2, "sudo cannot", SH + "sudo systemctl reload x", SH + 'echo "sudo make me"'),
    "secret of curl": (
        *("warning", 2, "secret"),
        SH + 'curl -H "Authorization: Bearer $T" https://x',
        SH + 'printf \'header = "Authorization: Bearer %s"\\n\' "$T" | curl --config - https://x',
    ),
    "secret on the next line": (
        *("warning", 2, "secret"),
        SH + 'curl https://x \\\n\t-H "X-Auth-Key: $K"',
        SH + 'curl https://x \\\n\t-H "X-Request-Id: $K"',
    ),
    "password of curl": ("warning", 2, "secret", SH + 'curl -u "me:$PASSWORD" u', SH + "curl -u me u"),
    "secret in a URL": ("warning", 2, "secret", SH + 'curl "https://x/?token=$T"', SH + 'curl "https://x/?page=$T"'),
    "password of wget": ("warning", 2, "secret", SH + "wget --password=$P u", SH + "wget --user=me u"),
    "password of mysql": ("warning", 2, "secret", SH + 'mysql -p"$P"', SH + 'mysql -P "$PORT"'),
    "key of nsupdate": ("warning", 2, "secret", SH + 'nsupdate -y "hmac:k:$KEY"', SH + 'nsupdate -k "$KEY"'),
    "variable that is missing": (
        *("warning", 2, "asks for API_KEY"),
        SH + 'x "$API_KEY"',
        SH + 'API_KEY=$(cat k); x "$API_KEY"',
    ),
    "variable it can do without": ("note", 2, "may ask for API_KEY", SH + 'x "${API_KEY:-}"', SH + 'x "${HOME:-}"'),
    "variable it says is missing": ("note", 2, "may ask for API_KEY", SH + ': "${API_KEY:?}"', SH + ": '${API_KEY:?}'"),
    "variable set from itself": ("note", 2, "may ask for K", SH + "KEY=${KEY:-1} x", SH + "KEY=1 x; y $KEY"),
    "variable in a document": ("warning", 3, "asks for KEY", SH + "cat <<E\n$KEY\nE", SH + "cat <<'E'\n$KEY\nE"),
    "variable after a document": (
        *("warning", 5, "asks for KEY"),
        SH + 'cat <<E\n\'\nE\nx "$KEY"',
        SH + 'cat <<E\n\'\nE\nfor KEY in a; do x "$KEY"; done',
    ),
    "variable of the shell": ("warning", 2, "asks for", SH + 'x "$PWDS"', SH + 'x "$PWD" "$OPTARG" "$PPID"'),
    "variable of nobody": ("warning", 2, "asks for", SH + 'x "$ZONE"', SH + 'x "$zone" "$1" "$#"'),
    "variable of Python": (
        *("warning", 3, "asks for KEY"),
        PY + 'import os\nprint(os.environ["KEY"])',
        PY + 'import os\nos.environ["KEY"] = "1"',
    ),
    "variable Python can do without": ("note", 2, "may ask for KEY", PY + 'os.environ.get("KEY")', PY + 'x.get("KEY")'),
    "variable of Perl": ("warning", 2, "asks for KEY", "#!/usr/bin/perl\n$ENV{KEY};", "#!/usr/bin/perl\n$ENV{HOME};"),
    "variable of JavaScript": (
        *("warning", 2, "asks for KEY"),
        "#!/usr/bin/env node\nprocess.env.KEY",
        "#!/usr/bin/env node\nprocess.environment.KEY",
    ),
    "variable of another client": (
        *("warning", 2, "UACME_TYPE is for hooks of uacme"),
        SH + 'x "$UACME_TYPE" "$CERTBOT_DOMAIN"',
        SH + 'x "$ACME_CHALLENGE_TYPE" "$CERTBOT_DOMAIN"',
    ),
    "bash in sh": ("warning", 2, "[[ is bash", SH + "[[ -n x ]] && y", "#!/bin/bash\n[[ -n x ]] && y"),
    "substitution of bash": ("warning", 2, "${X/...} is bash", SH + "X=1; y ${X/1/2}", SH + "X=1; y ${X#1}"),
    "array of bash": ("error", 2, "does not understand", SH + "a=(1 2)", "#!/usr/bin/env bash\na=(1 2)"),
    "syntax": ("error", 3, "does not understand", SH + "if true\nfi", SH + "if true; then :\nfi"),
    "syntax of bash": ("error", 3, "bash does not", "#!/bin/bash\nif x\nfi", "#!/bin/bash\nif x; then\n:; fi"),
    "syntax of Python": ("error", 2, "Python does not", PY + "def f(:", PY + "def f(): ..."),
    "no first line": ("note", 1, "no interpreter; /bin/sh runs it", "CERTBOT_DOMAIN=\n", SH + "CERTBOT_DOMAIN=\n"),
    "no such interpreter": ("error", 1, "there is no interpreter", "#!/no/such\n", "#!/bin/sh\n"),
    "no such program on PATH": (
        *("error", 1, "there is no nosuch on PATH"),
        "#!/usr/bin/env nosuch\n",
        "#!/usr/bin/env sh\n",
    ),
    "two words for env": ("error", 1, "one program called", "#!/usr/bin/env sh -u\n", "#!/usr/bin/env -S sh -u\n"),
    "nothing for env": ("error", 1, "env is not told", "#!/usr/bin/env\n", "#!/usr/bin/env sh\n"),
    "interpreter that is no program": ("error", 1, "no interpreter /etc/passwd", "#!/etc/passwd\n", "#!/bin/sh\n"),
    "interpreter that is a directory": ("error", 1, "no interpreter /usr/bin", "#!/usr/bin\n", "#!/usr/bin/env sh\n"),
    "relative interpreter": ("warning", 1, "looked for where", "#!sh\n", "#! /bin/sh\n"),
    "carriage return in #!": ("error", 1, "the #! line ends", "#!/bin/sh\r\n", "#!/bin/sh\n"),
    "carriage return": ("error", 2, "carriage return", "#!/bin/sh\nls\r\n", "#!/bin/sh\nls 'a\rb'\n"),
    "byte order mark": ("error", 1, "byte order mark", "\ufeff#!/bin/sh\n", "#!/bin/sh\n# \ufeff\n"),
    "NUL": ("error", 2, "NUL", "#!/bin/sh\n\0", "#!/bin/sh\n\\0"),
}


@pytest.mark.parametrize("case", SCRIPTS)
def test_script_that_has_it_and_one_that_has_not(case, look):
    severity, line, part, bad, good = SCRIPTS[case]
    assert has(look(bad, dialect="certbot"), severity, line, part)
    found = look(good, dialect="certbot")
    assert not any(part in text for _, _, text in found)
    assert not any(severity == "error" for severity, _, _ in found)


D, U, L = "dehydrated", "uacme", "lego"
DIALECTS = {
    "dehydrated: what it does not know fails": (
        *(D, "hook.sh", "warning", 2, "does not know may fail"),
        SH + "case $1 in deploy_challenge) ;; *) exit 1 ;; esac",
        SH + "case $1 in deploy_challenge) ;; *) exit 0 ;; esac",
    ),
    "dehydrated: runs any operation": (
        *(D, "hook.sh", "warning", 2, "runs whatever"),
        SH + '"$@"',
        SH + 'case $1 in deploy_challenge) "$@" ;; esac',
    ),
    "dehydrated: runs any operation, guarded": (
        *(D, "hook.sh", "warning", 3, "runs whatever"),
        SH + 'HANDLER=$1; shift\n"$HANDLER" "$@"',
        SH + 'case $1 in deploy_challenge)\n"$@" ;; esac',
    ),
    "dehydrated: runs what it names": (
        *(D, "hook.sh", "warning", 2, "runs whatever"),
        SH + '"$@"',
        SH + 'if [ "$1" = deploy_challenge ]; then deploy "$@"; fi',
    ),
    "dehydrated: bash runs it": (D, "hook.sh", "note", 1, "bash runs it", "echo $1", "#!/bin/bash\necho $1"),
    "dehydrated: no arguments": (
        *(D, "hook.sh", "warning", 1, "looks at none"),
        SH + "env",
        SH + 'case "$1" in deploy_challenge) ;; esac',
    ),
    "dehydrated: value": (
        *(D, "hook.sh", "warning", 3, "for an option"),
        SH + 'token="$3"\necho "$token"; x "$1"',
        SH + 'keyfile="$3"\necho "$keyfile"; x "$1"',
    ),
    "dehydrated: variable of certbot": (
        *(D, "hook.sh", "warning", 2, "CERTBOT_DOMAIN is for hooks of certbot"),
        SH + 'x "$1" "$CERTBOT_DOMAIN"',
        SH + 'x "$1" "$WELLKNOWN"',
    ),
    "lego: no first line": (L, "p.sh", "error", 1, "names no interpreter", 'x "$1"', SH + 'x "$1"'),
    "lego: no arguments": (L, "p.sh", "warning", 1, "looks at none", SH + "x", SH + 'x "$@"'),
    "lego: value": (L, "p.sh", "warning", 2, "grep may take $4", SH + 'grep "$4" $1', SH + 'grep -e "$4" $1'),
    "uacme: value": (U, "u.sh", "warning", 2, "echo may", SH + 'echo "$5" dns-01 $1', SH + 'echo "$2" dns-01 $1'),
    "uacme: takes all": (
        *(U, "u.sh", "warning", 1, "every type"),
        SH + 'x "$1"',
        SH + 'case $2 in dns-01) ;; *) exit 1 ;; esac; x "$1"',
    ),
    "uacme: variables will do": (U, "u.sh", "warning", 1, "looks at none", SH + "x dns-01", SH + "$UACME_TYPE dns-01"),
    "acme.sh: no function": (
        *("acmesh", "dns_x.sh", "error", 1, "no function dns_x_rm"),
        "dns_x_add() {\n:\n}\n",
        "dns_x_add() {\n:\n}\ndns_x_rm() {\n:\n}\n",
    ),
    "acme.sh: deploy": ("acmesh", "y.sh", "error", 1, "no function y_deploy", "y() {\n:\n}", "y_deploy() {\n:\n}"),
    "acme.sh: exit": (
        *("acmesh", "y.sh", "warning", 2, "exit ends acme.sh"),
        "y_deploy() {\nexit 1\n}",
        "y_deploy() {\nreturn 1 # exit\n}",
    ),
    "acme.sh: bash": (
        *("acmesh", "y.sh", "warning", 2, "[[ is bash"),
        "y_deploy() {\n[[ 1 ]]\n}",
        "y_deploy() {\n[ 1 ]\n}",
    ),
    "acme.sh: settings": (
        *("acmesh", "y.sh", "note", 2, "may ask for Y_KEY"),
        "y_deploy() {\n_getdeployconf Y_KEY\n}",
        "y_deploy() {\n_savedeployconf Y_KEY x\n}",
    ),
}


@pytest.mark.parametrize("case", DIALECTS)
def test_manners_of_a_dialect(case, look, tmp_path):
    dialect, name, severity, line, part, bad, good = DIALECTS[case]
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme/acme.sh").write_text("")
    home = {"LE_WORKING_DIR": str(tmp_path / "acme")}
    mode = 0o644 if dialect == "acmesh" else 0o755  # it is read, not run
    assert has(look(bad, name, dialect, mode, **home), severity, line, part)
    found = look(good, name, dialect, mode, **home)
    assert not any(part in text for _, _, text in found)
    assert not any(f[0] == "error" for f in found)


OF_BASH = (
    *("cat <<<x", "cat <(date)", "ls &>/dev/null", "function f {", "declare x=1", "typeset x", "source ./x"),
    *("[ $# == 1 ]", "x=$'a'", "read -p ? x", "read -ra x", "x=1; y ${x:0:1}", "x=1; y ${x^^}", "x=1; y ${x,}"),
    *("x=1; y ${x@Q}", "y ${x[0]}", "x+=(1)"),
)


@pytest.mark.parametrize("line", OF_BASH)
def test_what_only_bash_knows(look, line):
    assert any(" is bash, and" in text for _, at, text in look(f"{SH}{line}\n", dialect="certbot") if at == 2)
    assert not any(" is bash, and" in text for *_, text in look(f"#!/bin/bash\n{line}\n", dialect="certbot"))
    assert not any(" is bash, and" in text for *_, text in look(f"{SH}: '{line}'\n", dialect="certbot"))


def test_variable_that_is_passed_is_not_missing(look):
    text = SH + 'x "$API_KEY" "$CERTBOT_DOMAIN"'
    assert has(look(text), "warning", 2, "API_KEY")
    assert look(text, hook_env=["API_KEY"], API_KEY="k") == []
    assert look(text, hook_env=["API_*"], API_KEY="k") == []


def test_interpreter_is_looked_for_on_path_and_not_here(look, tmp_path, monkeypatch):
    (tmp_path / "mine").write_text(SH)
    (tmp_path / "mine").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    for path, there in ((str(tmp_path), True), ("/bin", False), (".", False), ("", False)):
        found = look("#!/usr/bin/env mine\n", dialect="certbot", PATH=path)
        assert has(found, "error", 1, "no mine on PATH") is not there


@pytest.mark.parametrize(("text", "mode", "part"), [(SH, 0o644, "not executable"), (b"\x7fELF\0", 0o755, "no script")])
def test_files(look, text, mode, part):
    assert any(part in found for _, _, found in look(text, mode=mode))
    assert not any(part in found for _, _, found in look(SH, mode=0o755))


def test_what_is_not_there_or_no_file(linter, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").mkdir()
    for spec, part in {
        "nosuch": "no hook nosuch",
        f"{tmp_path}/x": "no hook",
        f"{tmp_path}/empty": "is no hook",
    }.items():
        (found,) = linter().look(spec)
        assert found.severity == "error"
        assert part in found.text
    hook = tmp_path / "hook"
    hook.mkdir()
    (hook / "auth").symlink_to("nowhere")
    (hook / "cleanup").mkdir()
    texts = {(Path(f.file).name, f.text) for f in linter().look(str(hook)) if f.severity == "error"}
    assert ("auth", "no such file or directory") in texts
    assert ("cleanup", "it is no regular file") in texts


def directory(path, **texts):
    path.mkdir(parents=True)
    for name, text in texts.items():
        (path / name.replace("_sh", ".sh")).write_text(text)
        if not name.endswith("_sh"):
            (path / name).chmod(0o755)
    return path


def test_each_program_of_a_directory_knows_the_variables_of_its_event(linter, tmp_path):
    text = SH + 'x "$CERTBOT_AUTH_OUTPUT"'
    hook = directory(tmp_path / "hook", auth=text, cleanup=text)
    (found,) = linter().look(str(hook))
    assert (Path(found.file).name, found.severity, found.text) == (
        *("auth", "warning"),
        "CERTBOT_AUTH_OUTPUT is not set here",
    )
    token = SH + 'x "$CERTBOT_TOKEN"'
    hook = directory(tmp_path / "types", auth=token, cleanup=token)
    assert linter().look(str(hook)) == []
    (hook / "challenges").write_text("dns-01\n")
    assert {f.text for f in linter().look(str(hook))} == {"CERTBOT_TOKEN is not set here"}


def test_directory_without_cleanup_or_with_odd_types(linter, tmp_path):
    hook = directory(tmp_path / "hook", auth=SH)
    assert [(f.severity, f.text) for f in linter().look(str(hook))] == [
        ("note", "there is no cleanup: what auth presents stays")
    ]
    (hook / "cleanup").write_text(SH)
    (hook / "challenges").write_text("carrier-pigeon\n")
    found = {(Path(f.file).name, f.severity) for f in linter().look(str(hook))}
    assert {("challenges", "error"), ("cleanup", "error")} <= found


def test_what_stands_beside_the_programs_is_looked_at_and_may_set_their_variables(linter, tmp_path):
    auth = SH + '. "${0%/*}/common.sh"\nx "$ZONE"\n'
    hook = directory(tmp_path / "hook", auth=auth, cleanup=auth, common_sh='ZONE=${1}\ny "$SECRET_KEY"\n')
    found = linter().look(str(hook))
    assert [(Path(f.file).name, f.text) for f in found] == [
        ("common.sh", "asks for SECRET_KEY, which it would not get")
    ]


def test_record_on_standard_input_of_a_directory_may_be_read(linter, tmp_path):
    hook = directory(tmp_path / "hook", auth=SH + "read -r record", cleanup=PY + "import sys\nsys.stdin.read()")
    assert linter().look(str(hook)) == []


def test_everything_of_the_search_path_also_what_cannot_be_run(linter, tmp_path):
    hooks = tmp_path / "config/hooks"
    directory(hooks / "one", auth=SH, cleanup=SH)
    directory(hooks / "some/two", auth=SH)
    (hooks / "some/two/auth").chmod(0o644)
    directory(hooks / ".hidden", auth=SH)
    (hooks / "no-hook").mkdir()
    names = linter().everything()
    assert names[:2] == ["one", "some/two"]
    assert {"hidden", ".hidden", "no-hook"}.isdisjoint(names)
    assert any("not executable" in f.text for f in linter().look("some/two"))


def test_names_are_found_in_the_search_path(linter, tmp_path):
    directory(tmp_path / "config/hooks/one", auth=SH + "fi", cleanup=SH)
    (found,) = linter().look("one")
    assert found.file == str(tmp_path / "config/hooks/one/auth")
    assert str(found).startswith(f"{found.file}:2: error: ")


@pytest.mark.parametrize("user", [0, 1])
def test_who_else_can_change_it(linter, tmp_path, monkeypatch, user):
    """As root an error, for root would refuse; for others a warning."""
    hook = directory(tmp_path / "hook", auth=SH, cleanup=SH)
    me = os.geteuid()
    if user == 0 and me != 0:
        pytest.skip("needs root")
    (hook / "auth").chmod(0o777)
    if user:
        monkeypatch.setattr(os, "geteuid", lambda: me or 65534)
    found = [f for f in linter().look(str(hook)) if f.file.endswith("auth") and "by everybody" in f.text]
    assert [f.severity for f in found] == ["error" if user == 0 else "warning"]
    assert f"chmod go-w {hook}/auth" in found[0].hint
    (hook / "auth").chmod(0o755)
    assert not [f for f in linter().look(str(hook)) if "by everybody" in f.text]


PROBES = {
    ("dehydrated", 'case "$1" in deploy_challenge) touch /nowhere/x ;; esac'): ("note", "as it should be"),
    ("dehydrated", 'x() { exit 3; }; [ "$1" = deploy_challenge ] || x'): ("error", "exited with 3"),
    ("dehydrated", 'y() { ls -d /; }; [ "$1" = deploy_challenge ] || y'): ("error", "said '/'"),
    ("uacme", '[ "$2" = dns-01 ]; exit $?'): ("note", "as it should be"),
    ("uacme", ": dns-01; exit 0"): ("error", "run with begin bogus-01"),
    ("lego", 'x "$1"'): ("note", "not run"),
}


GIVEN = {
    "certbot": "CERTBOT_TOKEN CERTBOT_AUTH_OUTPUT RENEWED_LINEAGE FAILED_DOMAINS ACME_RECORD_NAME ACME_HOOK_STATE HOME",
    "dehydrated": "WELLKNOWN CONFIG CHALLENGETYPE KEY_ALGO COMMAND",
    "lego": "EXEC_PATH LEGO_CERT_PATH LEGO_HOOK_CERT_DOMAINS",
    "uacme": "UACME_METHOD UACME_AUTH",
}


@pytest.mark.parametrize("dialect", GIVEN)
def test_variables_that_a_dialect_sets_are_not_missing(look, dialect):
    text = SH + "".join(f'x dns-01 "$1" "${name}"\n' for name in GIVEN[dialect].split())
    assert [text for severity, _, text in look(text, dialect=dialect) if severity == "warning"] == []
    # and those that its client sets, but nobody here
    odd = {"certbot": "CERTBOT_X", "dehydrated": "ALPNCERTDIRS", "lego": "LEGO_X", "uacme": "UACME_X"}[dialect]
    assert any(odd in text for _, _, text in look(f'{SH}x dns-01 "$1" "${odd}"', dialect=dialect))


@pytest.mark.parametrize(("dialect", "text"), PROBES)
def test_probe_runs_what_does_nothing(linter, tmp_path, dialect, text):
    script = tmp_path / "script.sh"
    script.write_text(SH + text + "\n")
    script.chmod(0o755)
    spec = f"{dialect}:{script}"
    (found,) = linter().probe(spec)
    severity, part = PROBES[dialect, text]
    assert found.severity == severity
    assert part in found.text
    assert any(f.text == NOT_RUN for f in linter().look(spec)) is (dialect != "lego")


def test_nothing_of_a_script_is_run(look, tmp_path):
    mark = tmp_path / "ran"
    for start in (SH, "#!/bin/bash\n", PY):
        for dialect in ("certbot", "dehydrated", "lego", "uacme"):
            look(f"{start}$(touch {mark})\n`touch {mark}`\n__import__('os').mkdir('{mark}')\n", dialect=dialect)
    assert not mark.exists()


def test_odd_bytes_are_no_trouble(look):
    for text in (
        b"",
        b"\xff\xfe",
        b"#!",
        b"#!/bin/sh\n\xff'\"${",
        b"#!/bin/sh\n<<",
        b"#!/usr/bin/python3\n" + b"(" * 5000,
    ):
        look(text, dialect="certbot")


def hooks():
    return sorted({path.parent for event in ("auth", "deploy") for path in (ROOT / "hooks").rglob(event)})


@pytest.mark.parametrize("hook", hooks(), ids=lambda path: path.name)
def test_shipped_hooks_have_neither_errors_nor_warnings(linter, tmp_path, hook):
    # The checkout may be anybody's; what is looked at are the texts.
    copy = shutil.copytree(hook, tmp_path / "hook", ignore=shutil.ignore_patterns("__pycache__"))
    for path in (copy, *copy.iterdir()):
        path.chmod(stat.S_IMODE(path.stat().st_mode) & 0o755)
    assert [str(f) for f in linter().look(str(copy)) if f.severity != "note"] == []
