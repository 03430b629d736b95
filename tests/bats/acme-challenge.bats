load helper

setup_file() { start_ca; }
teardown_file() { stop_ca; }

@test "dns-01 by a hook, a wildcard, looked at before the CA looks" {
    acme-order --agree-tos -d '*.wild.example.test' >ordered
    run_split acme-challenge --hook "$ROOT/tests/hooks/challtestsrv" --hook-env CHALLTESTSRV --check require --resolver "$TEST_DNS" ordered
    assert_status 0
    assert_equal "$(jq -r .order.status <<<"$output")" ready
    assert_equal "$(cat "$ACME_WORK_DIR"/hooks/*/cleaned)" "published _acme-challenge.wild.example.test"
    assert_equal "$(jq -r .presented <<<"$output")" null
}

@test "certbot's manual hooks are lines for the shell" {
    printf '%s\n' 'from http.server import *' 'import os, sys' 'os.chdir("root")' \
        'HTTPServer(("127.0.0.1", int(sys.argv[1])), SimpleHTTPRequestHandler).serve_forever()' >serve.py
    mkdir -p root/.well-known/acme-challenge
    python3 serve.py "$ACME_HTTP_01_PORT" 2>/dev/null 3>&- &
    server=$!
    acme-order --agree-tos -d manual.example.test >ordered
    run_split acme-challenge --check skip --manual-auth-hook "printf %s \"\$CERTBOT_VALIDATION\" >$PWD/root/.well-known/acme-challenge/\$CERTBOT_TOKEN; echo 'two  words'" \
        --manual-cleanup-hook "echo \"\$CERTBOT_AUTH_OUTPUT\" >$PWD/cleaned; rm $PWD/root/.well-known/acme-challenge/\$CERTBOT_TOKEN" ordered
    kill "$server"
    assert_status 0
    assert_equal "$(cat cleaned)" "two  words"
}

@test "the stages alone, in processes of their own, with a webroot" {
    mkdir root
    (cd root && exec python3 -m http.server --bind 127.0.0.1 "$ACME_HTTP_01_PORT") >/dev/null 2>&1 3>&- &
    server=$!
    acme-order --agree-tos -d alone.example.test |
        env ACME_CONFIG_DIR=/nonexistent acme-challenge present -w root |
        tee presented |
        acme-challenge check -w root --check require --resolver "$TEST_DNS" |
        acme-challenge answer -w root >answered
    run_split acme-challenge cleanup -w root answered
    kill "$server"
    assert_status 0
    assert_equal "$(jq -r '.presented[0].solver' presented)" webroot
    assert_equal "$(jq -r .order.status <<<"$output")" ready
    [[ ! -e root/.well-known ]]
}

@test "a hook that fails, hangs, is missing or cannot be run" {
    acme-order --agree-tos -d bad.example.test >ordered
    mkdir hook
    printf '#!/bin/sh\necho cleaned >>%s/log\n' "$PWD" >hook/cleanup
    printf '#!/bin/sh\nexit 7\n' >hook/auth
    chmod +x hook/cleanup
    run_split acme-challenge --hook ./hook ordered
    assert_status 2
    assert_contains "$stderr" "not executable"
    chmod +x hook/auth
    run_split acme-challenge --hook ./hook ordered
    assert_status 1
    assert_contains "$stderr" "exited with 7"
    assert_equal "$(wc -l <log)" 1
    printf '#!/bin/sh\ntrap "" TERM\nsleep 60\n' >hook/auth
    run_split acme-challenge --hook ./hook --hook-timeout 1 ordered
    assert_status 1
    assert_contains "$stderr" "longer than 1 seconds"
    assert_equal "$(wc -l <log)" 2
    run_split acme-challenge --hook nosuch ordered
    assert_status 2
    # nothing of this spoiled the order
    run_split acme-challenge --standalone ordered
    assert_status 0
}

@test "a port in use, a webroot that is not there" {
    acme-order --agree-tos -d port.example.test >ordered
    python3 -c 'import socket, sys, time; s = socket.create_server(("0.0.0.0", int(sys.argv[1]))); print(flush=True); time.sleep(60)' "$ACME_HTTP_01_PORT" 3>&- >bound &
    holder=$!
    until [[ -s bound ]]; do sleep 0.05; done
    run_split acme-challenge --standalone ordered
    kill "$holder"
    assert_status 1
    assert_contains "$stderr" "cannot listen on port"
    run_split acme-challenge -w "$PWD/none" ordered
    assert_status 1
    assert_contains "$stderr" "no such file or directory"
}

@test "SIGINT and SIGTERM during a hook: cleaned up, and the same line goes on" {
    mkdir hook
    printf '#!/bin/sh\necho started >>%s/log\nsleep 60\n' "$PWD" >hook/auth
    printf '#!/bin/sh\necho cleaned >>%s/log\n' "$PWD" >hook/cleanup
    chmod +x hook/*
    acme-order --agree-tos -d signal.example.test >ordered
    for signal in INT TERM; do
        : >log
        env --default-signal=INT acme-challenge --hook ./hook ordered >out 2>err 3>&- &
        pid=$!
        until grep -q started log; do sleep 0.05; done
        kill -"$signal" "$pid"
        status=0
        wait "$pid" || status=$?
        assert_equal "$status" "$((128 + $(kill -l "$signal")))"
        assert_equal "$(tail -n 1 log)" cleaned
        assert_equal "$(jq -r .error.type out)" urn:acme-toolkit:error:interrupted
    done
    run_split acme-challenge --standalone out
    assert_status 0
}
