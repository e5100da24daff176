/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/notes.h"

char const *PROG = "notes_test";

static void lines(void **state)
{
	stralloc notes = STRALLOC_ZERO;

	(void)state;
	notes_add(&notes, "control/a: line 3", "not a number", "write one");
	errno = EISDIR;
	assert_int_equal(notes_unreadable(&notes, "control/b"), 0);
	assert_true(stralloc_0(&notes));
	assert_string_equal(notes.s, "control/a: line 3: not a number; write one\n"
		"control/b: Is a directory; mail waits at its senders until user qmaild can read it\n");
	stralloc_free(&notes);
}

/* What descriptor 2 gets when 0 is in and 2 is out. */
static void log_between(char *got, size_t room, int in, int out, int from)
{
	stralloc notes = STRALLOC_ZERO;
	int saved[2] = { dup(0), dup(2) };
	ssize_t r;

	assert_true(saved[0] >= 0 && saved[1] >= 0);
	notes_add(&notes, "f", "w", "c");
	notes_add(&notes, "g", "x", "d");
	assert_true(dup2(in, 0) == 0 && dup2(out, 2) == 2);
	notes_log(&notes);
	assert_true(dup2(saved[0], 0) == 0 && dup2(saved[1], 2) == 2);
	close(saved[0]);
	close(saved[1]);
	assert_int_equal(notes.len, 0);
	stralloc_free(&notes);
	assert_true(write(out, ".", 1) == 1);
	r = read(from, got, room - 1);
	assert_true(r > 0);
	got[r] = 0;
}

static void only_to_a_log(void **state)
{
	char got[256];
	int p[2], s[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	log_between(got, sizeof got, s[0], p[1], p[0]);
	assert_string_equal(got, "notes_test: warning: f: w; c\nnotes_test: warning: g: x; d\n.");
	log_between(got, sizeof got, s[0], s[0], s[1]);
	assert_string_equal(got, ".");
	log_between(got, sizeof got, p[0], p[1], p[0]);
	assert_string_equal(got, ".");
	close(p[0]);
	close(p[1]);
	close(s[0]);
	close(s[1]);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(only_to_a_log),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
