/* SPDX-License-Identifier: ISC */

#ifndef MAIL_DOTQMAIL_H
#define MAIL_DOTQMAIL_H

#include <stddef.h>

/* Delivery instructions, one a line (dot-qmail(5)). */

enum { DOTQMAIL_ADDRESS_MAX = 1002 };   /* bytes of an address that qmail-queue takes */

typedef enum
{
	DOTQMAIL_BLANK,         /* nothing; an error in the first line, which only the caller knows */
	DOTQMAIL_COMMENT,
	DOTQMAIL_MBOX,          /* arg: file name, starts with . or / */
	DOTQMAIL_MAILDIR,       /* arg: directory name, ends with / */
	DOTQMAIL_PROGRAM,       /* arg: shell text, may be empty */
	DOTQMAIL_FORWARD,       /* arg: address, taken as it stands, may be empty */
	DOTQMAIL_LIST,          /* from here on only forwards are allowed */
	DOTQMAIL_OTHER,         /* a + word with no meaning here: passed over */
	DOTQMAIL_BAD,           /* arg: what is wrong with the line and how to mend it, in words */
} dotqmail_kind;

typedef struct dotqmail
{
	dotqmail_kind kind;
	char const *arg;
	size_t len;
} dotqmail;

/* dotqmail_next: split the first delivery instruction off a .qmail file.
 *
 * Looks at s[0..n), sets *d, and returns how many bytes the line took, newline included; 0 only if n is 0.
 * The last line may lack its newline. d->arg points into s: it lives as long as the caller's buffer and
 * is not NUL-terminated (for DOTQMAIL_BAD it is a constant text, terminated). It never holds a NUL, but
 * for that of a comment: a line with one is bad.
 * A line that breaks dot-qmail(5) gives DOTQMAIL_BAD; the caller must defer (111), not bounce.
 * Trailing spaces and tabs are dropped. No allocation, no errno. */
extern size_t dotqmail_next(dotqmail *d, char const *s, size_t n);

#endif
