#!/bin/sh
# SPDX-License-Identifier: ISC
# mailsubj(1): send standard input with a subject.

if [ $# -eq 0 ]; then
	echo 'mailsubj: usage: mailsubj subject [ recipient ... ]' >&2
	exit 100
fi

# A line break would let the subject write the rest of the header.
oneline() { printf '%s' "$*" | tr '\n\r' '  '; }

subject=$(oneline "$1")
shift
recipients=$(oneline "$@")
{
	printf 'Subject: %s\nTo:%s\n\n' "$subject" "${recipients:+ $recipients}"
	cat
} | "@QMAIL@/bin/qmail-inject"
