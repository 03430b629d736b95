"""From settings to an authenticator: those of a command line, of a lineage's renewal, of an entry in the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.errors import UsageError
from toolkit.runner import MARK
from toolkit.solvers import Nobody, Solver
from toolkit.store.paths import Paths
from toolkit.waiting import Stop

Settings = Mapping[str, Any]

CHALLENGES: Mapping[str, str] = {"http": "http-01", "dns": "dns-01", "http-01": "http-01", "dns-01": "dns-01"}

# Each names an authenticator; the others belong to one of them.
_KINDS = {
    "standalone": "standalone",
    "webroot": "webroot",
    "webroots": "webroot",
    "hook": "hook",
    "manual_auth_hook": "manual",
}
_LINES = ("manual_auth_hook", "manual_cleanup_hook")
_KEYS = (*_KINDS, "manual_cleanup_hook", "hooks_dir", "hook_env_files")
_DEFAULTS: Mapping[str, Any] = {
    "http_01_port": 80,
    "http_01_address": "",
    "preferred_challenges": None,
    "hook_env": (),
    "hook_timeout": 300.0,
}


@dataclass(frozen=True)
class Around:
    """What a solver needs of the process it works in."""

    paths: Paths
    environment: Mapping[str, str]
    stop: Stop
    # Only the third signal ends a cleanup.
    force: Stop
    echo: Any
    # This process as the journal knows it
    process: str = ""


def settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """The authenticator of a command line as settings that mean the same in another directory; {} if none is named."""
    from toolkit.hooks import locate
    from toolkit.solvers.webroot import parse_roots

    if not _kinds(given):
        return {}
    named = {key: given[key] for key in _KEYS if given.get(key)}
    named.update({key: given[key] for key, usual in _DEFAULTS.items() if given.get(key) not in (None, usual)})
    if "webroots" in named:
        roots = parse_roots(tuple(named["webroots"]))
        named["webroots"] = [f"{name}={root}" if name else str(root) for name, root in roots.items()]
    if "hook" in named:
        named["hook"] = locate.absolute(named["hook"])
    for key in _LINES:
        if key in named:
            named[key] = locate.absolute_line(named[key])
    if "hooks_dir" in named:
        named["hooks_dir"] = str(Path(named["hooks_dir"]).absolute())
    if "hook_env_files" in named:
        named["hook_env_files"] = [str(Path(file).absolute()) for file in named["hook_env_files"]]
    return {key: list(value) if isinstance(value, tuple) else value for key, value in named.items()}


def noted(given: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """The settings as the journal has them: of the variables that were named, those that are there."""
    from toolkit.hooks import passing

    found = settings(given)
    if "hook_env" in found:
        absent = passing.missing(environment, found["hook_env"])
        found["hook_env"] = [name for name in found["hook_env"] if name not in absent]
    return found


def check_environment(chosen: Settings, environment: Mapping[str, str]) -> None:
    """Raise UsageError where variables are missing that were there when the settings were noted."""
    from toolkit.hooks import passing

    absent = passing.missing(environment, chosen.get("hook_env") or ())
    if absent:
        raise UsageError(f"the environment lacks {', '.join(absent)}, which --hook-env had named")


def build(chosen: Settings, around: Around) -> Solver:
    """The solver that the settings name. Raises UsageError unless it is exactly one."""
    kinds = _kinds(chosen)
    if len(kinds) != 1:
        problem = f"several authenticators: {', '.join(kinds)}" if kinds else "no authenticator named"
        raise UsageError(problem, "choose one of --standalone, --webroot, --hook and --manual-auth-hook")
    if kinds == ["standalone"]:
        from toolkit.solvers.standalone import Standalone

        return Standalone(chosen.get("http_01_port", 80), chosen.get("http_01_address", ""))
    if kinds == ["webroot"]:
        from toolkit.solvers.webroot import Webroot, parse_roots

        return Webroot(parse_roots(tuple(chosen.get("webroots", ()))))
    return _hook(chosen, around)


def preferred(chosen: Settings, solver: Solver) -> tuple[str, ...]:
    """The challenge types to be used, the preferred first. Raises UsageError."""
    if not chosen.get("preferred_challenges"):
        return solver.types
    asked = str(chosen["preferred_challenges"]).replace(",", " ").split()
    unknown = [kind for kind in asked if kind not in CHALLENGES]
    if unknown:
        raise UsageError(f"no challenge type {unknown[0]!r}", f"types are {', '.join(CHALLENGES)}")
    return tuple(CHALLENGES[kind] for kind in asked)


def nobody(chosen: Settings) -> Solver | None:
    """Who stands in where no authenticator is named, and none is needed."""
    return None if _kinds(chosen) else Nobody()


def runner(chosen: Settings, around: Around) -> Any:
    """What runs hooks with these settings. Raises UsageError, FileTrouble."""
    from toolkit.hooks import passing
    from toolkit.hooks.running import HookRunner

    passed = passing.choose(
        around.environment, tuple(chosen.get("hook_env") or ()), tuple(chosen.get("hook_env_files") or ())
    )
    return HookRunner(
        around.paths,
        passed,
        float(chosen.get("hook_timeout") or 300),
        around.echo,
        around.process,
        nested=MARK in around.environment,
    )


def _hook(chosen: Settings, around: Around) -> Solver:
    from toolkit.hooks import findings, locate
    from toolkit.solvers.hook import HookSolver

    if chosen.get("hook"):
        search = locate.search_path(around.paths, chosen.get("hooks_dir"), around.environment)
        hook = locate.locate(chosen["hook"], search, "auth")
    else:
        lines = {"auth": chosen["manual_auth_hook"], "cleanup": chosen.get("manual_cleanup_hook") or ""}
        hook = locate.of_lines({event: locate.absolute_line(line) for event, line in lines.items() if line})
    known = findings.read(around.paths, hook)
    return HookSolver(
        hook,
        runner(chosen, around),
        around.stop,
        around.force,
        # A test may show that a script written for one value at a time holds several, or the reverse.
        alone=hook.dialect.alone and not known.several_values,
        one_value=known.several_values is False,
        spoils=known.own_value_only is False,
    )


def _kinds(chosen: Settings) -> list[str]:
    return list(dict.fromkeys(kind for key, kind in _KINDS.items() if chosen.get(key)))
