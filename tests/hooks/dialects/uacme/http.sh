#!/bin/sh
# A hook of uacme that accepts http-01 and nothing else; WEBROOT is what is served.
set -eu

[ $# -eq 5 ] || exit 85
METHOD=$1
TYPE=$2
TOKEN=$4
AUTH=$5

[ -z "${CALLS:-}" ] || echo "$@" >>"$CALLS"
[ "$TYPE" = http-01 ] || exit 1
directory=$WEBROOT/.well-known/acme-challenge
case $METHOD in
"begin")
	mkdir -p "$directory"
	printf %s "$AUTH" >"$directory/$TOKEN"
	;;
"done" | "failed") rm "$directory/$TOKEN" ;;
*) exit 1 ;;
esac
