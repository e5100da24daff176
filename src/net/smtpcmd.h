/* SPDX-License-Identifier: ISC */

#ifndef NET_SMTPCMD_H
#define NET_SMTPCMD_H

#include <stddef.h>
#include <stdint.h>

#include <skalibs/stralloc.h>

/* Command lines of SMTP and protocols like it, in pieces as they arrive. */

/* RFC 5321 asks for 512 bytes. The end of a line beyond this is thrown away as it comes. */
enum { SMTPCMD_MAX = 1 << 20 };

typedef enum
{
	SMTPCMD_MORE,           /* everything was taken, the line goes on */
	SMTPCMD_LINE,           /* a line is complete */
	SMTPCMD_TOO_LONG,       /* a line has ended that was over SMTPCMD_MAX; what it said is lost */
	SMTPCMD_NOMEM,
	SMTPCMD_GONE,           /* there is no more input (conn_command alone says so) */
} smtpcmd_status;

typedef struct smtpcmd
{
	stralloc line;          /* the line that is being read, or was read */
	int ended;              /* it was: the next byte starts another */
	int overlong;
	int has_nul;            /* there was a NUL in it, and what stood behind that is not in line */
} smtpcmd;
#define SMTPCMD_ZERO { .line = STRALLOC_ZERO, .ended = 0, .overlong = 0, .has_nul = 0 }

/* smtpcmd_feed: take bytes of s[0..n) up to the end of a line; *used tells how many. A line ends at LF; one
 * CR before it is not part of it, nor is anything behind a NUL. After SMTPCMD_LINE c->line holds it until
 * the next call. Memory stays within SMTPCMD_MAX and a bit, whatever comes. */
extern smtpcmd_status smtpcmd_feed(smtpcmd *c, char const *s, size_t n, size_t *used);

/* The two parts of a command, both within the line. */
typedef struct smtpcmd_parts
{
	char const *verb;
	size_t verblen;
	char const *arg;
	size_t arglen;
} smtpcmd_parts;

/* smtpcmd_split: the verb is what comes before the first space (maybe nothing), the argument what comes
 * behind that and any more spaces. */
extern void smtpcmd_split(smtpcmd_parts *p, char const *line, size_t n);

/* smtpcmd_verb: which of the n names the verb is, whatever its case; n when it is none. */
extern unsigned int smtpcmd_verb(smtpcmd_parts const *p, char const *const *names, unsigned int n);

/* smtpcmd_size: the number in the first SIZE parameter (RFC 1870) of s[0..n), what stands behind a path; 0 when
 * there is none, or no number in it, and UINT64_MAX for more than that. */
extern uint64_t smtpcmd_size(char const *s, size_t n);

#endif
