/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "proto/maildir.h"

static char dir[] = "/tmp/maildir_test.XXXXXX";
static int64_t const now = 2000000000;

static void put(char const *name, int64_t mtime)
{
	struct timespec const times[2] = { { .tv_sec = mtime }, { .tv_sec = mtime } };

	assert_true(openwritenclose_unsafe(name, name, strlen(name)));
	assert_int_equal(utimensat(AT_FDCWD, name, times, 0), 0);
}

static void has(maildir const *m, char const *const *names)
{
	size_t i;

	for (i = 0; names[i]; i++) {
		assert_true(i < m->n);
		assert_string_equal(m->messages[i].name, names[i]);
	}
	assert_int_equal(m->n, i);
}

static void scan(maildir *m)
{
	*m = (maildir)MAILDIR_ZERO;
	assert_true(maildir_scan(m, now));
}

static void oldest_first(void **state)
{
	static char const *const want[] = { "cur/c:2,S", "new/d", "new/a", "cur/b", 0 };
	maildir m;

	(void)state;
	put("new/a", now - 10);
	put("cur/b", now - 5);
	put("cur/c:2,S", now - 1000);
	put("new/d", now - 20);
	scan(&m);
	has(&m, want);
	assert_int_equal(m.messages[0].size, 9);
	assert_int_equal(m.messages[0].mtime, now - 1000);
	maildir_free(&m);
}

/* A message that another is still writing has this second's time; dot files and directories are no messages. */
static void what_is_no_message(void **state)
{
	static char const *const want[] = { "new/old", 0 };
	maildir m;

	(void)state;
	put("new/old", now - 1);
	put("new/now", now);
	put("new/later", now + 5);
	put("new/.hidden", now - 5);
	assert_int_equal(mkdir("new/dir", 0700), 0);
	assert_int_equal(mkfifo("cur/fifo", 0700), 0);
	scan(&m);
	has(&m, want);
	maildir_free(&m);
}

static void moved_meanwhile(void **state)
{
	maildir m;
	int fd;

	(void)state;
	put("new/a", now - 1);
	scan(&m);
	assert_int_equal(rename("new/a", "cur/a:2,FS"), 0);
	fd = maildir_open(&m.messages[0]);
	assert_true(fd >= 0);
	close(fd);
	assert_string_equal(m.messages[0].name, "cur/a:2,FS");
	assert_int_equal(rename("cur/a:2,FS", "cur/a:2,"), 0);
	assert_true(maildir_remove(&m.messages[0]));
	assert_int_equal(access("cur/a:2,", F_OK), -1);
	assert_true(maildir_remove(&m.messages[0]));
	fd = maildir_open(&m.messages[0]);
	assert_int_equal(fd, -1);
	assert_int_equal(errno, ENOENT);
	maildir_free(&m);
}

/* Whatever another reader calls it. */
static void found_again(void **state)
{
	static char const *const rows[][2] = {
		{ "new/a", "new/a" }, { "new/a", "cur/a:2," }, { "new/a", "cur/a:2,S" }, { "new/a", "cur/a:2,FRS" },
		{ "new/a", "cur/a" }, { "cur/a", "cur/a:2," }, { "cur/a:2,", "cur/a:2,S" }, { "cur/a:2,S", "cur/a:2,ST" },
		{ "cur/a:2,S", "new/a" }, { "new/a:2,", "cur/a:2,T" },
	};
	size_t i;

	(void)state;
	put("cur/aa", now - 1);
	put("cur/b:2,", now - 1);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		maildir m;
		int fd;

		put(rows[i][0], now - 5);
		scan(&m);
		assert_int_equal(rename(rows[i][0], rows[i][1]), 0);
		fd = maildir_open(&m.messages[0]);
		assert_true(fd >= 0);
		close(fd);
		assert_string_equal(m.messages[0].name, rows[i][1]);
		maildir_free(&m);
		assert_int_equal(rename(rows[i][1], rows[i][0]), 0);
		scan(&m);
		assert_int_equal(rename(rows[i][0], rows[i][1]), 0);
		assert_true(maildir_remove(&m.messages[0]));
		assert_int_equal(access(rows[i][1], F_OK), -1);
		maildir_free(&m);
	}
}

