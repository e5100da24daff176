#!/bin/sh
# SPDX-License-Identifier: ISC
# datemail(1): sendmail with a Date field in local time.

exec "@QMAIL@/bin/predate" "@QMAIL@/bin/sendmail" "$@"
