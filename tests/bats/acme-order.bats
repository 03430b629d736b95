load helper

setup_file() { start_ca; }
teardown_file() { stop_ca; }

@test "a document with proofs, names in canonical form" {
    run_split acme-order --agree-tos -d 'BÜCHER.example.test.' -d bücher.example.test
    assert_status 0
    assert_equal "$(jq -c .names <<<"$output")" '["xn--bcher-kva.example.test"]'
    assert_equal "$(jq -r .order.status <<<"$output")" pending
    assert_equal "$(jq -r '.authorizations[0].challenges[] | select(.type == "dns-01").proof.txt_name' <<<"$output")" \
        _acme-challenge.xn--bcher-kva.example.test
}

@test "lines, comments and garbage on one stream: the good ones go on" {
    run_split acme-order --agree-tos <<<$'one.example.test\n{"schema": "other"}\n\n# no\ntwo.example.test\nbad name$\n'
    assert_status 1
    assert_equal "$(jq -r .cert_name <<<"$output" | sort | xargs)" "one.example.test two.example.test"
    assert_contains "$stderr" "line 2"
    assert_contains "$stderr" "line 6"
}

@test "a CA that is down is status 75, and the document keeps its names" {
    ACME_SERVER=https://127.0.0.1:1/dir run_split acme-order --agree-tos -d down.example.test
    assert_status 75
    assert_equal "$(jq -r .error.stage <<<"$output")" order
    run_split acme-order --agree-tos <<<"$output"
    assert_status 0
    assert_equal "$(jq -r .error <<<"$output")" null
}

@test "a CA that cannot be verified" {
    unset ACME_CA_BUNDLE
    run_split acme-order --agree-tos -d x.example.test
    assert_status 75
    assert_contains "$stderr" "cannot verify the CA"
}

@test "standard output closed or full is never success" {
    run bash -c 'acme-order --agree-tos -d closed.example.test >&-'
    assert_status 1
    run bash -c 'acme-order --agree-tos -d full.example.test >/dev/full'
    assert_status 1
    assert_contains "$output" "the order is https://"
}

@test "a signing request from a file, PEM and DER; one without names" {
    openssl req -new -newkey rsa:2048 -nodes -keyout k.pem -subj / -addext subjectAltName=DNS:csr.example.test -out r.pem 2>/dev/null
    openssl req -in r.pem -outform DER -out r.der
    for file in r.pem r.der; do
        run_split acme-order --agree-tos --csr "$file"
        assert_status 0
        assert_equal "$(jq -c .names <<<"$output")" '["csr.example.test"]'
    done
    run_split acme-order --agree-tos --csr k.pem
    assert_status 2
}
