/* SPDX-License-Identifier: ISC */

#ifndef NET_SMTPREPLY_H
#define NET_SMTPREPLY_H

#include <stddef.h>

/* One reply of an SMTP server, as its client reads it.
 *
 * A line whose fourth byte is - is followed by another. Only the first line's code counts, as qmail has it.
 * Lines end with LF; CR is dropped wherever it stands. */
enum
{
	SMTPREPLY_TEXT_MAX = 5000,              /* bytes kept for the report */
	SMTPREPLY_MAX = 16 * 1024 * 1024,       /* bytes read before we call it none */
	SMTPREPLY_NONE = 451,                   /* code of a line that starts with no code: for now, no answer */
};

typedef enum
{
	SMTPREPLY_MORE,
	SMTPREPLY_DONE,
	SMTPREPLY_TOOLONG,      /* no end within SMTPREPLY_MAX bytes: give the connection up */
} smtpreply_status;

typedef struct smtpreply
{
	char text[SMTPREPLY_TEXT_MAX];  /* lines, LF at the end of each (unless cut) */
	size_t len;
	unsigned int code;              /* 0 to 999 */
	int several;                    /* there is more than one line */
	size_t seen;
	unsigned int column;            /* of the next byte, at most 4; 4 is anywhere behind the code */
	int first;
	int number;
	int continued;
} smtpreply;

/* smtpreply_start: make *r ready for the next reply. */
extern void smtpreply_start(smtpreply *r);

/* smtpreply_feed: take bytes from s[*pos..n), move *pos past what belongs to this reply. Pure; no
 * allocation. After DONE or TOOLONG call smtpreply_start. */
extern smtpreply_status smtpreply_feed(smtpreply *r, char const *s, size_t n, size_t *pos);

#endif
