/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/running.h"

static char const file[] = "running_test.lock";

static int found(pid_t pid, struct stat const *st, unsigned int *holders)
{
	running r;
	int seen = 0;

	*holders = 0;
	assert_true(running_start(&r));
	while (running_next(&r)) {
		seen |= r.pid == pid;
		*holders += (unsigned int)(running_locks(&r, st) && r.pid == pid);
		if (running_locks(&r, st))
			assert_int_equal(r.pid, pid);
	}
	running_end(&r);
	return seen;
}

static void locks(void **state)
{
	struct stat st;
	unsigned int holders;
	int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	(void)state;
	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	assert_true(found(getpid(), &st, &holders));
	assert_int_equal(holders, 0);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	assert_true(found(getpid(), &st, &holders));
	assert_int_equal(holders, 1);
	assert_int_equal(flock(fd, LOCK_UN), 0);
	assert_true(found(getpid(), &st, &holders));
	assert_int_equal(holders, 0);
	close(fd);
	unlink(file);
}

static void none_is_that_program(void **state)
{
	running r;

	(void)state;
	assert_true(running_start(&r));
	while (running_next(&r))
		assert_false(running_is(&r, "/bin/no-such-program"));
	running_end(&r);
}

typedef struct since_row
{
	char const *name;
	char const *stat;
	int ok;
	uint64_t ticks;
} since_row;

#define TO_21 " S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18"

static void since(void **state)
{
	static since_row const rows[] =
	{
		{ "a name", "7 (qmail-send)" TO_21 " 4711 23 24\n", 1, 4711 },
		{ "a name with everything", "7 (a) R 9 ( )b)" TO_21 " 4711 23\n", 1, 4711 },
		{ "8-bit", "7 (\xff)" TO_21 " 18446744073709551615 23\n", 1, UINT64_MAX },
		{ "the last field", "7 (x)" TO_21 " 0", 1, 0 },
		{ "one too few", "7 (x)" TO_21, 0, 0 },
		{ "not a number", "7 (x)" TO_21 " x", 0, 0 },
		{ "no name", "7 x" TO_21 " 4711", 0, 0 },
		{ "nothing", "", 0, 0 },
	};
	since_row const *c;

	(void)state;
	UNIT_EACH(c, rows) {
		uint64_t ticks = 0;

		if (running_since_parse(c->stat, &ticks) != c->ok || ticks != c->ticks)
			fail_msg("%s", c->name);
	}
}

static void since_cut(void **state)
{
	static char const whole[] = "7 (x)" TO_21 " 4711 23\n";
	char text[sizeof whole];
	size_t n;

	(void)state;
	for (n = 0; n < sizeof whole; n++) {
		uint64_t ticks = 0;

		memcpy(text, whole, n);
		text[n] = 0;
		assert_int_equal(running_since_parse(text, &ticks), n > strlen("7 (x)" TO_21 " "));
	}
}

/* We began before now, and not before the machine did. */
static void since_ours(void **state)
{
	struct timespec now;
	running r;
	int64_t began = -1;

	(void)state;
	assert_true(running_start(&r));
	while (running_next(&r))
		if (r.pid == getpid())
			assert_true(running_since(&r, &began));
	running_end(&r);
	assert_int_equal(clock_gettime(CLOCK_BOOTTIME, &now), 0);
	assert_true(began >= 0 && began <= (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

int main(void)
{
	static struct CMUnitTest const tests[] =
	{
		cmocka_unit_test(locks),
		cmocka_unit_test(none_is_that_program),
		cmocka_unit_test(since),
		cmocka_unit_test(since_cut),
		cmocka_unit_test(since_ours),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
