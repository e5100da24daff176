/* SPDX-License-Identifier: ISC */

/* Preloaded into one program under test. Which faults is said in the environment:
 *
 *   FAULTS_PROGRAM   the short name of the program meant; others, which inherit all this, are left alone
 *   FAULTS_ALLOC     n: the n-th allocation fails; n+: that and all behind it
 *   FAULTS_WRITE     n: the n-th write takes the first byte only, and says so; n+ likewise
 *   FAULTS_CLOSE     n: the n-th close does its work and says EIO; n+ likewise
 *   FAULTS_LINK      n: the n-th link does its work and says EIO; n+ likewise
 *   FAULTS_MARK      an existing file of five unsigned longs: whether a fault happened; how many allocations,
 *                    writes, closes and links there were. It is mapped before main, since a program may lock
 *                    itself out of all files later
 *
 * And sleep() is short: programs that wait out their trouble for seconds are tested for what comes after. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { PAUSE_NS = 20000000 };

typedef struct fault
{
	unsigned long at;       /* 0: none */
	int onwards;
} fault;

static fault allocations;
static fault writes;
static fault closes;
static fault links;

static unsigned long nowhere[5];
static unsigned long *mark = nowhere;           /* indexed by: */

enum { STRUCK, ALLOCATIONS, WRITES, CLOSES, LINKS };

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);

static void plan(fault *f, char const *name)
{
	char const *s = getenv(name);
	char *end;

	if (!s)
		return;
	f->at = strtoul(s, &end, 10);
	f->onwards = *end == '+';
}

__attribute__((constructor)) static void begin(void)
{
	char const *program = getenv("FAULTS_PROGRAM");
	char const *file = getenv("FAULTS_MARK");
	int fd;

	if (!program || strcmp(program, program_invocation_short_name) != 0)
		return;
	fd = file ? open(file, O_RDWR | O_CLOEXEC) : -1;
	if (fd >= 0) {
		void *p = mmap(0, sizeof nowhere, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

		if (p != MAP_FAILED)
			mark = p;
		close(fd);
	}
	plan(&writes, "FAULTS_WRITE");
	plan(&closes, "FAULTS_CLOSE");
	plan(&links, "FAULTS_LINK");
	plan(&allocations, "FAULTS_ALLOC");
}

/* The mark counts for the process and those it forks: what fails once fails in one of them. */
static int strikes(fault const *f, int which)
{
	unsigned long n = __atomic_add_fetch(&mark[which], 1, __ATOMIC_RELAXED);

	if (!f->at || n < f->at || (n > f->at && !f->onwards))
		return 0;
	mark[STRUCK] = 1;
	return 1;
}

void *malloc(size_t n)
{
	return strikes(&allocations, ALLOCATIONS) ? (errno = ENOMEM, NULL) : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	return strikes(&allocations, ALLOCATIONS) ? (errno = ENOMEM, NULL) : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	return strikes(&allocations, ALLOCATIONS) ? (errno = ENOMEM, NULL) : __libc_realloc(p, n);
}

ssize_t write(int fd, void const *s, size_t n)
{
	return syscall(SYS_write, fd, s, n > 1 && strikes(&writes, WRITES) ? 1 : n);
}

int close(int fd)
{
	int r = (int)syscall(SYS_close, fd);

	return strikes(&closes, CLOSES) ? (errno = EIO, -1) : r;
}

int link(char const *from, char const *to)
{
	int r = (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);

	return r == 0 && strikes(&links, LINKS) ? (errno = EIO, -1) : r;
}

unsigned int sleep(unsigned int seconds)
{
	struct timespec t = { .tv_sec = 0, .tv_nsec = PAUSE_NS };

	(void)seconds;
	nanosleep(&t, 0);
	return 0;
}
