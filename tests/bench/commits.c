/* SPDX-License-Identifier: ISC */

/* commits FOLDER [SECONDS]: how many messages a second a disk makes durable for writers at once, with nothing else
 * done: the files and the flushes of qmail-queue (src/queue/commit.c), those of a Maildir, and a single flush. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/sync.h"

enum { TEXT = 4096, ENVELOPE = 100 };

static char const *folder;
static double span = 2;

typedef void message(int writer, unsigned long count);

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(char const *what)
{
	perror(what);
	_exit(111);
}

static int make(char const *name, size_t n)
{
	static char const text[TEXT];
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd == -1 || write(fd, text, n) != (ssize_t)n)
		die(name);
	return fd;
}

static void flush(int fd)
{
	if (!sync_file(fd))
		die("flush");
}

static void flush_dir(char const *name)
{
	int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1)
		die(name);
	flush(fd);
	close(fd);
}

static void name_it(char *s, char const *dir, int writer, unsigned long count)
{
	(void)snprintf(s, 64, "%s/%d.%lu", dir, writer, count);
}

static void queued(int writer, unsigned long count)
{
	char mess[64], intd[64], todo[64];

	name_it(mess, "mess", writer, count);
	name_it(intd, "intd", writer, count);
	name_it(todo, "todo", writer, count);
	int m = make(mess, TEXT), e = make(intd, ENVELOPE);
	sync_start(m);
	sync_start(e);
	flush(m);
	flush(e);
	flush_dir("mess");
	if (link(intd, todo) == -1)
		die(todo);
	flush_dir("todo");
	close(m);
	close(e);
}

static void delivered(int writer, unsigned long count)
{
	char from[64], to[64];

	name_it(from, "tmp", writer, count);
	name_it(to, "new", writer, count);
	int fd = make(from, TEXT);
	flush(fd);
	if (rename(from, to) == -1)
		die(to);
	flush_dir("new");
	close(fd);
}

static void flushed(int writer, unsigned long count)
{
	char name[64];

	name_it(name, "one", writer, count);
	int fd = make(name, TEXT);
	flush(fd);
	close(fd);
}

static double measure(message *m, int writers)
{
	unsigned long *counts = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), sum = 0;
	static int run;
	int first = ++run * 1000;

	if (counts == MAP_FAILED)
		die("memory");
	double began = now();
	for (int w = 0; w < writers; w++)
		if (!fork()) {
			while (now() < began + span)
				m(first + w, counts[w]++);
			_exit(0);
		}
	while (wait(0) > 0)
		;
	for (int w = 0; w < writers; w++)
		sum += counts[w];
	double rate = (double)sum / (now() - began);
	munmap(counts, 4096);
	return rate;
}

int main(int argc, char **argv)
{
	static struct { char const *name; message *run; } const kinds[] = {
		{ "queued as qmail-queue does", queued }, { "filed in a Maildir", delivered }, { "one file, one flush", flushed },
	};
	static char const *const dirs[] = { "mess", "intd", "todo", "tmp", "new", "one" };

	if (argc < 2) {
		(void)fputs("usage: commits FOLDER [SECONDS]\n", stderr);
		return 100;
	}
	folder = argv[1];
	span = argc > 2 ? atof(argv[2]) : span;
	if (chdir(folder) == -1)
		die(folder);
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
		if (mkdir(dirs[i], 0700) == -1)
			die(dirs[i]);
	(void)printf("%-32s %8s %8s %8s %8s\n", "a second, writers at once", "1", "4", "16", "32");
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		(void)printf("%-32s", kinds[i].name);
		for (int writers = 1; writers <= 32; writers = writers == 16 ? 32 : writers * 4) {
			(void)fflush(stdout);
			(void)printf(" %8.0f", measure(kinds[i].run, writers));
		}
		(void)printf("\n");
	}
	return 0;
}
