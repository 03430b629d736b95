"""acme-hook lint: each finding in a script that has it, and in one that has not."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from tests.test_parts.lint_cases import DIALECTS, GIVEN, OF_BASH, OTHERS, PROBES, PY, SCRIPTS, SH
from toolkit.config import Directories
from toolkit.hooks import passing
from toolkit.hooks.lint.linter import NOT_RUN, Linter
from toolkit.hooks.locate import search_path
from toolkit.hooks.running import HookRunner
from toolkit.store.paths import Paths
from toolkit.waiting import Stop

ROOT = Path(__file__).parents[2]


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


@pytest.mark.parametrize("case", SCRIPTS)
def test_script_that_has_it_and_one_that_has_not(case, look):
    severity, line, part, bad, good = SCRIPTS[case]
    assert has(look(bad, dialect="certbot"), severity, line, part)
    found = look(good, dialect="certbot")
    assert not any(part in text for _, _, text in found)
    assert not any(severity == "error" for severity, _, _ in found)


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


@pytest.mark.parametrize("line", OF_BASH)
def test_what_only_bash_knows(look, line):
    assert any(" is bash, and" in text for _, at, text in look(f"{SH}{line}\n", dialect="certbot") if at == 2)
    assert not any(" is bash, and" in text for *_, text in look(f"#!/bin/bash\n{line}\n", dialect="certbot"))
    assert not any(" is bash, and" in text for *_, text in look(f"{SH}: '{line}'\n", dialect="certbot"))


def test_variable_that_is_passed_is_not_missing(look):
    text = SH + 'x "$API_KEY" "$CERTBOT_DOMAIN"'
    assert has(look(text), "warning", 2, "API_KEY")
    for name in ("API_KEY", "API_*"):
        assert look(text, dialect="certbot", hook_env=[name], API_KEY="k") == []


@pytest.mark.parametrize(
    ("text", "severity", "part"),
    [
        ('x "$CERTBOT_DOMAIN"', "note", "certbot: line 2"),
        ("systemctl reload nginx", "note", "certbot: nothing"),
        ('case "$1" in deploy_challenge) ;; esac', "note", "dehydrated: line 2"),
        ('case "$1" in deploy_challenge) "$CERTBOT_DOMAIN" ;; esac', "warning", "certbot: it could be of"),
        ('case "$1" in challenge-dns-start) ;; esac', "warning", "looks like acmetool"),
    ],
)
def test_what_a_script_is_taken_for_if_nobody_says(look, text, severity, part):
    assert has(look(SH + text), severity, None, part)
    assert not any("taken for" in found for _, _, found in look(SH + text, dialect="certbot"))


@pytest.mark.parametrize("operator", ["", "-", ":-", "+", ":+", "?", ":?", "=", ":="])
def test_what_a_script_does_without_is_no_warning(look, operator):
    found = look(f'{SH}x "${{API_KEY{operator}}}"', dialect="certbot")
    assert [severity for severity, _, _ in found] == {"": ["warning"], "=": [], ":=": []}.get(operator, ["note"])


@pytest.mark.parametrize(("other", "name"), OTHERS.items())
def test_variables_of_other_clients_are_called_so(look, other, name):
    dialect = "uacme" if other != "uacme" else "certbot"
    text = f'{SH}x dns-01 "$1" "${name}"'
    assert has(look(text, dialect=dialect), "warning", 2, f"{name} is for hooks of {other} only")
    assert has(look(text.replace(name, f"{{{name}:-}}"), dialect=dialect), "note", 2, f"hooks of {other} only")


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


def test_directory_with_deploy_only(linter, tmp_path):
    assert linter().look(str(directory(tmp_path / "hook", deploy=SH + 'ls "$RENEWED_LINEAGE"'))) == []


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
    hook = directory(tmp_path / "hook", auth=SH, cleanup=SH, common_sh="")
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
    (hook / "common.sh").chmod(0o646)
    found = [f for f in linter().look(str(hook)) if "by everybody" in f.text]
    assert [(Path(f.file).name, f.severity) for f in found] == [("common.sh", "warning")]
    (hook / "common.sh").chmod(0o644)
    assert not [f for f in linter().look(str(hook)) if "by everybody" in f.text]


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
        b"#!/usr/bin/python3\n" + b"-" * 100_000 + b"1",
        SH.encode() + b"$a curl " * 50000,
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
