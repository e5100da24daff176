#!/bin/sh
# SPDX-License-Identifier: ISC
# config-fast(8): the control files of a host whose name is given.

LC_ALL=C
export LC_ALL
umask 022
control=@QMAIL@/control

misuse() {
	echo "config-fast: $1" >&2
	echo "usage: config-fast full.host.name [other.local.name ...]" >&2
	exit 100
}

die() {
	echo "config-fast: fatal: $1" >&2
	exit 111
}

# become FILE: it gets the text in $new, at once and whole, and keeps its mode.
become() {
	[ ! -e "$1" ] || chmod --reference="$1" "$new" || fail "$1"
	mv -f "$new" "$1" || fail "$1"
}

fail() {
	rm -f "$new"
	die "cannot write $1"
}

# put FILE NAME: the file is this one line.
put() {
	echo "Putting $2 into control/$1..."
	new=$control/$1.config.$$
	echo "$2" > "$new" || fail "$control/$1"
	become "$control/$1"
}

# lines FILE: the file, its last line ended.
lines() { [ ! -s "$1" ] || { cat "$1" && { [ -z "$(tail -c 1 "$1")" ] || echo; }; }; }

# has FILE NAME: whether the list has the entry already.
has() {
	[ -e "$control/$1" ] && awk -v k="$2" '
		BEGIN { k = tolower(k) }
		{ sub(/[ \t]+$/, "") }
		tolower($0) == k { found = 1 }
		END { exit !found }' "$control/$1"
}

# add FILE NAME: one more line for a list.
add() {
	if has "$1" "$2"; then
		echo "$2 is in control/$1 already."
		return
	fi
	echo "Putting $2 into control/$1..."
	new=$control/$1.config.$$
	{ lines "$control/$1" && echo "$2"; } > "$new" || fail "$control/$1"
	become "$control/$1"
}

[ $# -ge 1 ] || misuse "there is no name"
for name; do
	case $name in
	'' | .* | *. | *..* | -* | *[!A-Za-z0-9._-]*) misuse "not the name of a host: $name" ;;
	esac
done
[ -d "$control" ] || die "there is no directory $control: install first"

host=$1
case $host in
*.*.*) domain=${host#*.} ;;
*) domain=$host ;;
esac
top=${host##*.}
rest=${host%"$top"}
rest=${rest%.}
plus=${rest##*.}${rest:+.}$top

echo "Your fully qualified host name is $host."
put me "$host"
put defaultdomain "$domain"
put plusdomain "$plus"
for name; do add locals "$name"; done
for name; do add rcpthosts "$name"; done

echo "Now qmail will refuse to accept SMTP messages except to $(grep -v '^#' "$control/rcpthosts" | tr '\n' ' ' | sed 's/ *$//')."
echo "Make sure to change rcpthosts if you add hosts to locals or virtualdomains!"
