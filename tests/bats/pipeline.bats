load helper

setup_file() { start_ca; }
teardown_file() { stop_ca; }

@test "thirty certificates through one pipeline, from another directory" {
    cd /
    seq 30 | sed 's/.*/n&.example.test m&.example.test/' |
        acme-order --agree-tos --jobs 8 | acme-challenge --standalone --jobs 8 | acme-finalize --jobs 8 | acme-install --jobs 8 >"$HOME/out"
    assert_equal "$(jq -r .lineage "$HOME/out" | wc -l)" 30
    assert_equal "$(find "$ACME_CONFIG_DIR/live" -maxdepth 1 -name 'n*.example.test' | wc -l)" 30
    assert_lacks "$(cat "$HOME/out")" "PRIVATE KEY"
}

@test "an error flows through, and the last status tells it without pipefail" {
    set +o pipefail
    acme-order --agree-tos <<<$'ok.example.test\n*.bad.example.test' |
        acme-challenge --standalone 2>err | acme-finalize | acme-install >out && status=0 || status=$?
    assert_equal "$status" 1
    assert_equal "$(jq -r 'select(.error == null).cert_name' out)" ok.example.test
    assert_equal "$(jq -r 'select(.error != null).error.stage' out)" present
    assert_contains "$(cat err)" "a wildcard needs dns-01"
}

@test "downstream gone" {
    set +o pipefail
    acme-order --agree-tos -d gone.example.test 2>err | true
    assert_lacks "$(cat err)" Traceback
}

@test "help and version of every command" {
    for command in account csr order challenge finalize install run; do
        run_split "acme-$command" --help
        assert_status 0
        assert_contains "$output" "Usage: acme-$command"
        run_split "acme-$command" --version
        assert_status 0
        run_split "acme-$command" --no-such-option
        assert_status 2
        assert_contains "$stderr" "acme-$command: error: "
    done
}
