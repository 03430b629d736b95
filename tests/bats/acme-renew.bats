load helper

setup_file() { start_ca; }
teardown_file() { stop_ca; }

# lineage NAME [SETTING]...: a lineage, with lines added to its settings
lineage() {
    acme-run -q --agree-tos --standalone -d "$1" >/dev/null
    printf '%s\n' "${@:2}" >>"$ACME_CONFIG_DIR/renewal/$1.yaml"
}

@test "nothing there, nothing due: nothing is said, nothing done" {
    run_split acme-renew
    assert_equal "$status:$output:$stderr" "0::"
    lineage idle.example.test
    run_split acme-renew
    assert_equal "$status:$output:$stderr" "0::"
    run_split acme-renew --plan
    assert_contains "$output" "idle.example.test  leave   not due"
}

@test "what is due is renewed by its settings, the rest is left" {
    lineage due.example.test 'renew_before_days: 99'
    lineage idle.example.test
    run_split acme-renew --plan --format json
    assert_equal "$(jq -r 'select(.renew) | .name' <<<"$output")" due.example.test
    run_split acme-renew
    assert_status 0
    assert_equal "$(jq -r .cert_name <<<"$output")" due.example.test
    assert_equal "$(readlink "$ACME_CONFIG_DIR/live/due.example.test")" .due.example.test.2
    assert_equal "$(readlink "$ACME_CONFIG_DIR/live/idle.example.test")" .idle.example.test.1
    run_split acme-renew --force-renewal idle.example.test
    assert_equal "$(readlink "$ACME_CONFIG_DIR/live/idle.example.test")" .idle.example.test.2
}

@test "a failure is told, remembered, and does not stop the others" {
    lineage bad.example.test 'renew_before_days: 99' 'authenticator: {manual_auth_hook: "exit 9"}'
    lineage good.example.test 'renew_before_days: 99'
    run_split acme-renew
    assert_status 1
    assert_contains "$stderr" "bad.example.test: the auth hook exit exited with 9"
    assert_equal "$(readlink "$ACME_CONFIG_DIR/live/good.example.test")" .good.example.test.2
    run_split acme-renew --plan bad.example.test
    assert_contains "$output" "failed once"
    run_split acme-renew bad.example.test
    assert_status 0
}

@test "documents of what is due go through the pipeline" {
    lineage pipe.example.test 'renew_before_days: 99'
    acme-renew --due | acme-order | acme-challenge --standalone | acme-finalize | acme-install >installed
    assert_equal "$(jq -r .cert_name installed)" pipe.example.test
    assert_equal "$(readlink "$ACME_CONFIG_DIR/live/pipe.example.test")" .pipe.example.test.2
}

@test "a name that is not there, a CA that is down" {
    run_split acme-renew nosuch.example.test
    assert_status 2
    assert_contains "$stderr" "no lineage nosuch.example.test"
    lineage down.example.test 'renew_before_days: 99'
    sed -i 's/^server: .*/server: https:\/\/127.0.0.1:1\/dir/; /^account:/d' "$ACME_CONFIG_DIR/renewal/down.example.test.yaml"
    run_split acme-renew
    assert_status 75
    assert_contains "$stderr" "down.example.test: "
}
