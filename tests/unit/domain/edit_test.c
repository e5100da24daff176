/* SPDX-License-Identifier: ISC */

#include "domain/edit.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "home.h"

static char const file[] = "control/list";

/* What the edit_change of a test does, and how often it was asked. */
typedef struct asked
{
	edit_status answer;
	char const *more;       /* put behind what is there; null: the text becomes empty */
	size_t n;
	int times;
	int present;
	int disturb;            /* so many times somebody writes to the file meanwhile */
} asked;

static edit_status answer(void *data, stralloc const *before, int present, stralloc *after)
{
	asked *a = data;

	a->times++;
	a->present = present;
	if (a->times <= a->disturb)
		unit_write(file, a->times % 2 ? "somebody else\n" : "else\n");
	after->len = 0;
	if (a->more)
		assert_true(stralloc_copy(after, before) && stralloc_catb(after, a->more, a->n));
	return a->answer;
}

static void expect(char const *name, char const *path, char const *s, size_t n)
{
	stralloc got = STRALLOC_ZERO;
	int there = openslurpclose(&got, path);

	if (there != (s != 0) || (s && (got.len != n || memcmp(got.s ? got.s : "", s, n) != 0)))
		fail_msg("%s: %s", name, path);
	stralloc_free(&got);
}

static int exists(char const *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

typedef struct row
{
	char const *name;
	char const *before;     /* null: no file */
	edit_status answer;
	char const *more;
	edit_status result;
	char const *after;
} row;

static void results(void **state)
{
	static row const rows[] =
	{
		{ "a line more", "a\n", EDIT_DONE, "b\n", EDIT_DONE, "a\nb\n" },
		{ "a new file", 0, EDIT_DONE, "b\n", EDIT_DONE, "b\n" },
		{ "into an empty one", "", EDIT_DONE, "b", EDIT_DONE, "b" },
		{ "emptied", "a\n", EDIT_DONE, 0, EDIT_DONE, "" },
		{ "as it should be", "a\n", EDIT_SAME, "b\n", EDIT_SAME, "a\n" },
		{ "none, as it should be", 0, EDIT_SAME, "b\n", EDIT_SAME, 0 },
		{ "refused", "a\n", EDIT_REFUSED, "b\n", EDIT_REFUSED, "a\n" },
		{ "no new one", 0, EDIT_REFUSED, "b\n", EDIT_REFUSED, 0 },
		{ "trouble", "a\n", EDIT_TROUBLE, "b\n", EDIT_TROUBLE, "a\n" },
		{ "removed", "a\n", EDIT_REMOVE, "b\n", EDIT_DONE, 0 },
		{ "removed, and was not there", 0, EDIT_REMOVE, 0, EDIT_SAME, 0 },
	};
	row const *c;

	(void)state;
	UNIT_EACH(c, rows) {
		asked a = { .answer = c->answer, .more = c->more, .n = c->more ? strlen(c->more) : 0 };

		unlink(file);
		if (c->before)
			unit_write(file, c->before);
		if (edit_file(file, answer, &a) != c->result || a.times != 1 || a.present != (c->before != 0))
			fail_msg("%s", c->name);
		expect(c->name, file, c->after, c->after ? strlen(c->after) : 0);
		assert_false(exists("control/.list.qmail-domain"));
		assert_true(exists("control/list.lock"));
	}
}

/* Every byte is theirs who wrote it, wherever the text ends. */
static void bytes(void **state)
{
	static char const text[] = "a\n\n\0\xff\r\n# \xc3\xbc\n.\nno end";
	char all[3 * sizeof text];
	size_t n;

	(void)state;
	for (n = 0; n < sizeof text; n++) {
		asked a = { .answer = EDIT_DONE, .more = text, .n = n };

		unit_write_bytes(file, text, sizeof text - n);
		assert_int_equal(edit_file(file, answer, &a), EDIT_DONE);
		memcpy(all, text, sizeof text - n);
		memcpy(all + sizeof text - n, text, n);
		expect("cut", file, all, sizeof text);
	}
}

static void a_large_one(void **state)
{
	enum { SIZE = 3 << 20 };
	static char large[SIZE + 1];
	asked a = { .answer = EDIT_DONE, .more = "z", .n = 1 };

	(void)state;
	memset(large, 'x', SIZE);
	unit_write_bytes(file, large, SIZE);
	assert_int_equal(edit_file(file, answer, &a), EDIT_DONE);
	large[SIZE] = 'z';
	expect("large", file, large, SIZE + 1);
}

static void modes(void **state)
{
	asked a = { .answer = EDIT_DONE, .more = "b\n", .n = 2 };
	struct stat st;

	(void)state;
	unit_write(file, "a\n");
	assert_int_equal(chmod(file, 0660), 0);
	assert_int_equal(edit_file(file, answer, &a), EDIT_DONE);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	unlink(file);
	umask(077);
	assert_int_equal(edit_file(file, answer, &a), EDIT_DONE);
	umask(022);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(stat("control/list.lock", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void links(void **state)
{
	asked a = { .answer = EDIT_DONE, .more = "b\n", .n = 2 };
	asked gone = { .answer = EDIT_REMOVE };

	(void)state;
	unlink(file);
	unit_write("users/list", "a\n");
	assert_int_equal(symlink("../users/list", file), 0);
	assert_int_equal(edit_file(file, answer, &a), EDIT_DONE);
	expect("behind a link", "users/list", "a\nb\n", 4);
	assert_true(exists("users/list.lock"));
	assert_int_equal(edit_file(file, answer, &gone), EDIT_DONE);
	assert_true(exists(file) && !exists("users/list"));
	/* a link that leads nowhere is a mistake, not a new file */
	a.times = 0;
	assert_int_equal(edit_file(file, answer, &a), EDIT_TROUBLE);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(a.times, 0);
	unlink(file);
}

static void not_files(void **state)
{
	asked a = { .answer = EDIT_DONE, .more = "b\n", .n = 2 };

	(void)state;
	unlink(file);
	assert_int_equal(mkdir(file, 0755), 0);
	assert_int_equal(edit_file(file, answer, &a), EDIT_TROUBLE);
	assert_int_equal(rmdir(file), 0);
	assert_int_equal(mkfifo(file, 0644), 0);
	assert_int_equal(edit_file(file, answer, &a), EDIT_TROUBLE);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(edit_file("nowhere/list", answer, &a), EDIT_TROUBLE);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(a.times, 0);
}

/* Who writes without a lock is not written over: we look again, and give up when there is no end to it. */
static void somebody_else(void **state)
{
	asked a = { .answer = EDIT_DONE, .more = "b\n", .n = 2, .disturb = 1 };

	(void)state;
	unit_write(file, "a\n");
	assert_int_equal(edit_file(file, answer, &a), EDIT_DONE);
	assert_int_equal(a.times, 2);
	expect("disturbed once", file, "somebody else\nb\n", 16);
	a = (asked){ .answer = EDIT_DONE, .more = "b\n", .n = 2, .disturb = 100 };
	assert_int_equal(edit_file(file, answer, &a), EDIT_TROUBLE);
	assert_int_equal(errno, EBUSY);
	assert_int_equal(a.times, 5);
	assert_false(exists("control/.list.qmail-domain"));
	a = (asked){ .answer = EDIT_REMOVE, .disturb = 1 };
	assert_int_equal(edit_file(file, answer, &a), EDIT_DONE);
	assert_int_equal(a.times, 2);
	assert_false(exists(file));
}

/* A child that has the lock until the other end of a pipe is closed, with the lock file removed before or not. */
static pid_t lock_elsewhere(int *let_go, int remove_it)
{
	int ready[2];
	int go[2];
	pid_t pid;
	char c;

	assert_true(pipe(ready) == 0 && pipe(go) == 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
		int fd = open("control/list.lock", O_RDWR | O_CREAT, 0600);

		close(go[1]);
		if (fd < 0 || fcntl(fd, F_SETLK, &l) < 0 || write(ready[1], "r", 1) != 1 || read(go[0], &c, 1) < 0)
			_exit(1);
		usleep(100000);
		if (remove_it)
			unlink("control/list.lock");
		unit_write(file, "theirs\n");
		_exit(0);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
	close(go[0]);
	*let_go = go[1];
	return pid;
}

static void waits(void **state)
{
	int remove_it;

	(void)state;
	for (remove_it = 0; remove_it < 2; remove_it++) {
		asked a = { .answer = EDIT_DONE, .more = "b\n", .n = 2 };
		int let_go;
		int status;
		pid_t pid;

		unit_write(file, "a\n");
		pid = lock_elsewhere(&let_go, remove_it);
		close(let_go);
		assert_int_equal(edit_file(file, answer, &a), EDIT_DONE);
		expect("after them", file, "theirs\nb\n", 9);
		assert_true(exists("control/list.lock"));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

/* What an administrator may call a copy is his; what one of us has left is removed, also when nothing is changed. */
static void scratch_names(void **state)
{
	asked a = { .answer = EDIT_DONE, .more = "b\n", .n = 2 };

	(void)state;
	unit_write(file, "a\n");
	unit_write("control/list.new", "his\n");
	unit_write("control/.list.qmail-domain", "left\n");
	assert_int_equal(edit_file(file, answer, &a), EDIT_DONE);
	expect("changed", file, "a\nb\n", 4);
	expect("a copy", "control/list.new", "his\n", 4);
	assert_false(exists("control/.list.qmail-domain"));
	unit_write("control/.list.qmail-domain", "left\n");
	a = (asked){ .answer = EDIT_SAME };
	assert_int_equal(edit_file(file, answer, &a), EDIT_SAME);
	assert_false(exists("control/.list.qmail-domain"));
	unlink("control/list.new");
}

int main(void)
{
	static struct CMUnitTest const tests[] =
	{
		cmocka_unit_test(results),
		cmocka_unit_test(bytes),
		cmocka_unit_test(a_large_one),
		cmocka_unit_test(modes),
		cmocka_unit_test(links),
		cmocka_unit_test(not_files),
		cmocka_unit_test(somebody_else),
		cmocka_unit_test(waits),
		cmocka_unit_test(scratch_names),
	};

	return cmocka_run_group_tests(tests, unit_home_make, unit_home_end);
}
