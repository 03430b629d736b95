load helper

setup_file() { start_ca; }
teardown_file() { stop_ca; }

@test "names in, a lineage out; nothing to do the second time; forced, a new generation" {
    run_split acme-run --agree-tos --standalone -n -d run.example.test -d www.run.example.test
    assert_status 0
    assert_equal "$(jq -r .lineage <<<"$output")" "$ACME_CONFIG_DIR/live/run.example.test"
    assert_contains "$(cat "$ACME_CONFIG_DIR/renewal/run.example.test.yaml")" "standalone: true"
    run_split acme-run --standalone -n -v -d www.run.example.test -d run.example.test --cert-name run.example.test
    assert_status 0
    assert_contains "$stderr" "not due before"
    acme-run --standalone -n --force-renewal -d run.example.test -d www.run.example.test
    assert_equal "$(readlink "$ACME_CONFIG_DIR/live/run.example.test")" .run.example.test.2
}

@test "a deploy that failed is done by the same command line, without a new order" {
    run_split acme-run --agree-tos --standalone -d again.example.test --deploy-hook "test -e $PWD/mended"
    assert_status 1
    touch mended
    run_split acme-run --agree-tos --standalone -d again.example.test --deploy-hook "test -e $PWD/mended"
    assert_status 0
    assert_equal "$(jq -r '.deployed[0].ok' <<<"$output")" true
    assert_equal "$(readlink "$ACME_CONFIG_DIR/live/again.example.test")" .again.example.test.1
}

@test "no authenticator, or two, is a question of usage" {
    run_split acme-run -d x.example.test
    assert_status 2
    run_split acme-run -d x.example.test --standalone -w .
    assert_status 2
    assert_contains "$stderr" "acme-run: hint: choose one of"
}
