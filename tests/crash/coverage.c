/* SPDX-License-Identifier: ISC */

/* Linked into every program by tests/crash/coverage, which has clang call us once in each basic block.
 *
 * All processes that run a program map one file, and mark in it what they pass, as they pass it: those that are
 * killed, that end with _exit or that become another program have told as much as any. The file is
 * PROFILE/NAME.BLOCKS.SUM: so many offsets of blocks in the program, 8 bytes each, then a byte for each block. The
 * sum is over the offsets, since two programs may have one name. No memory is asked for: allocations are counted and
 * made to fail by others. */

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct block
{
	uintptr_t pc;
	uintptr_t flags;
} block;

extern char const __executable_start[];
extern void __sanitizer_cov_trace_pc_guard_init(uint32_t *start, uint32_t *stop);
extern void __sanitizer_cov_pcs_init(block const *start, block const *stop);
extern void __sanitizer_cov_trace_pc_guard(uint32_t const *guard);

static unsigned char *marks;

void __sanitizer_cov_trace_pc_guard_init(uint32_t *start, uint32_t *stop)
{
	uint32_t n = 0;

	for (; start < stop; start++)
		*start = n++;
}

static void name_file(char *s, size_t size, block const *b, size_t n)
{
	char self[1024];
	ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
	char const *base;
	uint64_t sum = 14695981039346656037u;
	size_t i;

	self[len < 0 ? 0 : len] = 0;
	base = strrchr(self, '/');
	for (i = 0; i < n; i++)
		sum = (sum ^ (b[i].pc - (uintptr_t)__executable_start)) * 1099511628211u;
	snprintf(s, size, "%s/%s.%zu.%016llx", PROFILE, base ? base + 1 : self, n, (unsigned long long)sum);
}

/* Whoever comes first makes it, for every user; all of them write the same offsets. */
void __sanitizer_cov_pcs_init(block const *start, block const *stop)
{
	size_t n = (size_t)(stop - start);
	size_t size = n * (sizeof *marks + sizeof (uint64_t));
	char name[1400];
	mode_t mask;
	uint64_t *offsets;
	size_t i;
	int fd;

	if (marks)
		return;
	name_file(name, sizeof name, start, n);
	mask = umask(0);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	umask(mask);
	if (fd < 0)
		return;
	offsets = ftruncate(fd, (off_t)size) < 0 ? MAP_FAILED : mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (offsets == MAP_FAILED)
		return;
	for (i = 0; i < n; i++)
		offsets[i] = start[i].pc - (uintptr_t)__executable_start;
	marks = (unsigned char *)(offsets + n);
}

void __sanitizer_cov_trace_pc_guard(uint32_t const *guard)
{
	if (marks)
		marks[*guard] = 1;
}
