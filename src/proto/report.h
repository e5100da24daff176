/* SPDX-License-Identifier: ISC */

#ifndef PROTO_REPORT_H
#define PROTO_REPORT_H

#include <stddef.h>

#include <skalibs/stralloc.h>

/* What a delivery program printed and how it ended, turned into the spawner's report (proto/spawn.h).
 *
 * qmail-local and the child of qmail-lspawn that becomes it speak through the exit code; their output is
 * the text. qmail-remote always exits 0 and prints NUL-terminated reports, the letter first:
 *
 *     r h s      this recipient was accepted, refused for good, refused for now
 *     K Z D      the message: accepted, try again, give up
 *
 * Text that some library or wrapper prints in front is part of the first report. It is shown whole, unless it
 * starts with one of these letters: then the letter counts. */

/* Exit codes of the child of qmail-lspawn, and of qmail-getpw (115, 116, 118), that mean trouble of our
 * own. Any program that a user runs may end with one of them as well. */
enum
{
	REPORT_BUG = 112,
	REPORT_ROOT = 113,
	REPORT_NFS = 115,
	REPORT_NOALIAS = 116,
	REPORT_CDB = 117,
	REPORT_TEMP = 118,
	REPORT_NOMEM = 119,
	REPORT_EXEC_TEMP = 120,
	REPORT_EXEC_GETPW = 121,
	REPORT_EXEC_PERM = 126,
};

enum
{
	REPORT_LOCAL_MAX = 3000,        /* longer output of a local delivery is cut, with a note */
	REPORT_REMOTE_MAX = 65536,      /* bytes kept of each of the two texts of qmail-remote */
};

/* The output of one delivery as it comes in. Memory is bounded; when there is none to be had, text is
 * lost, never the result. */
typedef struct report
{
	stralloc text;          /* local: the output. remote: the first report, without its letter */
	stralloc more;          /* remote: the second report, without its letter */
	size_t seen;            /* bytes of output, not counted beyond REPORT_LOCAL_MAX + 1 */
	int part;               /* remote: 0 in the first report, 1 in the second, 2 behind it */
	char first;             /* remote: the very first byte */
	int stray;              /* remote: it is no letter of a report, but text of something else */
	char second;            /* remote: the letter of the second report */
	char letter;            /* remote: the letter of the report being read */
	int at_letter;          /* remote: the next byte starts a report */
	char result;            /* remote: the first of K, Z, D that began a complete report */
} report;
#define REPORT_ZERO { .text = STRALLOC_ZERO, .more = STRALLOC_ZERO, .seen = 0, .part = 0, .first = 0, .stray = 0, .second = 0, .letter = 0, .at_letter = 1, .result = 0 }

/* report_local_feed, report_remote_feed: more output. */
extern void report_local_feed(report *r, char const *s, size_t n);
extern void report_remote_feed(report *r, char const *s, size_t n);

/* report_local_put, report_remote_put: the output is complete and the child ended with status (as of
 * waitpid): append delivery number's report to *out. 0 when out of memory (*out as before). */
extern int report_local_put(report const *r, int status, unsigned int number, stralloc *out);
extern int report_remote_put(report const *r, int status, unsigned int number, stralloc *out);

/* report_reset: ready for the next delivery, memory given back. */
extern void report_reset(report *r);

#endif
