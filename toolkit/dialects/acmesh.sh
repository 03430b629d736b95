# shellcheck shell=sh
# shellcheck disable=SC2034 # what looks unused is for acme.sh
# shellcheck disable=SC2154 # what looks unassigned is of acmesh.py or of acme.sh
# shellcheck disable=SC2317 # what looks unreachable is called by the trap
# Runs one function of one of acme.sh's scripts; acme.sh sources it: `sh acme.sh . acmesh.sh`.
#
# The settings of acme.sh, account.conf, are copied. What the script saves there, or for its domain, lies in the
# state directory afterwards, a file a key, and counts until the user says otherwise in account.conf.
# acmesh.py sets the variables ACMESH_*, and knows the exit statuses. Neither set -e nor set -u: acme.sh bears neither.

acmesh_fail() {
	printf '%s\n' "$2" >&2
	exit "$1"
}

# acmesh_unite FILE KEPT COPY: COPY becomes FILE with what is kept. A key whose line in FILE is another one
# than when it was kept is the user's again.
acmesh_unite() {
	{ [ ! -f "$1" ] || cat -- "$1"; } >"$3.user"
	{ cat -- "$3.user" && echo; } >"$3"
	for acmesh_was in "$2"/*.was; do
		[ -f "$acmesh_was" ] || continue
		acmesh_key=${acmesh_was##*/}
		acmesh_key=${acmesh_key%.was}
		grep "^$acmesh_key=" "$3.user" >"$3.now"
		if cmp -s "$3.now" "$acmesh_was"; then
			{ grep -v "^$acmesh_key=" "$3" && cat -- "$2/$acmesh_key"; } >"$3.now"
			mv -f -- "$3.now" "$3"
		else
			rm -f -- "$acmesh_was" "$2/$acmesh_key"
		fi
	done
}

# acmesh_keep COPY KEPT: whatever is another line than in COPY.before goes to KEPT, each file whole or not at all.
acmesh_keep() {
	cmp -s "$1.before" "$1" && return
	sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/\1/p' "$1.before" "$1" | sort -u | while read -r acmesh_key; do
		acmesh_line=$(grep "^$acmesh_key=" "$1")
		[ "$acmesh_line" != "$(grep "^$acmesh_key=" "$1.before")" ] || continue
		# Such a file is sourced: a quote in a value would end it, and what follows would be run.
		if [ -n "$acmesh_line" ] && printf '%s\n' "$acmesh_line" | grep -qv "^$acmesh_key='[^']*'\$"; then
			echo "not saved: $acmesh_key, for there is a quote or a new line in it; pass it every time" >&2
			continue
		fi
		{ [ -z "$acmesh_line" ] || printf '%s\n' "$acmesh_line"; } >"$1.now"
		mv -f -- "$1.now" "$2/$acmesh_key"
		[ -f "$2/$acmesh_key.was" ] || {
			grep "^$acmesh_key=" "$1.user" >"$1.now"
			mv -f -- "$1.now" "$2/$acmesh_key.was"
		}
	done
}

acmesh_end() {
	umask 077
	acmesh_keep "$acmesh_run/account.conf" "$ACMESH_STATE/account"
	acmesh_keep "$acmesh_run/domain.conf" "$acmesh_home/conf"
	rm -rf -- "$acmesh_run"
}

acmesh_umask=$(umask)
umask 077
acmesh_home=$ACMESH_STATE/certificates/$ACMESH_CERTIFICATE
mkdir -p -- "$ACMESH_STATE/account" "$ACMESH_STATE/runs" "$acmesh_home/conf" ||
	acmesh_fail 73 "cannot write to $ACMESH_STATE"
# What a killed run left, a day later
for acmesh_file in "$ACMESH_STATE/runs"/*; do
	[ ! -d "$acmesh_file" ] || find "$acmesh_file" -prune -mtime +0 -exec rm -rf -- {} +
done
acmesh_run=$(mktemp -d "$ACMESH_STATE/runs/XXXXXX") || acmesh_fail 73 "cannot write to $ACMESH_STATE"
trap acmesh_end EXIT
trap 'exit 1' HUP INT TERM

acmesh_unite "$LE_CONFIG_HOME/account.conf" "$ACMESH_STATE/account" "$acmesh_run/account.conf"
acmesh_unite /dev/null "$acmesh_home/conf" "$acmesh_run/domain.conf"
# account.conf is sourced and may say where to write; the last word is ours.
cat >>"$acmesh_run/account.conf" <<'END'
ACCOUNT_CONF_PATH="$acmesh_run/account.conf"
CA_HOME="$acmesh_run/ca"
CERT_HOME="$ACMESH_STATE/certificates"
DOMAIN_PATH="$acmesh_home"
DOMAIN_BACKUP_PATH="$acmesh_home/backup"
DOMAIN_CONF="$acmesh_run/domain.conf"
HTTP_HEADER="$acmesh_run/http.header"
LE_TEMP_DIR="$acmesh_run"
LOG_FILE=""
SYS_LOG="0"
END
for acmesh_file in account domain; do
	cp -- "$acmesh_run/$acmesh_file.conf" "$acmesh_run/$acmesh_file.conf.before"
done

type _initpath >/dev/null 2>&1 || acmesh_fail 69 "$_SCRIPT_HOME/acme.sh is not acme.sh, or another one than is known"
ACCOUNT_CONF_PATH=$acmesh_run/account.conf
_initpath "$Le_Domain"
# shellcheck source=/dev/null
. "$DOMAIN_CONF"

case $ACMESH_LABEL in dns_*) acmesh_kind=dnsapi ;; *) acmesh_kind=deploy ;; esac
case $ACMESH_HOOK in
*/*) acmesh_file=$ACMESH_HOOK ;;
*) acmesh_file=$(_findHook "$Le_Domain" "$acmesh_kind" "$ACMESH_HOOK") ;;
esac
[ -f "$acmesh_file" ] || acmesh_fail 66 "acme.sh has no $ACMESH_HOOK: neither $_SCRIPT_HOME/$acmesh_kind/ nor $LE_WORKING_DIR"
umask "$acmesh_umask"
(
	# shellcheck source=/dev/null
	. "$acmesh_file" || exit 65
	: >"$acmesh_run/loaded"
	case $ACMESH_OPERATION.$acmesh_kind in
	load.dnsapi) set -- add rm ;;
	load.deploy) set -- deploy ;;
	*) set -- "$ACMESH_OPERATION" ;;
	esac
	for acmesh_function; do
		_exists "${ACMESH_LABEL}_$acmesh_function" ||
			acmesh_fail 69 "$acmesh_file has no function ${ACMESH_LABEL}_$acmesh_function"
	done
	case $ACMESH_OPERATION in
	load) ;;
	deploy) "${ACMESH_LABEL}_deploy" "$Le_Domain" "$CERT_KEY_PATH" "$CERT_PATH" "$CA_CERT_PATH" "$CERT_FULLCHAIN_PATH" "$CERT_PFX_PATH" ;;
	*) "${ACMESH_LABEL}_$ACMESH_OPERATION" "$ACMESH_FULLDOMAIN" "$ACMESH_TXTVALUE" ;;
	esac
)
acmesh_status=$?
[ -f "$acmesh_run/loaded" ] || acmesh_fail 65 "cannot load $acmesh_file"
exit "$acmesh_status"
