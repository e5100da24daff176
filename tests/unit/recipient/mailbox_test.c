/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recipient/mailbox.h"

static char home[] = "/tmp/mailbox.XXXXXX";

static void put(char const *name, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static int set_up(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(home));
	assert_int_equal(chmod(home, 0755), 0);
	assert_int_equal(chdir(home), 0);
	put(".qmail-a", 0644);
	put(".qmail-list-default", 0600);
	put(".qmail-open", 0646);
	put(".qmail-x:y", 0644);
	assert_int_equal(mkdir(".qmail-dir", 0755), 0);
	assert_int_equal(symlink("nowhere", ".qmail-lost"), 0);
	assert_int_equal(symlink(".qmail-turn", ".qmail-turn"), 0);
	assert_int_equal(mkfifo(".qmail-pipe", 0644), 0);
	return 0;
}

static int tear_down(void **state)
{
	static char const *const names[] = { ".qmail-a", ".qmail-list-default", ".qmail-open", ".qmail-x:y", ".qmail-lost",
		".qmail-turn", ".qmail-pipe", ".qmail-default" };
	size_t i;

	(void)state;
	assert_int_equal(chdir(home), 0);
	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		unlink(names[i]);
	rmdir(".qmail-dir");
	assert_int_equal(chdir("/"), 0);
	return rmdir(home);
}

static mailbox_verdict look(char const *dash, char const *ext)
{
	users_record const r = { .user = "u", .uid = 1, .gid = 1, .home = home, .dash = dash, .ext = ext };

	return mailbox_look(&r, 0);
}

static void files(void **state)
{
	static struct { char const *dash, *ext; mailbox_verdict v; } const rows[] = {
		{ "-", "a", MAILBOX_THERE }, { "-", "A", MAILBOX_THERE }, { "-", "b", MAILBOX_NONE }, { "-", "", MAILBOX_NONE },
		{ "", "", MAILBOX_THERE }, { "", "b", MAILBOX_THERE },
		{ "-", "list-x", MAILBOX_THERE }, { "-", "list-x-y", MAILBOX_THERE }, { "-", "list", MAILBOX_NONE },
		{ "-", "list-default", MAILBOX_THERE }, { "-", "X.Y", MAILBOX_THERE },
		{ "-", "open", MAILBOX_WAITS },
		{ "-", "dir", MAILBOX_NONE }, { "-", "lost", MAILBOX_NONE }, { "-", "turn", MAILBOX_NONE }, { "-", "pipe", MAILBOX_NONE },
		{ "-", "../../etc/passwd", MAILBOX_NONE },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		print_message("%s%s\n", rows[i].dash, rows[i].ext);
		assert_int_equal(look(rows[i].dash, rows[i].ext), rows[i].v);
	}
}

/* A name that is longer than any file's is one that is not there, and the shorter ones are tried. */
static void long_names(void **state)
{
	static char ext[5000];

	(void)state;
	memset(ext, 'x', sizeof ext - 1);
	assert_int_equal(look("-", ext), MAILBOX_NONE);
	put(".qmail-default", 0644);
	assert_int_equal(look("-", ext), MAILBOX_THERE);
	assert_int_equal(unlink(".qmail-default"), 0);
}

static void homes(void **state)
{
	static struct { mode_t mode; mailbox_verdict v; } const rows[] = {
		{ 0755, MAILBOX_THERE }, { 0775, MAILBOX_THERE }, { 0757, MAILBOX_UNKNOWN }, { 01755, MAILBOX_UNKNOWN },
		{ 01757, MAILBOX_UNKNOWN }, { 0700, MAILBOX_THERE },
	};
	users_record gone = { .user = "u", .uid = 1, .gid = 1, .home = "/nowhere/at/all", .dash = "-", .ext = "a" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(chmod(home, rows[i].mode), 0);
		assert_int_equal(look("-", "a"), rows[i].v);
	}
	assert_int_equal(chmod(home, 0755), 0);
	assert_int_equal(mailbox_look(&gone, 0), MAILBOX_UNKNOWN);
}

/* In a home that has just changed, what is missing may be about to come; what is there is there. */
static void careful(void **state)
{
	users_record r = { .user = "u", .uid = 1, .gid = 1, .home = home, .dash = "-", .ext = "b" };

	(void)state;
	put(".qmail-default", 0644);
	assert_int_equal(unlink(".qmail-default"), 0);
	assert_int_equal(mailbox_look(&r, 0), MAILBOX_NONE);
	assert_int_equal(mailbox_look(&r, 1), MAILBOX_UNKNOWN);
	r.ext = "a";
	assert_int_equal(mailbox_look(&r, 1), MAILBOX_THERE);
	r.ext = "b";
	sleep(2);
	assert_int_equal(mailbox_look(&r, 1), MAILBOX_NONE);
}

static void ends(void **state)
{
	(void)state;
	assert_int_equal(mailbox_ended(10 << 8), MAILBOX_THERE);
	assert_int_equal(mailbox_ended(11 << 8), MAILBOX_NONE);
	assert_int_equal(mailbox_ended(12 << 8), MAILBOX_WAITS);
	assert_int_equal(mailbox_ended(0), MAILBOX_UNKNOWN);
	assert_int_equal(mailbox_ended(111 << 8), MAILBOX_UNKNOWN);
	assert_int_equal(mailbox_ended(9), MAILBOX_UNKNOWN);
	assert_int_equal(mailbox_ended(11), MAILBOX_UNKNOWN);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(files),
		cmocka_unit_test(long_names),
		cmocka_unit_test(homes),
		cmocka_unit_test(careful),
		cmocka_unit_test(ends),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
