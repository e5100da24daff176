/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "send/damage.h"
#include "send/queuefile.h"

static char const bad[] = "is bad: mend it";
static char const worse[] = "is worse";
static int log_fd;

static int set_up(void **state)
{
	char dir[] = "/tmp/damage_test.XXXXXX";
	int l[2];
	int ok;

	(void)state;
	ok = mkdtemp(dir) && chdir(dir) == 0 && mkdir("mess", 0700) == 0 && mkdir("mess/0", 0700) == 0
		&& queuefile_detect() && rmdir("mess/0") == 0 && rmdir("mess") == 0 && chdir("/") == 0 && rmdir(dir) == 0;
	if (!ok || pipe(l) < 0 || dup2(l[1], 0) < 0)
		return -1;
	log_fd = l[0];
	return fcntl(log_fd, F_SETFL, O_NONBLOCK);
}

/* What is said when it is seconds from now. */
static char const *said(int64_t seconds)
{
	static char s[65536];
	turn t;
	ssize_t n;

	turn_start(&t);
	t.now += seconds;
	damage_do(&t);
	n = read(log_fd, s, sizeof s - 1);
	s[n > 0 ? n : 0] = 0;
	return s;
}

static void once_and_later(void **state)
{
	turn t;

	(void)state;
	turn_start(&t);
	damage_selprep(&t);
	assert_true(t.wake > t.now + 1000);
	damage_note(QPATH_BOUNCE, 7, bad);
	damage_note(QPATH_BOUNCE, 7, bad);
	damage_note(QPATH_INFO, 7, worse);
	damage_note_name("info/0", "1\n2", worse);
	turn_start(&t);
	damage_selprep(&t);
	assert_true(t.wake > t.now + 5 && t.wake < t.now + 30);
	assert_string_equal(said(0), "");
	assert_string_equal(said(30), "warning: queue/bounce/7 is bad: mend it\nwarning: queue/info/0/7 is worse\n"
		"warning: queue/info/0/1/2 is worse\n");
	damage_note(QPATH_BOUNCE, 7, bad);
	assert_string_equal(said(60), "");
	damage_note(QPATH_BOUNCE, 7, worse);
	assert_string_equal(said(60), "warning: queue/bounce/7 is worse\n");
}

/* More than are remembered: not one word about each, and not a byte of memory. */
static void too_many(void **state)
{
	char name[300];
	char const *s;
	unsigned int i;
	size_t lines = 0;

	(void)state;
	memset(name, 'n', sizeof name);
	name[sizeof name - 1] = 0;
	damage_note_name(name, name, bad);
	assert_true(strlen(said(30)) < 200);
	for (i = 1; i <= 3 * DAMAGE_FILES; i++)
		damage_note(QPATH_TODO, i, bad);
	for (s = said(60); *s; s++)
		lines += *s == '\n';
	assert_int_equal(lines, DAMAGE_FILES);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(once_and_later),
		cmocka_unit_test(too_many),
	};

	return cmocka_run_group_tests(tests, set_up, 0);
}
