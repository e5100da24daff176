/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "local/mbox.h"

#define FRONT "From s@x Thu Jan 01 00:00:00 1970\nReturn-Path: <s@x>\nDelivered-To: foo@h\n"

static delivery d = { .local = "foo", .host = "h", .sender = "s@x", .ext = "" };
static char dir[] = "/tmp/mbox_test.XXXXXX";

static int enter(void **state)
{
	(void)state;
	return mkdtemp(dir) && chdir(dir) == 0 && delivery_lines(&d, 0) ? 0 : -1;
}

static int leave(void **state)
{
	(void)state;
	stralloc_free(&d.rpline);
	stralloc_free(&d.dtline);
	stralloc_free(&d.ufline);
	stralloc_free(&d.safe);
	unlink("box");
	unlink("message");
	return chdir("/") == 0 && rmdir(dir) == 0 ? 0 : -1;
}

static void put(char const *file, char const *text, size_t n)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), n);
	close(fd);
}

static void message(char const *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(dup2(fd, 0), 0);
	close(fd);
}

static void expect(char const *want, size_t n)
{
	stralloc sa = STRALLOC_ZERO;

	assert_true(openslurpclose(&sa, "box"));
	assert_int_equal(sa.len, n);
	assert_memory_equal(sa.s, want, n);
	stralloc_free(&sa);
}

static void appended(void **state)
{
	static struct row { char const *before, *text, *after; } const rows[] = {
		{ "", "a: b\n\nx\n", FRONT "a: b\n\nx\n\n" },
		{ "old\n\n", "x\n", "old\n\n" FRONT "x\n\n" },
		{ "torn", "x\n", "torn\n" FRONT "x\n\n" },
		{ "torn\n", "From me", "torn\n" FRONT ">From me\n\n" },
		{ "", "", FRONT "\n" },
	};
	struct row const *c;
	outcome o = OUTCOME_ZERO;

	(void)state;
	UNIT_EACH (c, rows) {
		put("box", c->before, strlen(c->before));
		put("message", c->text, strlen(c->text));
		message("message");
		assert_true(mbox_deliver(&o, &d, "./box"));
		expect(c->after, strlen(c->after));
	}
}

static void created(void **state)
{
	outcome o = OUTCOME_ZERO;
	struct stat st;

	(void)state;
	unlink("box");
	put("message", "\0\xff", 2);
	message("message");
	umask(022);
	assert_true(mbox_deliver(&o, &d, "./box"));
	expect(FRONT "\0\xff\n\n", sizeof FRONT - 1 + 4);
	assert_int_equal(stat("box", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* A message that cannot be read (here: a directory) leaves the mbox as it was, without the newline too. */
static void taken_back(void **state)
{
	outcome o = OUTCOME_ZERO;

	(void)state;
	put("box", "torn", 4);
	message(".");
	assert_false(mbox_deliver(&o, &d, "./box"));
	assert_int_equal(o.code, OUTCOME_DEFERRED);
	expect("torn", 4);
	stralloc_free(&o.text);
}

static void device(void **state)
{
	outcome o = OUTCOME_ZERO;

	(void)state;
	put("message", "x\n", 2);
	message("message");
	assert_true(mbox_deliver(&o, &d, "/dev/null"));
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(appended),
		cmocka_unit_test(created),
		cmocka_unit_test(taken_back),
		cmocka_unit_test(device),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
