/* SPDX-License-Identifier: ISC */

#ifndef PROTO_CHECKPASSWORD_H
#define PROTO_CHECKPASSWORD_H

#include <stddef.h>

#include <skalibs/stralloc.h>

/* What a program of checkpassword's kind reads from descriptor 3, and how it answers.
 *
 * request  name NUL password NUL timestamp NUL, up to the end of file, CHECKPASSWORD_MAX bytes at most
 * answer   its exit code, or that of the program it has become
 *
 * The writer does not count: what is too long the program refuses. The reader does not miss a timestamp, nor
 * the NUL behind it. */

enum { CHECKPASSWORD_FD = 3, CHECKPASSWORD_MAX = 512 };

enum { CHECKPASSWORD_NO = 1, CHECKPASSWORD_MISUSE = 2, CHECKPASSWORD_TEMP = 111 };

/* checkpassword_put: *sa becomes the request. 1, or 0: no memory. None of it is left in memory elsewhere. */
extern int checkpassword_put(stralloc *sa, stralloc const *name, stralloc const *password, char const *timestamp);

typedef struct checkpassword_request
{
	char bytes[CHECKPASSWORD_MAX + 1];
	size_t len;
	char const *name;       /* both within bytes */
	char const *password;
} checkpassword_request;

typedef enum
{
	CHECKPASSWORD_OK,
	CHECKPASSWORD_TOO_LONG,
	CHECKPASSWORD_BAD,      /* not as above */
	CHECKPASSWORD_CLOSED,   /* the descriptor is not open */
	CHECKPASSWORD_ERROR,    /* errno */
} checkpassword_status;

/* checkpassword_parse: set name and password in r->bytes[0..r->len).
 * checkpassword_read: read r->bytes from fd up to the end of file, and parse them. */
extern checkpassword_status checkpassword_parse(checkpassword_request *r);
extern checkpassword_status checkpassword_read(checkpassword_request *r, int fd);

/* checkpassword_wipe: forget all of it. */
extern void checkpassword_wipe(checkpassword_request *r);

#endif
