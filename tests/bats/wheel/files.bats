#!/usr/bin/env bats
# A wheel brings, beside the commands, the pages and the hooks of the checkout; only tests/run wheel runs this.

load ../helper

setup() {
    fresh_home
    share=${BIN%/bin}/share
}

# same FILE FILE: equal in content, and executable or not
same() {
    cmp "$1" "$2" || return
    [[ -x $1 && -x $2 ]] || [[ ! -x $1 && ! -x $2 ]] || fail "$2: wrong mode"
}

@test "every page is where man looks for it" {
    for page in "$ROOT"/man/*.[157]; do
        same "$page" "$share/man/man${page##*.}/${page##*/}"
    done
    need man
    MANPATH=$share/man run_split man --where acme-order
    assert_status 0
    assert_equal "$output" "$share/man/man1/acme-order.1"
}

@test "every hook is there, and executable where it was" {
    cd "$ROOT/hooks"
    while IFS= read -r hook; do
        same "$hook" "$share/acme-toolkit/hooks/$hook"
    done < <(find . -type f)
}

@test "the library is the installed one, and comes with its schema" {
    run_split "$BIN/python" -c 'import toolkit, pathlib; print(pathlib.Path(toolkit.__file__).parent)'
    assert_status 0
    assert_contains "$output" "${BIN%/bin}/lib/"
    same "$ROOT/toolkit/order.schema.json" "$output/order.schema.json"
    same "$ROOT/toolkit/py.typed" "$output/py.typed"
}

@test "every command says what it is for" {
    for command in "$ROOT"/bin/acme-*; do
        run_split "${command##*/}" --help
        assert_status 0
        assert_contains "$output" "Usage: ${command##*/}"
    done
}
