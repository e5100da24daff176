/* SPDX-License-Identifier: ISC */

#include "queue/commit.h"
#include "queue/entry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

/* Two subdirectories each; with big_todo also in intd and todo. */
static char root[] = "/tmp/entry_test.XXXXXX";
static char const *const flat[] = { "pid", "intd", "todo", "mess", "mess/0", "mess/1" };
static char const *const big[] = { "intd/0", "intd/1", "todo/0", "todo/1" };

static void make_dirs(char const *const *names, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		assert_true(mkdir(names[i], 0700) == 0 || errno == EEXIST);
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(root) || chdir(root) < 0)
		return -1;
	make_dirs(flat, sizeof flat / sizeof flat[0]);
	return 0;
}

static size_t empty(char const *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	size_t n = 0;

	if (!d)
		return 0;
	while ((e = readdir(d)))
		if (e->d_name[0] != '.' && unlinkat(dirfd(d), e->d_name, 0) == 0)
			n++;
	closedir(d);
	return n;
}

/* How many files there were; there are none afterwards. */
static size_t empty_all(void)
{
	size_t i;
	size_t n = 0;

	for (i = 0; i < sizeof flat / sizeof flat[0]; i++)
		n += empty(flat[i]);
	for (i = 0; i < sizeof big / sizeof big[0]; i++)
		n += empty(big[i]);
	return n;
}

static int teardown(void **state)
{
	size_t i;

	(void)state;
	empty_all();
	for (i = sizeof big / sizeof big[0]; i > 0; i--)
		rmdir(big[i - 1]);
	for (i = sizeof flat / sizeof flat[0]; i > 0; i--)
		rmdir(flat[i - 1]);
	return chdir("/") < 0 || rmdir(root) < 0 ? -1 : 0;
}

static entry fresh(int big_todo)
{
	entry e = ENTRY_ZERO;

	e.layout.split = 2;
	e.layout.big_todo = big_todo;
	return e;
}

static void done(entry *e)
{
	close(e->fd_mess);
	close(e->fd_intd);
}

static void assert_same_file(char const *a, char const *b)
{
	struct stat x, y;

	assert_int_equal(stat(a, &x), 0);
	assert_int_equal(stat(b, &y), 0);
	assert_int_equal(x.st_ino, y.st_ino);
}

static void whole_way(int big_todo)
{
	entry e = fresh(big_todo);
	struct stat st;
	char begun[QPATH_FMT];

	assert_int_equal(entry_create(&e, 12, 34), QQ_OK);
	assert_string_equal(e.pid, "pid/12.34.1");
	memcpy(begun, e.pid, sizeof begun);
	assert_int_equal(entry_place(&e), QQ_OK);
	assert_int_equal(stat(begun, &st), -1);
	assert_int_equal(stat(e.mess, &st), 0);
	assert_int_equal(st.st_ino, e.id);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(entry_envelope(&e), QQ_OK);
	assert_int_equal(stat(e.todo, &st), -1);
	assert_int_equal(entry_text(&e, "text", 4), QQ_OK);
	assert_int_equal(entry_records(&e, "Fa\0", 3), QQ_OK);
	assert_int_equal(entry_records(&e, "Tb\0", 3), QQ_OK);
	assert_int_equal(commit(&e), QQ_OK);
	assert_int_equal(e.made, 0);
	assert_same_file(e.intd, e.todo);
	assert_int_equal(stat(e.mess, &st), 0);
	assert_int_equal(st.st_size, 4);
	assert_int_equal(stat(e.todo, &st), 0);
	assert_int_equal(st.st_size, 6);
	assert_int_equal(strncmp(e.todo, big_todo ? (e.id % 2 ? "todo/1/" : "todo/0/") : "todo/", big_todo ? 7 : 5), 0);
	entry_abandon(&e);
	done(&e);
	assert_int_equal(empty_all(), 3);
}

static void flat_and_big_todo(void **state)
{
	(void)state;
	whole_way(0);
	make_dirs(big, sizeof big / sizeof big[0]);
	whole_way(1);
}

static void abandoned_at_any_point_nothing_is_left(void **state)
{
	int steps;

	(void)state;
	for (steps = 1; steps <= 3; steps++) {
		entry e = fresh(0);

		assert_int_equal(entry_create(&e, 12, 34), QQ_OK);
		if (steps >= 2)
			assert_int_equal(entry_place(&e), QQ_OK);
		if (steps >= 3)
			assert_int_equal(entry_envelope(&e), QQ_OK);
		entry_abandon(&e);
		done(&e);
		assert_int_equal(empty_all(), 0);
	}
}

static void nine_names_in_pid(void **state)
{
	entry e[10];
	int i;

	(void)state;
	for (i = 0; i < 10; i++) {
		e[i] = fresh(0);
		assert_int_equal(entry_create(&e[i], 12, 34), i < 9 ? QQ_OK : QQ_PID);
	}
	/* what others own stays */
	entry_abandon(&e[9]);
	for (i = 0; i < 9; i++)
		done(&e[i]);
	assert_int_equal(empty_all(), 9);
}

