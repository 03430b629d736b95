"""Each thing of the outside world has one door: the modules that may touch it. Nobody else does."""

from fnmatch import fnmatchcase

import pytest

from tests.test_house import sources

DOORS = {
    "other programs": (
        ["runner"],
        "subprocess pty multiprocessing concurrent.futures.ProcessPoolExecutor os.exec* os.fork* os.popen"
        " os.posix_spawn* os.spawn* os.startfile os.system",
    ),
    "the network": (
        ["ca", "hooks.serve", "probe", "solvers.standalone"],
        "asyncio dns http.client http.server requests socket socketserver ssl urllib.request urllib3",
    ),
    "people": (
        ["cli"],
        "click.confirm click.echo* click.edit click.get_*_stream click.getchar click.pause click.progressbar"
        " click.prompt click.secho getpass input logging print sys.__std*__ sys.stderr sys.stdin sys.stdout",
    ),
    "files, to write them": (
        ["files", "below"],
        ".hardlink_to .lchmod .mkdir .rmdir .symlink_to .touch .unlink .write_bytes .write_text"
        " open:*[wax+]* os.chmod os.chown os.link os.makedirs os.mkdir os.mkfifo os.open os.remove*"
        " os.rename* os.replace os.rmdir os.symlink os.truncate os.unlink shutil tempfile",
    ),
    "the environment": (["config"], "os.environ os.environb os.getenv* os.putenv os.unsetenv"),
    "signals": (["cli"], "signal.pthread_sigmask signal.set_wakeup_fd signal.setitimer signal.signal"),
}
# (module, use): why it may
EXCEPTIONS = {
    ("lock", "os.open"): "opens the file to lock it, and writes into it nothing but who holds it",
    ("certbot_lock", "os.open"): "opens certbot's lock file to lock it, and writes nothing into it",
    ("cli.output", "os.open"): "opens /dev/null, to let go of a standard output that takes nothing",
}


def strangers(door):
    """Pairs of a module that is not the door and a use of what is behind the door."""
    keepers, behind = DOORS[door]
    for module in sources.modules():
        if not any(module == keeper or module.startswith(f"{keeper}.") for keeper in keepers):
            for name in sources.uses(module):
                if any(fnmatchcase(name, p) or fnmatchcase(name, f"{p}.*") for p in behind.split()):
                    yield module, name


@pytest.mark.parametrize("door", DOORS)
def test_nobody_passes_by_the_door(door):
    assert set(strangers(door)) <= set(EXCEPTIONS)


def test_every_exception_is_needed():
    assert set(EXCEPTIONS) <= {pair for door in DOORS for pair in strangers(door)}
