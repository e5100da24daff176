/* SPDX-License-Identifier: ISC */

/* What clock.py preloads: the clock on the wall goes wrong by the seconds in the file that CLOCK names, or stands
 * still at the second number there. Other clocks, and the times of files, are the kernel's. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { WRONG_BY, STANDS_AT, NUMBERS };

static int64_t const volatile *set;
static int (*real)(clockid_t, struct timespec *);

__attribute__((constructor)) static void start(void)
{
	char const *name = getenv("CLOCK");
	int fd = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
	void *m = fd < 0 ? MAP_FAILED : mmap(0, NUMBERS * sizeof *set, PROT_READ, MAP_SHARED, fd, 0);

	set = m == MAP_FAILED ? 0 : m;
	if (fd >= 0)
		close(fd);
	*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
	int r = real(id, ts);

	if (r == 0 && set && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
		ts->tv_sec += set[WRONG_BY];
		if (set[STANDS_AT])
			*ts = (struct timespec){ .tv_sec = set[STANDS_AT] };
	}
	return r;
}

time_t time(time_t *t)
{
	struct timespec ts = { 0 };

	clock_gettime(CLOCK_REALTIME, &ts);
	if (t)
		*t = ts.tv_sec;
	return ts.tv_sec;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec ts = { 0 };

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &ts);
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;
	return 0;
}
