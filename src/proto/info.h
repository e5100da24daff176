/* SPDX-License-Identifier: ISC */

#ifndef PROTO_INFO_H
#define PROTO_INFO_H

#include <stddef.h>

#include <skalibs/stralloc.h>

#include "proto/record.h"

/* info/N: the envelope sender of a preprocessed message, as it was queued (VERP marks unexpanded).
 *
 *   F sender NUL
 *
 * Its modification time is the birth of the message. Bytes behind the NUL are not looked at. A reader
 * needs no more than the first INFO_MAX bytes of the file. */

enum { INFO_MAX = RECORD_MAX + 1 };

typedef enum info_status
{
	INFO_OK,
	INFO_CUT,       /* ends before the NUL: incomplete, good for nothing but being shown */
	INFO_BAD,       /* does not start with F */
} info_status;

/* info_put: append the record to *sa: as record_put. */
extern int info_put(stralloc *sa, char const *sender, size_t n);

/* info_scan: look at the start of a file. Sets *sender and *len, into s, unless INFO_BAD; with INFO_OK
 * *sender is NUL-terminated. */
extern info_status info_scan(char const *s, size_t n, char const **sender, size_t *len);

#endif