static void not_a_file_any_more(void **state)
{
	maildir m;

	(void)state;
	put("new/a", now - 1);
	scan(&m);
	assert_int_equal(unlink("new/a"), 0);
	assert_int_equal(mkfifo("new/a", 0600), 0);
	assert_int_equal(maildir_open(&m.messages[0]), -1);
	assert_int_equal(unlink("new/a"), 0);
	assert_int_equal(mkdir("new/a", 0700), 0);
	assert_false(maildir_remove(&m.messages[0]));
	maildir_free(&m);
}

/* Of the same age in the same order each time; one that is in new and in cur by the same name is one. */
static void equals(void **state)
{
	static char const *const want[] = { "cur/a:2,S", "new/b", "cur/b:2,", "cur/c:2,", 0 };
	maildir m;

	(void)state;
	put("new/b", now - 1);
	put("new/a", now - 1);
	assert_int_equal(link("new/a", "cur/a:2,S"), 0);
	/* the same file by another name is another message, and so is another file by the same name */
	assert_int_equal(link("new/b", "cur/c:2,"), 0);
	put("cur/b:2,", now - 1);
	scan(&m);
	has(&m, want);
	maildir_free(&m);
}

/* Another message that came to have the name is another message. */
static void name_used_again(void **state)
{
	maildir m;
	int spare;

	(void)state;
	put("new/a", now - 1);
	scan(&m);
	spare = open("new/a", O_RDONLY | O_CLOEXEC);
	assert_int_equal(unlink("new/a"), 0);
	put("cur/a:2,", now - 1);
	assert_int_equal(maildir_open(&m.messages[0]), -1);
	assert_true(maildir_remove(&m.messages[0]));
	assert_int_equal(access("cur/a:2,", F_OK), 0);
	close(spare);
	maildir_free(&m);
}

static void kept(void **state)
{
	maildir m;

	(void)state;
	put("new/a", now - 2);
	put("new/b", now - 1);
	put("cur/b:2,", now - 1);
	scan(&m);
	assert_int_equal(m.n, 3);
	maildir_keep(&m.messages[0]);
	assert_string_equal(m.messages[0].name, "cur/a:2,");
	/* what is there already is not replaced */
	maildir_keep(&m.messages[1]);
	assert_string_equal(m.messages[1].name, "new/b");
	assert_int_equal(access("new/b", F_OK), 0);
	maildir_free(&m);
}

static void uids(void **state)
{
	static struct { char name[16]; char const *uid; } rows[] = {
		{ "new/1.2.3", "1.2.3" },
		{ "cur/1.2.3:2,S", "1.2.3" },
		{ "cur/:2,", "" },
		{ "cur/a:b:c", "a" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		maildir_message const x = { .name = rows[i].name };
		size_t n;
		char const *uid = maildir_uid(&x, &n);

		assert_int_equal(n, strlen(rows[i].uid));
		assert_memory_equal(uid, rows[i].uid, n);
	}
}

static void stale(void **state)
{
	(void)state;
	put("tmp/old", now - MAILDIR_STALE_SECONDS - 1);
	put("tmp/young", now - MAILDIR_STALE_SECONDS);
	maildir_clean(now);
	assert_int_equal(access("tmp/old", F_OK), -1);
	assert_int_equal(access("tmp/young", F_OK), 0);
}

static void no_maildir(void **state)
{
	maildir m = MAILDIR_ZERO;

	(void)state;
	assert_int_equal(rmdir("cur"), 0);
	assert_false(maildir_scan(&m, now));
	assert_int_equal(errno, ENOENT);
	maildir_free(&m);
}

static int fresh(void **state)
{
	(void)state;
	rm_rf("new");
	rm_rf("cur");
	rm_rf("tmp");
	return mkdir("new", 0700) < 0 || mkdir("cur", 0700) < 0 || mkdir("tmp", 0700) < 0;
}

static int setup(void **state)
{
	(void)state;
	return !mkdtemp(dir) || chdir(dir) < 0;
}

static int teardown(void **state)
{
	(void)state;
	rm_rf(dir);
	return 0;
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test_setup(oldest_first, fresh),
		cmocka_unit_test_setup(what_is_no_message, fresh),
		cmocka_unit_test_setup(moved_meanwhile, fresh),
		cmocka_unit_test_setup(found_again, fresh),
		cmocka_unit_test_setup(not_a_file_any_more, fresh),
		cmocka_unit_test_setup(equals, fresh),
		cmocka_unit_test_setup(name_used_again, fresh),
		cmocka_unit_test_setup(kept, fresh),
		cmocka_unit_test_setup(uids, fresh),
		cmocka_unit_test_setup(stale, fresh),
		cmocka_unit_test_setup(no_maildir, fresh),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
