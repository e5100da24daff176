#!/bin/sh
# SPDX-License-Identifier: ISC
# config(8): the control files of a host that knows its own name. What is found out here config-fast writes.

LC_ALL=C
export LC_ALL

die() {
	echo "config: fatal: $1" >&2
	echo "Call @QMAIL@/bin/config-fast with this host's full name instead." >&2
	exit 111
}

# full_name NAME: what the host is called by /etc/hosts or DNS, if that has a dot.
full_name() { getent ahosts "$1" | awk '$3 ~ /\./ { sub(/\.$/, "", $3); print tolower($3); exit }'; }

# leads_to NAME ADDRESS: whether the name has the address, and not only the address the name.
leads_to() { getent ahosts "$1" | awk -v a="$2" '$1 == a { found = 1 } END { exit !found }'; }

addresses() { ip -o addr show up | awk '{ sub(/\/.*/, "", $4); print $4 }'; }

[ $# -eq 0 ] || { echo "usage: config" >&2; exit 100; }

name=$(uname -n)
echo "Your hostname is $name."
host=$(full_name "$name")
[ -n "$host" ] || die "neither /etc/hosts nor DNS knows the full name of $name"
echo "Its full name is $host."

echo "Checking local IP addresses:"
found=$(addresses) || die "the addresses of this host cannot be listed"
names=
for address in $found; do
	other=$(getent hosts "$address" | awk '{ sub(/\.$/, "", $2); print tolower($2); exit }')
	if [ -z "$other" ]; then
		echo "$address: no name."
	elif leads_to "$other" "$address"; then
		echo "$address: $other."
		case " $host $names " in
		*" $other "*) ;;
		*) names="$names $other" ;;
		esac
	else
		echo "$address: $other, which is not at this address; left out."
	fi
done

# shellcheck disable=SC2086 # names have no blanks
exec @QMAIL@/bin/config-fast "$host" $names
