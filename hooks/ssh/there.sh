# shellcheck shell=sh disable=SC2317 # traps and the function receive call what seems out of reach
# The part of a call that runs on the other host. call.py puts before it: the variables host, event, name, hook, lineage
# and lineages, and the functions receive and hand_over. What follows it on standard input are the files of receive.

main() {
	mask=$(umask)
	umask 077
	dir='' child=''
	trap 'rm -rf -- "$dir"' EXIT
	trap 'stop 129' HUP
	trap 'stop 130' INT
	trap 'stop 141' PIPE
	trap 'stop 143' TERM
	[ -z "$lineages" ] || mkdir -p -- "$lineages/$lineage" || exit
	# Beside what is to be replaced, so that files come into place by a rename.
	dir=$(mktemp -d "${lineages:-${TMPDIR:-/tmp}}/.acme-hook.XXXXXXXXXX") || exit
	receive
	choose
	keep
	state=${XDG_STATE_HOME:-$HOME/.local/state}/acme-hooks/$name
	mkdir -p -- "$state" && chmod 700 -- "$state" || exit

	exec 3<&0
	listen >/dev/null 2>&1 &
	listener=$!
	start <"$dir/stdin" 3<&- &
	child=$!
	wait "$child"
	status=$?
	kill "$listener" 2>/dev/null
	# With 255 ssh says that itself has failed.
	[ "$status" != 255 ] || status=1
	exit "$status"
}

# One file from standard input: mode, size, path below our directory. dd, for a shell may read further than it uses.
take() {
	mkdir -p -- "$dir/$(dirname -- "$3")" || exit
	: >"$dir/$3" || exit
	[ "$2" = 0 ] || dd bs=1 count="$2" >"$dir/$3" 2>/dev/null
	[ "$(wc -c <"$dir/$3")" -eq "$2" ] || fail 75 'not all that was sent arrived'
	chmod "$1" "$dir/$3" || exit
}

# Settles what is to be run.
choose() {
	case $hook in
	'') hook=$dir/hook ;;
	/*) ;;
	*) hook=$HOME/$hook ;;
	esac
	[ -d "$hook" ] || fail 1 "there is no directory $hook; SSH_HOOK is a hook on that host, unless SSH_SEND=1"
	# As where hooks run without ssh, cleanup is what a hook may do without.
	[ "$event" != cleanup ] || [ -e "$hook/cleanup" ] || [ ! -e "$hook/auth" ] || exit 0
	[ -f "$hook/$event" ] || fail 1 "the hook $hook has no $event"
	[ -x "$hook/$event" ] || fail 1 "$hook/$event is not executable: chmod +x, and no noexec where it is mounted"
}

# Puts the lineage where it is to stay; each file is the old one or the new one, whoever looks at it.
keep() {
	new=$dir/live/$lineage
	[ -z "$lineages" ] || mv -f -- "$new/cert.pem" "$new/chain.pem" "$new/fullchain.pem" "$new/privkey.pem" \
		"$lineages/$lineage/" || exit
	lineage=${lineage:+${lineages:-$dir/live}/$lineage}
}

# Becomes the hook. Whatever hand_over sets, the positional parameters stay.
start() {
	umask "$mask"
	set -- "$hook/$event" "$state" "$lineage"
	hand_over
	export ACME_HOOK_STATE="$2"
	[ -z "$3" ] || export RENEWED_LINEAGE="$3"
	exec "$1"
}

# Waits for the end of the connection: nothing more is sent, and the other side keeps it open as long as it lives.
listen() {
	# shellcheck disable=SC2034 # nothing comes, so nothing is used
	while read -r line; do :; done <&3
	# When this shell was killed, nobody else clears up.
	kill -s HUP "$$" || {
		rm -rf -- "$dir"
		kill -s TERM -- "-$$"
	}
}

# Ends the hook and what it started, first kindly, and then this shell. sshd gave us a process group of our own.
stop() {
	trap '' HUP INT PIPE TERM
	if [ "$child" ]; then
		kill -s TERM -- "-$$" "$child" 2>/dev/null
		(sleep 5 && kill -s KILL "$child") >/dev/null 2>&1 &
		wait "$child"
		kill -s KILL "$!" 2>/dev/null
	fi
	rm -rf -- "$dir"
	# Nobody is there any more who could learn of a status.
	[ "$1" != 129 ] || kill -s KILL -- "-$$" 2>/dev/null
	exit "$1"
}

fail() {
	printf 'ssh: error: on %s: %s\n' "$host" "$2" >&2
	exit "$1"
}

main
