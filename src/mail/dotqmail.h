/* SPDX-License-Identifier: ISC */

#ifndef MAIL_DOTQMAIL_H
#define MAIL_DOTQMAIL_H

#include <stddef.h>

/* Delivery instructions, one a line (dot-qmail(5)). */

enum
{
	DOTQMAIL_ADDRESS_MAX = 1002,    /* bytes of an address that qmail-queue takes */
	DOTQMAIL_FILE_MAX = 16 << 20,   /* a longer file is a mistake, not a list */
};

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

/* What the lines of one file mean together. Start with line 0. */
typedef struct dotqmail_run
{
	size_t line;            /* number of the present line */
	int forward_only;       /* from the file's x bit, and from +list on */
} dotqmail_run;

typedef enum
{
	DOTQMAIL_PASS,          /* nothing to do */
	DOTQMAIL_OBEY,
	/* the mail waits: */
	DOTQMAIL_NOTHING,       /* the first line is blank */
	DOTQMAIL_NO_FILE,       /* a file where only addresses are allowed */
	DOTQMAIL_NO_PROGRAM,
	DOTQMAIL_MISTAKE,       /* DOTQMAIL_BAD: d->arg says what */
} dotqmail_verdict;

/* dotqmail_judge: what to do with the next line, d. dotqmail_complaint: what a delivery is told of a verdict from
 * NOTHING to NO_PROGRAM. */
extern dotqmail_verdict dotqmail_judge(dotqmail_run *r, dotqmail const *d);
extern char const *dotqmail_complaint(dotqmail_verdict v);

/* dotqmail_ahead: a line that can only fail is found before the deliveries in front of it are done: they would
 * be done again at each try. How many lines on in s[0..n) the first bad one is, and *d; 0 if there is none
 * before a program, behind which nothing is certain: it may end the instructions. */
extern size_t dotqmail_ahead(dotqmail *d, char const *s, size_t n);

#endif