static void put_file(char const *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
}

static void another_mess_of_our_number_is_left_alone(void **state)
{
	entry e = fresh(0);
	struct stat st;

	(void)state;
	assert_int_equal(entry_create(&e, 12, 34), QQ_OK);
	put_file(e.mess);
	assert_int_equal(entry_place(&e), QQ_MESS);
	entry_abandon(&e);
	done(&e);
	assert_int_equal(stat(e.mess, &st), 0);
	assert_int_equal(empty_all(), 1);
}

static void a_stale_envelope_is_replaced(void **state)
{
	entry e = fresh(0);

	(void)state;
	assert_int_equal(entry_create(&e, 12, 34), QQ_OK);
	assert_int_equal(entry_place(&e), QQ_OK);
	put_file(e.intd);
	assert_int_equal(entry_envelope(&e), QQ_OK);
	assert_int_equal(commit(&e), QQ_OK);
	done(&e);
	assert_int_equal(empty_all(), 3);
}

/* The file system gives a number that is free again to the next file, as a rule. */
static void a_number_that_todo_has_is_passed_over(void **state)
{
	entry first = fresh(0);
	entry e = fresh(0);

	(void)state;
	assert_int_equal(entry_create(&first, 12, 34), QQ_OK);
	entry_abandon(&first);
	close(first.fd_mess);
	put_file(first.todo);
	assert_int_equal(entry_create(&e, 12, 34), QQ_OK);
	assert_true(e.id != first.id);
	assert_int_equal(entry_place(&e), QQ_OK);
	assert_int_equal(entry_envelope(&e), QQ_OK);
	assert_int_equal(commit(&e), QQ_OK);
	done(&e);
	assert_int_equal(empty_all(), 4);
}

static void a_queued_envelope_is_not(void **state)
{
	entry e = fresh(0);

	(void)state;
	assert_int_equal(entry_create(&e, 12, 34), QQ_OK);
	assert_int_equal(entry_place(&e), QQ_OK);
	put_file(e.intd);
	put_file(e.todo);
	assert_int_equal(entry_envelope(&e), QQ_INTD);
	entry_abandon(&e);
	done(&e);
	assert_int_equal(empty_all(), 2);
}

static void no_commit_over_another_todo(void **state)
{
	entry e = fresh(0);

	(void)state;
	assert_int_equal(entry_create(&e, 12, 34), QQ_OK);
	assert_int_equal(entry_place(&e), QQ_OK);
	assert_int_equal(entry_envelope(&e), QQ_OK);
	put_file(e.todo);
	assert_int_equal(commit(&e), QQ_TODO);
	entry_abandon(&e);
	done(&e);
	assert_int_equal(empty_all(), 1);
}

static void a_file_of_another_length_is_no_commit(void **state)
{
	int which;

	(void)state;
	for (which = 0; which < 2; which++) {
		entry e = fresh(0);

		assert_int_equal(entry_create(&e, 12, 34), QQ_OK);
		assert_int_equal(entry_place(&e), QQ_OK);
		assert_int_equal(entry_envelope(&e), QQ_OK);
		assert_int_equal(entry_text(&e, "text", 4), QQ_OK);
		assert_int_equal(entry_records(&e, "Fa\0", 3), QQ_OK);
		assert_int_equal(ftruncate(which ? e.fd_mess : e.fd_intd, 2), 0);
		assert_int_equal(commit(&e), QQ_WRITE);
		entry_abandon(&e);
		done(&e);
		assert_int_equal(empty_all(), 0);
	}
}

static void a_failed_flush_is_no_commit(void **state)
{
	entry e = fresh(0);
	struct stat st;
	int unflushable[2];

	(void)state;
	assert_int_equal(entry_create(&e, 12, 34), QQ_OK);
	assert_int_equal(entry_place(&e), QQ_OK);
	assert_int_equal(entry_envelope(&e), QQ_OK);
	done(&e);
	assert_int_equal(pipe(unflushable), 0);
	e.fd_mess = unflushable[0];
	e.fd_intd = unflushable[1];
	assert_int_equal(commit(&e), QQ_WRITE);
	assert_int_equal(stat(e.todo, &st), -1);
	entry_abandon(&e);
	done(&e);
	assert_int_equal(empty_all(), 0);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(flat_and_big_todo),
		cmocka_unit_test(abandoned_at_any_point_nothing_is_left),
		cmocka_unit_test(nine_names_in_pid),
		cmocka_unit_test(another_mess_of_our_number_is_left_alone),
		cmocka_unit_test(a_stale_envelope_is_replaced),
		cmocka_unit_test(a_number_that_todo_has_is_passed_over),
		cmocka_unit_test(a_queued_envelope_is_not),
		cmocka_unit_test(no_commit_over_another_todo),
		cmocka_unit_test(a_file_of_another_length_is_no_commit),
		cmocka_unit_test(a_failed_flush_is_no_commit),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
