#!/usr/bin/env sh
# Stands in for acme.sh where it is to run one of its scripts. It has what the wrapper and our scripts use, and
# the habits that a host has to know: settings are sourced, are written over in place and not escaped; what
# is not told otherwise goes into the user's directory; a log is written wherever the settings say.
# Each of its functions was written from what acme.sh 3.1.4 was seen to do, none after its text.

_SCRIPT_=$0

_info() {
	_note "$@"
	printf '%s\n' "$*"
}

_err() {
	_note "$@"
	printf '%s\n' "$*" >&2
}

_debug() { _note "$@"; }
_debug2() { _note "$@"; }

_note() {
	if [ -n "$LOG_FILE" ]; then printf '%s\n' "$*" >>"$LOG_FILE"; fi
}

_exists() { type "$1" >/dev/null 2>&1; }

_initpath() {
	LE_WORKING_DIR=${LE_WORKING_DIR:-$HOME/.acme.sh}
	LE_CONFIG_HOME=${LE_CONFIG_HOME:-$LE_WORKING_DIR}
	ACCOUNT_CONF_PATH=${ACCOUNT_CONF_PATH:-$LE_CONFIG_HOME/account.conf}
	# shellcheck source=/dev/null
	if [ -f "$ACCOUNT_CONF_PATH" ]; then . "$ACCOUNT_CONF_PATH"; fi
	_debug "settings are those of $ACCOUNT_CONF_PATH"
	CA_HOME=${CA_HOME:-$LE_CONFIG_HOME/ca}
	# It tidies up after older releases.
	if [ -f "$CA_HOME/account.key" ]; then
		mkdir -p "$CA_HOME/directory"
		mv "$CA_HOME/account.key" "$CA_HOME/directory"
	fi
	HTTP_HEADER=${HTTP_HEADER:-$LE_CONFIG_HOME/http.header}
	CERT_HOME=${CERT_HOME:-$LE_CONFIG_HOME}
	DOMAIN_PATH=${DOMAIN_PATH:-$CERT_HOME/$1}
	DOMAIN_CONF=${DOMAIN_CONF:-$DOMAIN_PATH/$1.conf}
}

_findHook() {
	for place in "$_SCRIPT_HOME/$2" "$LE_WORKING_DIR/$1" "$LE_WORKING_DIR" "$LE_WORKING_DIR/$2"; do
		for found in "$place/$3" "$place/$3.sh"; do
			if [ -f "$found" ]; then
				printf %s "$found"
				return
			fi
		done
	done
}

# FILE KEY VALUE: truncates the file and writes it anew.
_write() {
	touch "$1" || return
	if [ -z "$1" ]; then _err "cannot save $2=$3"; fi
	rest=$(grep -v "^$2=" "$1")
	{
		[ -z "$rest" ] || printf '%s\n' "$rest"
		printf '%s\n' "$2='$3'"
	} >"$1"
}

# FILE KEY
_erase() {
	rest=$(grep -v "^$2=" "$1")
	printf '%s\n' "$rest" >"$1"
}

# FILE KEY: whatever stands there is run.
_look() {
	(
		eval "$(grep "^$2=" "$1")"
		eval "printf %s \"\$$2\""
	)
}

_saveaccountconf() { _write "$ACCOUNT_CONF_PATH" "$1" "$2"; }
_clearaccountconf() { _erase "$ACCOUNT_CONF_PATH" "$1"; }
_readaccountconf() { _look "$ACCOUNT_CONF_PATH" "$1"; }
_saveaccountconf_mutable() {
	_write "$ACCOUNT_CONF_PATH" "SAVED_$1" "$2"
	_erase "$ACCOUNT_CONF_PATH" "$1"
}
_clearaccountconf_mutable() {
	_erase "$ACCOUNT_CONF_PATH" "SAVED_$1"
	_erase "$ACCOUNT_CONF_PATH" "$1"
}
_readaccountconf_mutable() { _readaccountconf "SAVED_$1"; }
_savedomainconf() { _write "$DOMAIN_CONF" "$1" "$2"; }
_readdomainconf() { _look "$DOMAIN_CONF" "$1"; }
_savedeployconf() { _savedomainconf "SAVED_$1" "$2"; }
_getdeployconf() {
	eval "given=\$$1"
	if [ -z "$given" ]; then
		given=$(_readdomainconf "SAVED_$1")
		eval "$1=\$given"
	fi
}

# BODY URL "" METHOD TYPE: the answer; its headers go to a file.
_post() {
	curl --silent --dump-header "$HTTP_HEADER" -X "${4:-POST}" -H "Content-Type: $5" --data "$1" "$2"
}

_startswith() { case $1 in "$2"*) ;; *) return 1 ;; esac }

main() {
	if [ "$1" != . ] || [ $# -ne 2 ]; then
		echo "this one only knows: acme.sh . FILE" >&2
		exit 2
	fi
	"$@"
}

main "$@"
