/* SPDX-License-Identifier: ISC */

#include "base/notes.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <skalibs/strerr.h>

void notes_add(stralloc *notes, char const *file, char const *what, char const *cure)
{
	size_t len = notes->len;

	if (!stralloc_cats(notes, file) || !stralloc_cats(notes, ": ") || !stralloc_cats(notes, what)
	 || !stralloc_cats(notes, "; ") || !stralloc_cats(notes, cure) || !stralloc_cats(notes, "\n"))
		notes->len = len;
}

int notes_unreadable(stralloc *notes, char const *file)
{
	notes_add(notes, file, strerror(errno), "mail waits at its senders until user qmaild can read it");
	return 0;
}

static int is_socket(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

int notes_wanted(void)
{
	return is_socket(0) && !is_socket(2);
}

void notes_log(stralloc *notes)
{
	size_t i = 0;
	int wanted = notes->len > 0 && notes_wanted();

	while (wanted && i < notes->len) {
		char *line = notes->s + i;
		size_t n = (size_t)((char *)memchr(line, '\n', notes->len - i) - line);

		line[n] = 0;
		strerr_warnw(line);
		i += n + 1;
	}
	notes->len = 0;
}
