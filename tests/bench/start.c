/* SPDX-License-Identifier: ISC */

/* What it takes to start each of the programs that are started for a message, a session or a delivery, and to let it
 * end with next to nothing done: microseconds from before vfork to behind waitpid, median and the best tenth.
 *
 *     for c in dynamic static musl; do make LIBC=$c QMAIL=/tmp/start-$c B=.build/start setup; done
 *     make B=.build/start .build/start/bench/start
 *     .build/start/bench/start [-n RUNS] /tmp/start-dynamic /tmp/start-static /tmp/start-musl
 *
 * Each HOME is a column, and the homes take turns. Needs root. Without control/me one is made in each home; nothing
 * else is left behind. */

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/strerr.h>

enum { RUNS = 300, RUNS_MAX = 100000, HOMES_MAX = 8, ARGS_MAX = 12, NOBODY = 65534, FILE_MAX = 4096 };

char const *PROG = "start";

typedef struct program
{
	char const *args[ARGS_MAX];     /* the first is the name */
	char const *input;
	int envelope;                   /* descriptor 1 is read, and empty */
	int as_nobody;
} program;

static program const programs[] = {
	{ { "qmail-smtpd" }, "QUIT\r\n", 0, 0 },
	{ { "qmail-queue" }, "", 1, 0 },
	{ { "qmail-local", "-n", "nobody", "/", "nobody", "", "", "x.example", "", "./Maildir/" }, "", 0, 1 },
	{ { "qmail-remote", "[127.0.0.1]", "", "a@[127.0.0.1]" }, "", 0, 0 },
	{ { "qmail-clean" }, "", 0, 0 },
	{ { "qmail-inject", "-n" }, "To: a@x.example\n\n", 0, 0 },
	{ { "qmail-getpw", "nobody" }, "", 0, 0 },
	{ { "qmail-lspawn", "./Mailbox" }, "", 0, 0 },
	{ { "qmail-rspawn" }, "", 0, 0 },
};

static char *const environment[] = { (char *)(uintptr_t)"PATH=/usr/bin:/bin", (char *)(uintptr_t)"TCPREMOTEIP=127.0.0.1", 0 };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_size(void const *a, void const *b)
{
	double x = *(double const *)a;
	double y = *(double const *)b;

	return (x > y) - (x < y);
}

static int file_with(char const *text)
{
	int fd = memfd_create("input", MFD_CLOEXEC);
	size_t n = strlen(text);

	if (fd < 0 || write(fd, text, n) != (ssize_t)n)
		strerr_diefusys(111, "make a file in memory");
	return fd;
}

static __attribute__((noreturn)) void become(program const *p, char const *file, int in, int out)
{
	if (dup2(in, 0) < 0 || dup2(p->envelope ? in : out, 1) < 0 || dup2(out, 2) < 0)
		_exit(127);
	if (p->as_nobody && (setgid(NOBODY) < 0 || setuid(NOBODY) < 0))
		_exit(127);
	execve(file, (char *const *)(uintptr_t)p->args, environment);
	_exit(127);
}

static double once(program const *p, char const *file, int in, int out)
{
	double start;
	pid_t pid;
	int status;

	if (lseek(in, 0, SEEK_SET) < 0)
		strerr_diefusys(111, "rewind");
	start = now();
	pid = vfork();
	if (pid < 0)
		strerr_diefusys(111, "start a process");
	if (pid == 0)
		become(p, file, in, out);
	if (waitpid(pid, &status, 0) != pid || (WIFEXITED(status) && WEXITSTATUS(status) == 127))
		strerr_dief(111, "unable to run ", file);
	return now() - start;
}

static void name_host(char const *home)
{
	char file[FILE_MAX];
	int fd;

	if (snprintf(file, sizeof file, "%s/control/me", home) >= (int)sizeof file)
		strerr_dief(111, "the name is too long: ", home);
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL, 0644);
	if (fd < 0 && errno == EEXIST)
		return;
	if (fd < 0 || write(fd, "x.example\n", 10) != 10)
		strerr_diefusys(111, "write ", file);
	close(fd);
}

static void measure(program const *p, char const *const *homes, size_t nhomes, size_t runs)
{
	static double *taken[HOMES_MAX];
	char file[HOMES_MAX][FILE_MAX];
	int in = file_with(p->input);
	int out = open("/dev/null", O_RDWR | O_CLOEXEC);
	size_t i;
	size_t h;

	if (out < 0)
		strerr_diefusys(111, "open /dev/null");
	for (h = 0; h < nhomes; h++) {
		taken[h] = realloc(taken[h], runs * sizeof *taken[h]);
		if (!taken[h] || snprintf(file[h], FILE_MAX, "%s/bin/%s", homes[h], p->args[0]) >= FILE_MAX)
			strerr_dief(111, "out of memory");
	}
	for (i = 0; i < runs; i++)
		for (h = 0; h < nhomes; h++)
			taken[h][i] = once(p, file[h], in, out);
	dprintf(1, "%-14s", p->args[0]);
	for (h = 0; h < nhomes; h++) {
		qsort(taken[h], runs, sizeof *taken[h], by_size);
		dprintf(1, "  %10.0f (%5.0f)", taken[h][runs / 2], taken[h][runs / 10]);
	}
	dprintf(1, "\n");
	close(in);
	close(out);
}

int main(int argc, char const *const *argv)
{
	long runs = RUNS;
	size_t n;
	size_t i;

	if (argc > 2 && strcmp(argv[1], "-n") == 0) {
		runs = strtol(argv[2], 0, 10);
		argv += 2;
		argc -= 2;
	}
	n = (size_t)argc - 1;
	if (argc < 2 || n > HOMES_MAX || runs < 1 || runs > RUNS_MAX)
		strerr_dieusage(100, "start [-n RUNS] HOME...");
	dprintf(1, "%-14s", "us a start");
	for (i = 1; i <= n; i++) {
		char const *name = n > 1 ? argv[i] : "median (a tenth)";

		name_host(argv[i]);
		dprintf(1, "  %18.18s", strlen(name) > 18 ? name + strlen(name) - 18 : name);
	}
	dprintf(1, "\n");
	for (i = 0; i < sizeof programs / sizeof programs[0]; i++)
		measure(programs + i, argv + 1, n, (size_t)runs);
	return 0;
}
