/* SPDX-License-Identifier: ISC */

#include "request.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "base/text.h"

enum { MESS_MAX = 100 };                /* bytes of a message's name, NUL included */

char const *request_refusal(spawn_request const *r, size_t *at)
{
	size_t n = r->recipient.len - 1;
	size_t i;

	for (i = 0; i + 1 < r->mess.len; i++) {
		char c = r->mess.s[i];

		if ((c < '0' || c > '9') && (c != '/' || i == 0))
			return "DInternal error: messid has nonnumerics. (#5.3.5)\n";
	}
	if (r->mess.len > MESS_MAX)
		return "DInternal error: messid too long. (#5.3.5)\n";
	if (r->mess.len <= 1)
		return "DInternal error: messid too short. (#5.3.5)\n";
	*at = text_rchr(r->recipient.s, n, '@');
	if (*at == n)
		return "DSorry, address must include host name. (#5.1.3)\n";
	return 0;
}

int request_open(char const *mess, uid_t owner, char const **refusal)
{
	/* Non-blocking, so that a FIFO by that name cannot hold us. */
	int fd = open(mess, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return *refusal = "Zqmail-spawn unable to open message. (#4.3.0)\n", -1;
	if (fstat(fd, &st) < 0)
		*refusal = "Zqmail-spawn unable to fstat message. (#4.3.0)\n";
	else if (!S_ISREG(st.st_mode))
		*refusal = "ZSorry, message has wrong type. (#4.3.5)\n";
	else if (st.st_uid != owner)
		*refusal = "ZSorry, message has wrong owner. (#4.3.5)\n";
	else if (ndelay_off(fd) < 0)
		*refusal = "Zqmail-spawn unable to open message. (#4.3.0)\n";
	else
		return fd;
	close(fd);
	return -1;
}
