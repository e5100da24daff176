/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "install/hier.h"

static char dir[] = "/tmp/hier_test.XXXXXX";

static int enter(void **state)
{
	(void)state;
	return mkdtemp(dir) && chdir(dir) == 0 ? 0 : -1;
}

static int leave(void **state)
{
	(void)state;
	return chdir("/") == 0 && rm_rf(dir) == 0 ? 0 : -1;
}

static void touch(char const *path, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static hier_entry const *find(hier const *h, char const *path, size_t *at)
{
	size_t i = 0;

	for (; i < h->n; i++)
		if (strcmp(h->entries[i].path, path) == 0) {
			if (at)
				*at = i;
			return h->entries + i;
		}
	return 0;
}

static struct {
	char const *path;
	hier_type type;
	mode_t mode;
	conf_user owner;
} const expected[] =
{
	{ ".", HIER_DIR, 0755, CONF_ROOT },
	{ "alias", HIER_DIR, 02755, CONF_ALIAS },
	{ "queue", HIER_DIR, 0750, CONF_QMAILQ },
	{ "queue/pid", HIER_DIR, 0700, CONF_QMAILQ },
	{ "queue/intd", HIER_DIR, 0700, CONF_QMAILQ },
	{ "queue/todo", HIER_DIR, 0750, CONF_QMAILQ },
	{ "queue/bounce", HIER_DIR, 0700, CONF_QMAILS },
	{ "queue/mess/22", HIER_DIR, 0750, CONF_QMAILQ },
	{ "queue/info/22", HIER_DIR, 0700, CONF_QMAILS },
	{ "queue/local/0", HIER_DIR, 0700, CONF_QMAILS },
	{ "queue/remote/11", HIER_DIR, 0700, CONF_QMAILS },
	{ "queue/lock/tcpto", HIER_ZEROS, 0644, CONF_QMAILR },
	{ "queue/lock/sendmutex", HIER_EMPTY, 0600, CONF_QMAILS },
	{ "queue/lock/trigger", HIER_FIFO, 0622, CONF_QMAILS },
	{ "man/man8", HIER_DIR, 0755, CONF_ROOT },
};

static void rows_of_a_new_queue(void **state)
{
	static hier h = HIER_ZERO;
	qpath_layout l = { .split = 23, .big_todo = 0 };
	size_t i = 0;

	(void)state;
	assert_true(hier_make(&h, "nothing", &l));
	for (; i < sizeof expected / sizeof *expected; i++) {
		hier_entry const *e = find(&h, expected[i].path, 0);

		assert_non_null(e);
		assert_int_equal(e->type, expected[i].type);
		assert_int_equal(e->mode, expected[i].mode);
		assert_int_equal(e->owner, expected[i].owner);
		assert_int_equal(e->group, CONF_QMAIL);
	}
	assert_null(find(&h, "queue/mess/23", 0));
	assert_null(find(&h, "queue/todo/0", 0));
	assert_null(find(&h, "queue/bounce/0", 0));
}

static void directories_come_before_what_is_in_them(void **state)
{
	static hier h = HIER_ZERO;
	qpath_layout l = { .split = 3, .big_todo = 1 };
	size_t i = 0;

	(void)state;
	assert_true(hier_make(&h, "nothing", &l));
	for (; i < h.n; i++) {
		char *parent = strdup(h.entries[i].path);
		char *slash = strrchr(parent, '/');
		size_t at;

		if (slash) {
			*slash = 0;
			assert_non_null(find(&h, parent, &at));
			assert_true(at < i);
		}
		free(parent);
	}
	assert_non_null(find(&h, "queue/todo/2", 0));
	assert_non_null(find(&h, "queue/intd/0", 0));
}

/* A setup that is cut short must not leave what looks like a whole queue of fewer subdirectories. */
static void mess_0_is_the_last_of_the_queue(void **state)
{
	static hier h = HIER_ZERO;
	qpath_layout l = { .split = 5, .big_todo = 1 };
	size_t last;
	size_t i = 0;

	(void)state;
	assert_true(hier_make(&h, "nothing", &l));
	assert_non_null(find(&h, "queue/mess/0", &last));
	for (; i < h.n; i++)
		if (strncmp(h.entries[i].path, "queue", 5) == 0)
			assert_true(i <= last);
}

static void only_what_was_built(void **state)
{
	static hier h = HIER_ZERO;
	qpath_layout l = { .split = 23, .big_todo = 0 };
	hier_entry const *e;

	(void)state;
	assert_int_equal(mkdir("b", 0700) | mkdir("b/bin", 0700) | mkdir("b/man", 0700) | mkdir("b/boot", 0700)
		| mkdir("b/boot/s6", 0700), 0);
	touch("b/bin/qmail-queue", 0755);
	touch("b/bin/forward", 0700);
	touch("b/bin/forward.d", 0600);
	touch("b/bin/qmail-upq", 0755);
	touch("b/man/qmail-queue.8", 0600);
	touch("b/man/README", 0600);
	touch("b/boot/home", 0755);
	touch("b/boot/tcp.smtp", 0644);
	touch("b/boot/quickstart", 0755);
	touch("b/boot/s6/run", 0755);
	assert_true(hier_make(&h, "b", &l));
	e = find(&h, "bin/qmail-queue", 0);
	assert_non_null(e);
	assert_int_equal(e->mode, 04711);
	assert_int_equal(e->owner, CONF_QMAILQ);
	assert_string_equal(e->source, "b/bin/qmail-queue");
	e = find(&h, "bin/forward", 0);
	assert_non_null(e);
	assert_int_equal(e->mode, 0755);
	assert_null(find(&h, "bin/forward.d", 0));
	assert_null(find(&h, "bin/qmail-upq", 0));
	assert_null(find(&h, "bin/qmail-send", 0));
	e = find(&h, "man/man8/qmail-queue.8", 0);
	assert_non_null(e);
	assert_int_equal(e->mode, 0644);
	assert_null(find(&h, "man/manE/README", 0));
	assert_int_equal(find(&h, "boot/home", 0)->mode, 0755);
	assert_int_equal(find(&h, "boot/tcp.smtp", 0)->mode, 0644);
	assert_null(find(&h, "boot/quickstart", 0));
	assert_int_equal(find(&h, "boot/s6", 0)->type, HIER_DIR);
	assert_int_equal(find(&h, "boot/s6/run", 0)->mode, 0755);
	assert_int_equal(chdir("/"), 0);
}

int main(void)
{
	struct CMUnitTest const tests[] = {
		cmocka_unit_test(rows_of_a_new_queue),
		cmocka_unit_test(directories_come_before_what_is_in_them),
		cmocka_unit_test(mess_0_is_the_last_of_the_queue),
		cmocka_unit_test(only_what_was_built),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
