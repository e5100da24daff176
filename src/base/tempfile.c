/* SPDX-License-Identifier: ISC */

#include "base/tempfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MODE = 0600 };

#define NAME "/spool.XXXXXX"

/* For file systems that know no files without a name: it has one for a moment. */
static int open_and_unlink(char const *place)
{
	char name[32];
	size_t n = strlen(place);
	int fd;

	memcpy(name, place, n);
	memcpy(name + n, NAME, sizeof NAME);
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0 || unlink(name) == 0)
		return fd;
	close(fd);
	return -1;
}

int tempfile_open(void)
{
	static char const *const places[] = { "/var/tmp", "/tmp" };
	size_t i;
	int fd = -1;

	for (i = 0; i < sizeof places / sizeof places[0] && fd < 0; i++) {
		fd = open(places[i], O_RDWR | O_TMPFILE | O_CLOEXEC, MODE);
		if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
			fd = open_and_unlink(places[i]);
	}
	return fd;
}
