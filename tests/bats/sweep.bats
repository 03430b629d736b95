# shellcheck disable=SC2030,SC2031  # each test has variables of its own
# What acme-challenge leaves behind when it is killed, and who cleans that up.
load helper

setup_file() { start_ca; }
teardown_file() { stop_ca; }

# make_hook DIRECTORY: its auth and cleanup write into ./log; while ./block is there, the last auth stays inside
make_hook() {
    mkdir -p "$1"
    printf '%s\n' '#!/bin/sh' "echo \"auth \$CERTBOT_DOMAIN\" >>$PWD/log" \
        "[ ! -e $PWD/block ] || [ \"\$CERTBOT_REMAINING_CHALLENGES\" != 0 ] || { : >$PWD/inside; sleep 30; echo late >>$PWD/log; }" >"$1/auth"
    printf '%s\n' '#!/bin/sh' "echo \"cleanup \$CERTBOT_DOMAIN\" >>$PWD/log" >"$1/cleanup"
    chmod +x "$1"/*
}

# script FILE LINE...: an executable of these lines
script() {
    printf '%s\n' "${@:2}" >"$1"
    chmod 755 "$1"
}

# await FILE: at most 20 seconds
await() {
    local i
    for ((i = 0; i < 400; i++)); do
        [[ ! -e $1 ]] || return 0
        sleep 0.05
    done
    fail "$1 did not come"
}

# kill_in_second_hook NAME: acme-challenge for two names, ended without notice while the second auth hook runs
kill_in_second_hook() {
    acme-order --agree-tos -d "one.$1.example.test,two.$1.example.test" >"ordered-$1"
    : >log
    touch block
    rm -f inside
    acme-challenge --check skip --hook ./hook "ordered-$1" >/dev/null 2>err 3>&- &
    local pid=$!
    await inside
    kill -KILL "$pid"
    wait "$pid" || true
    rm block
    assert_equal "$(wc -l <log)" 2
}

entries() {
    find "$ACME_WORK_DIR/journal" -name '*.json' | wc -l
}

@test "sweep: what a killed acme-challenge left behind is cleaned up, the last first" {
    make_hook hook
    kill_in_second_hook sweep
    run_split acme-hook sweep --dry-run
    assert_status 0
    assert_contains "${lines[0]}" "http-01 of "
    assert_contains "${lines[0]}" " by hook:hook, presented "
    assert_equal "${#lines[@]}" 2
    assert_equal "$(wc -l <log)" 2
    run_split acme-hook sweep
    assert_status 0
    assert_contains "$stderr" "cleaned up http-01 of two.sweep.example.test"
    assert_contains "$stderr" "cleaned up http-01 of one.sweep.example.test"
    assert_equal "$(sed -n 's/^auth //p' log | tac)" "$(sed -n 's/^cleanup //p' log)"
    assert_equal "$(entries)" 0
    run_split acme-hook sweep
    assert_status 0
    assert_empty "$output$stderr"
    # what the killed run had called is gone with it
    assert_equal "$(wc -l <log)" 4
}

@test "the next acme-challenge cleans up by itself what a killed one left" {
    make_hook hook
    kill_in_second_hook next
    acme-order --agree-tos -d other.example.test >ordered
    run_split acme-challenge --standalone ordered
    assert_status 0
    assert_equal "$(grep -c 'cleaned up http-01 of .*, which an earlier run had left' <<<"$stderr")" 2
    assert_equal "$(sed -n 's/^cleanup //p' log | sort | tr '\n' ' ')" "one.next.example.test two.next.example.test "
    assert_equal "$(entries)" 0
}

@test "sweep: a cleanup that fails stays; --forget gives it up" {
    make_hook hook
    kill_in_second_hook fails
    script hook/cleanup '#!/bin/sh' "echo tried >>$PWD/log" 'exit 3'
    run_split acme-hook sweep
    assert_status 1
    assert_contains "$stderr" "cannot clean up http-01 of one.fails.example.test"
    assert_contains "$stderr" "hint: acme-hook sweep tries again"
    assert_contains "$stderr" "2 of 2 could not be cleaned up"
    assert_equal "$(entries)" 2
    assert_equal "$(grep -c tried log)" 2
    run_split acme-hook sweep --forget --dry-run
    assert_equal "$(entries)" 2
    run_split acme-hook sweep --forget
    assert_status 0
    assert_contains "$stderr" "forgot http-01 of one.fails.example.test"
    assert_equal "$(entries)" 0
    assert_equal "$(grep -c tried log)" 2
}

@test "sweep: what a later command of the pipeline cleans up is left alone, without --all" {
    make_hook hook
    acme-order --agree-tos -d all.example.test >ordered
    for all in "" --all; do
        : >log
        acme-challenge present --hook ./hook ordered >presented
        run_split acme-hook sweep
        assert_status 0
        assert_equal "$(cat log)" "auth all.example.test"
        if [[ -n $all ]]; then acme-hook sweep --all; else acme-challenge cleanup --hook ./hook presented >/dev/null; fi
        assert_equal "$(tail -n 1 log)" "cleanup all.example.test"
        assert_equal "$(entries)" 0
    done
}

@test "sweep leaves a run alone that is still at work" {
    make_hook hook
    acme-order --agree-tos -d "one.busy.example.test,two.busy.example.test" >ordered
    touch block
    acme-challenge --check skip --hook ./hook ordered >/dev/null 2>err 3>&- &
    pid=$!
    await inside
    run_split acme-hook sweep
    assert_status 0
    assert_empty "$output$stderr"
    assert_equal "$(entries)" 2
    kill -TERM "$pid"
    wait "$pid" || true
    assert_equal "$(entries)" 0
}

