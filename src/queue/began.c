/* SPDX-License-Identifier: ISC */

#include "queue/began.h"

#include <poll.h>                  /* and __GLIBC__, where it is that */

#ifdef __GLIBC__

int began_without(int fd)
{
	(void)fd;
	return 0;
}

#else

enum { STANDARD = 3 };

static unsigned int missing;

typedef int entry_point(int, char **, char **);

extern int __real___libc_start_main(entry_point *, int, char **, void (*)(void), void (*)(void), void (*)(void));
extern int __wrap___libc_start_main(entry_point *, int, char **, void (*)(void), void (*)(void), void (*)(void));

/* What the linker puts before musl's own start. There is no errno yet and nothing that guards the stack; poll is
 * the one call that tells of a closed descriptor and does not fail for it. */
__attribute__((optimize("no-stack-protector"))) int __wrap___libc_start_main(entry_point *start, int argc,
	char **argv, void (*before)(void), void (*after)(void), void (*loader)(void))
{
	struct pollfd fds[STANDARD] = { { .fd = 0 }, { .fd = 1 }, { .fd = 2 } };
	unsigned int i;

	if (poll(fds, STANDARD, 0) > 0)
		for (i = 0; i < STANDARD; i++)
			if (fds[i].revents & POLLNVAL)
				missing |= 1U << i;
	return __real___libc_start_main(start, argc, argv, before, after, loader);
}

int began_without(int fd)
{
	return (missing >> fd & 1U) != 0;
}

#endif
