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

static void print(stralloc *notes)
{
	size_t i = 0;

	while (i < notes->len) {
		char *line = notes->s + i;
		size_t n = (size_t)((char *)memchr(line, '\n', notes->len - i) - line);

		line[n] = 0;
		strerr_warnw(line);
		i += n + 1;
	}
}

/* The type of a descriptor, as in st_mode; 0 when it is closed. */
static mode_t type_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_mode & S_IFMT : 0;
}

int notes_wanted(void)
{
	return type_of(0) == S_IFSOCK && type_of(2) != S_IFSOCK;
}

void notes_log(stralloc *notes)
{
	if (notes->len > 0 && notes_wanted())
		print(notes);
	notes->len = 0;
}

void notes_tell(stralloc *notes)
{
	if (notes->len > 0 && type_of(2) != S_IFIFO)
		print(notes);
	notes->len = 0;
}
