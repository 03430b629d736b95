# shellcheck shell=bash
# What every bats file loads (`load helper`), written for bats 1.8.
#
# The executables met are those of bin/, or of the directory $ACME_BIN. Each test has a HOME, configuration
# and work directory of its own; a file that defines its own setup calls `fresh_home` there first.

bats_require_minimum_version 1.5.0

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
export ROOT
export BIN=${ACME_BIN:-$ROOT/bin}

# Bats reads a file again for each of its tests: what setup_file exported since the first time must stay.
if [[ -z ${HELPER_LOADED:-} ]]; then
    export HELPER_LOADED=1
    for variable in "${!ACME_@}"; do
        [[ $variable == ACME_BIN ]] || unset "$variable"
    done
    # The executables first; then python3 and the tools that only the tests need.
    export PATH=$BIN:$ROOT/.venv/bin:$PATH
fi

setup() {
    fresh_home
}

# A HOME in which nobody has worked yet, and the test's current directory.
fresh_home() {
    local variable
    for variable in "${!XDG_@}"; do unset "$variable"; done
    export HOME=$BATS_TEST_TMPDIR/home
    export ACME_CONFIG_DIR=$BATS_TEST_TMPDIR/config ACME_WORK_DIR=$BATS_TEST_TMPDIR/work
    mkdir -p "$HOME"
    cd "$HOME" || return
}

# run_split COMMAND...: like bats' run, with standard error apart, in $stderr.
run_split() {
    # shellcheck disable=SC2034  # the tests read them
    run --separate-stderr "$@"
}

# need COMMAND...: skip the test where one of them is not installed.
need() {
    local command
    for command; do
        command -v "$command" >/dev/null || skip "$command is not installed"
    done
}

# start_ca [--OPTION...]: for setup_file; a test CA with the options of tests/ca/start, its variables exported.
start_ca() {
    CA_DIR=$BATS_FILE_TMPDIR/ca
    export CA_DIR
    "$ROOT/tests/ca/start" "$CA_DIR" "$@" || return
    # shellcheck disable=SC1091  # written by tests/ca/start
    source "$CA_DIR/env"
}

# stop_ca: for teardown_file.
stop_ca() {
    [[ -z ${CA_DIR:-} ]] || "$ROOT/tests/ca/stop" "$CA_DIR"
}

# assert_status N: of the last run or run_split
assert_status() {
    # shellcheck disable=SC2154  # bats sets them
    [[ $status -eq $1 ]] || fail "status is $status, not $1" "output: $output" "stderr: ${stderr:-}"
}

# assert_contains TEXT PART
assert_contains() {
    [[ $1 == *"$2"* ]] || fail "not there: $2" "in: $1"
}

# assert_lacks TEXT PART
assert_lacks() {
    [[ $1 != *"$2"* ]] || fail "there: $2" "in: $1"
}

# assert_equal GOT WANTED
assert_equal() {
    [[ $1 == "$2" ]] || fail "got:    $1" "wanted: $2"
}

# assert_empty TEXT
assert_empty() {
    [[ -z $1 ]] || fail "not empty: $1"
}

# fail LINE...: say why, and end the test as failed
fail() {
    printf '%s\n' "$@" >&2
    return 1
}
