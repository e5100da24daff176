/* SPDX-License-Identifier: ISC */

#ifndef UNIT_HOME_H
#define UNIT_HOME_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* For tests of what reads control files: a home of their own, with control/ and users/ in it, which is the current
 * directory while they run. Others may enter it. */

static char unit_home[] = "/tmp/unit.XXXXXX";

static inline int unit_home_make(void **state)
{
	(void)state;
	if (!mkdtemp(unit_home) || chmod(unit_home, 0755) < 0 || chdir(unit_home) < 0)
		return -1;
	return mkdir("control", 0755) < 0 || mkdir("users", 0755) < 0 ? -1 : 0;
}

static inline int unit_home_remove(char const *name, struct stat const *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(name);
}

static inline int unit_home_end(void **state)
{
	(void)state;
	return chdir("/") < 0 ? -1 : nftw(unit_home, unit_home_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static inline int unit_create(char const *file)
{
	int fd = open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	return fd;
}

static inline void unit_write_bytes(char const *file, char const *s, size_t n)
{
	int fd = unit_create(file);

	assert_int_equal(write(fd, s, n), (ssize_t)n);
	close(fd);
}

static inline void unit_write(char const *file, char const *text)
{
	unit_write_bytes(file, text, strlen(text));
}

/* unit_let_pass: a clock's tick and more; what is changed now has another time. */
static inline void unit_let_pass(void)
{
	struct timespec const pause = { .tv_nsec = 20000000 };

	nanosleep(&pause, 0);
}

#endif
