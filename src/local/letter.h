/* SPDX-License-Identifier: ISC */

#ifndef LOCAL_LETTER_H
#define LOCAL_LETTER_H

#include <stddef.h>
#include <stdint.h>

#include "mail/fromline.h"

/* What a delivery writes: lines of ours and the message, in blocks that fill whole pages of the file and without
 * being copied on the way (reading and writing so costs no more than letting the kernel copy from file to file). */

enum { LETTER_BLOCK = 65536 };

typedef struct letter
{
	int fd;
	size_t n;               /* bytes in s that have not been written */
	uint64_t size;          /* bytes that have */
	char s[LETTER_BLOCK + FROMLINE_ROOM(LETTER_BLOCK) + 1];
} letter;

typedef enum { LETTER_WRITTEN, LETTER_UNREADABLE, LETTER_UNWRITABLE } letter_status;

/* letter_start: the letter goes to fd. letter_put: a piece of it. letter_flush: all that waits is written.
 * Both 1, or 0 with errno. */
extern void letter_start(letter *l, int fd);
extern int letter_put(letter *l, char const *s, size_t n);
extern int letter_flush(letter *l);

/* letter_copy: the message, from where it is being read to its end, as it is. letter_quote: as an mbox has it, with a
 * line end behind the last line and an empty line behind that. Everything is written then; if not, errno says why. */
extern letter_status letter_copy(letter *l);
extern letter_status letter_quote(letter *l);

#endif
