/* SPDX-License-Identifier: ISC */

#ifndef MAIL_MESSAGEID_H
#define MAIL_MESSAGEID_H

#include <stddef.h>
#include <stdint.h>

#include <skalibs/stralloc.h>

/* messageid_cat: append <yyyymmddhhmmss.number.qmail@host> to *sa, the time in UTC. The number is the process id
 * followed by nine digits of nanoseconds: two machines or containers of one name hardly agree on them, and one
 * process may make several. A line break in the host becomes a blank, so that it stays one field; nothing else
 * is checked. 0: no memory. */
extern int messageid_cat(stralloc *sa, int64_t t, long nanoseconds, unsigned long pid, char const *host, size_t n);

#endif
