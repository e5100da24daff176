/* SPDX-License-Identifier: ISC */

#include "layout.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <skalibs/types.h>

#include "base/conf.h"

/* One more than the highest number among the names in a folder of the queue in the current directory. 0 when
 * there is none; -1 with errno. */
static long highest(char const *folder)
{
	DIR *d = opendir(folder);
	struct dirent *entry;
	long top = 0;

	if (!d)
		return errno == ENOENT ? 0 : -1;
	while ((errno = 0, entry = readdir(d))) {
		uint64_t n;

		if (qpath_scan(entry->d_name, &n) && n < 1000000 && (long)n >= top)
			top = (long)n + 1;
	}
	if (errno)
		top = -1;
	closedir(d);
	return top;
}

static layout_status detect_here(qpath_layout *l, unsigned int *missing)
{
	long mess = highest("mess");
	long info = highest("info");
	int whole;

	if (mess < 0 || info < 0)
		return LAYOUT_ERROR;
	l->split = conf_split;
	l->big_todo = 0;
	if (mess == 0)
		return LAYOUT_NEW;
	whole = qpath_detect(l);
	if (whole && mess == (long)l->split)
		return LAYOUT_FOUND;
	*missing = whole ? l->split : 0;
	if (mess != info)
		return LAYOUT_GAP;
	/* two witnesses say the same: setup puts the missing one back */
	l->split = (unsigned int)mess;
	return LAYOUT_FOUND;
}

layout_status layout_detect(qpath_layout *l, int home, unsigned int *missing)
{
	layout_status status = LAYOUT_ERROR;
	int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int queue = openat(home, "queue", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int e;

	if (queue < 0 && errno == ENOENT) {
		l->split = conf_split;
		l->big_todo = 0;
		status = LAYOUT_NEW;
	} else if (here >= 0 && queue >= 0 && fchdir(queue) == 0) {
		status = detect_here(l, missing);
		e = errno;
		if (fchdir(here) < 0)
			return LAYOUT_ERROR;
		errno = e;
	}
	e = errno;
	if (queue >= 0)
		close(queue);
	if (here >= 0)
		close(here);
	errno = e;
	return status;
}
