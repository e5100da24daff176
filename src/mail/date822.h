/* SPDX-License-Identifier: ISC */

#ifndef MAIL_DATE822_H
#define MAIL_DATE822_H

#include <stddef.h>
#include <stdint.h>

/* Dates in UTC unless said otherwise, from seconds since 1970. Total functions: any 64-bit time gives text, up to the end of
 * the year 9999, where the clock is held. Nothing is NUL-terminated. */

enum { DATE822_FMT = 32, DATE_CTIME_FMT = 25, DATE_STAMP_FMT = 14 };

/* date822_fmt: "22 Nov 2026 02:00:54 -0000" (RFC 5322 3.3, no week day, day not padded), no line end.
 * Writes at most DATE822_FMT bytes to s, returns how many. */
extern size_t date822_fmt(char *s, int64_t t);

/* date822_zone_fmt: the same in a zone that is so many minutes east of Greenwich: "22 Nov 2026 03:00:54 +0100". */
extern size_t date822_zone_fmt(char *s, int64_t t, int east);

/* date_ctime_fmt: "Sun Nov 22 02:00:54 2026", as in an mbox From_ line; the day padded with a zero.
 * Writes at most DATE_CTIME_FMT bytes, returns how many. */
extern size_t date_ctime_fmt(char *s, int64_t t);

/* date_stamp_fmt: "20261122020054". Writes DATE_STAMP_FMT bytes, returns how many. */
extern size_t date_stamp_fmt(char *s, int64_t t);

#endif
