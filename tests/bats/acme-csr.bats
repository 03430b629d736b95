load helper

@test "makes a key with mode 600 and a document with its signing request" {
    umask 000
    run_split acme-csr -d example.test -d www.example.test
    assert_status 0
    key=$(jq -r .key.path <<<"$output")
    assert_equal "$(stat -c %a "$key")" 600
    jq -r .csr <<<"$output" | openssl req -noout -pubkey >public
    openssl pkey -in "$key" -pubout | cmp - public
    assert_contains "$(jq -r .csr <<<"$output" | openssl req -noout -text)" "DNS:example.test, DNS:www.example.test"
    assert_lacks "$output" "PRIVATE KEY"
}

@test "one document for each line, key types as asked for" {
    run_split acme-csr --key-type rsa <<<$'a.example.test b.example.test\n# a comment\nc.example.test'
    assert_status 0
    assert_equal "$(jq -r .cert_name <<<"$output" | sort | xargs)" "a.example.test c.example.test"
    assert_equal "$(jq -r .key.type <<<"$output" | sort -u)" rsa-2048
}

@test "names that no certificate can carry" {
    # shellcheck disable=SC2016  # the names are meant as they stand
    for name in 'a b' '$(id)' 'a..b' '*.*.x' "$(printf 'x\x01.test')" '-rf' ''; do
        run_split acme-csr -d "$name"
        assert_status 2
        assert_empty "$output"
    done
}
