/* SPDX-License-Identifier: ISC */

#ifndef POPPASSWD_PASSWORD_H
#define POPPASSWD_PASSWORD_H

#include <stddef.h>

/* With a name of the longest kind it still fits into what qmail-checkpassword reads. */
enum { PASSWORD_MAX = 255 };

typedef struct password
{
	char text[PASSWORD_MAX + 2];
	size_t len;
} password;

typedef enum
{
	PASSWORD_OK,
	PASSWORD_EMPTY,
	PASSWORD_TOO_LONG,
	PASSWORD_NUL,
	PASSWORD_ERROR,         /* errno */
} password_status;

/* password_check: end the text, of which p->len bytes were read, at its newline, if there is one. */
extern password_status password_check(password *p);

/* password_read: the first line from fd; what is typed at a terminal is not shown. */
extern password_status password_read(password *p, int fd);

/* password_hash: a hash of it, by the method the system takes for new passwords, to be freed; null with errno. */
extern char *password_hash(password const *p);

#endif
