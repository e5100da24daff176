/* SPDX-License-Identifier: ISC */

#ifndef CHECKPASSWORD_REQUEST_H
#define CHECKPASSWORD_REQUEST_H

#include <stddef.h>

/* What comes in on descriptor 3: name NUL password NUL timestamp NUL, REQUEST_MAX bytes at most. */

enum { REQUEST_MAX = 512 };

typedef struct request
{
	char bytes[REQUEST_MAX + 1];
	size_t len;
	char const *name;       /* both within bytes */
	char const *password;
} request;

typedef enum
{
	REQUEST_OK,
	REQUEST_TOO_LONG,
	REQUEST_BAD,            /* not as above; the timestamp may be missing, and its NUL */
	REQUEST_NONE,           /* descriptor 3 is not open */
	REQUEST_ERROR,          /* errno */
} request_status;

/* request_parse: set name and password in r->bytes[0..r->len). */
extern request_status request_parse(request *r);

/* request_read: read it from fd up to the end of file, and parse it. */
extern request_status request_read(request *r, int fd);

/* request_wipe: forget all of it. */
extern void request_wipe(request *r);

#endif
