/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/compiled.h"
#include "proto/hosts.h"

static char home[] = "/tmp/hosts_test.XXXXXX";
static char const few[] = "control/rcpthosts";
static char const compiled[] = "control/rcpthosts.cdb";
static char const more[] = "control/morercpthosts.cdb";

static int create(char const *file)
{
	int fd = open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	return fd;
}

static void write_file(char const *file, char const *text)
{
	int fd = create(file);

	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void load(hosts *h, int expected, char const *note)
{
	stralloc notes = STRALLOC_ZERO;

	*h = (hosts)HOSTS_ZERO;
	assert_int_equal(hosts_load(h, &notes), expected);
	assert_true(stralloc_0(&notes));
	if (*note)
		assert_non_null(strstr(notes.s, note));
	else
		assert_string_equal(notes.s, "");
	stralloc_free(&notes);
}

static int tidy(void **state)
{
	(void)state;
	unlink(few);
	unlink(more);
	unlink(compiled);
	return 0;
}

static void listed(void **state)
{
	static char const *const names[] = { "a.example", ".b.example" };
	struct cdb_make c;
	hosts h;
	int fd = create(more);
	size_t i;

	(void)state;
	assert_int_equal(cdb_make_start(&c, fd), 0);
	for (i = 0; i < 2; i++)
		assert_int_equal(cdb_make_add(&c, names[i], (unsigned int)strlen(names[i]), "", 0), 0);
	assert_int_equal(cdb_make_finish(&c), 0);
	close(fd);
	write_file(few, "c.example\n");
	load(&h, 1, "");
	assert_true(h.present);
	assert_non_null(constmap_find(&h.few, "C.example", 9));
	assert_int_equal(hosts_more(&h, "a.example", 9), 1);
	assert_int_equal(hosts_more(&h, ".b.example", 10), 1);
	assert_int_equal(hosts_more(&h, "b.example", 9), 0);
	assert_int_equal(hosts_more(&h, "c.example", 9), 0);
	assert_int_equal(hosts_more(&h, "", 0), 0);
	hosts_free(&h);
	assert_int_equal(h.more.fd, -1);
}

static void absent(void **state)
{
	hosts h;

	(void)state;
	write_file(more, "junk");
	load(&h, 1, "");
	assert_false(h.present);
	assert_int_equal(hosts_more(&h, "a.example", 9), 0);
	hosts_free(&h);
	unlink(more);
	write_file(few, "");
	load(&h, 1, "");
	assert_true(h.present);
	assert_int_equal(hosts_more(&h, "a.example", 9), 0);
	hosts_free(&h);
}

static void mistaken(void **state)
{
	static char const *const texts[] = { "ok\nuser@host\n", "ok\nhost\r\n", "ok\n host\n" };
	hosts h;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		write_file(few, texts[i]);
		load(&h, 1, "control/rcpthosts: line 2: ");
		hosts_free(&h);
	}
}

static void unreadable(void **state)
{
	hosts h;

	(void)state;
	assert_int_equal(mkdir(few, 0755), 0);
	load(&h, 0, few);
	hosts_free(&h);
	rmdir(few);
}

static void damaged(void **state)
{
	stralloc notes = STRALLOC_ZERO;
	hosts h;

	(void)state;
	write_file(few, "ok\n");
	write_file(more, "junk");
	load(&h, 1, "");
	h.notes = &notes;
	assert_int_equal(hosts_more(&h, "a.example", 9), -1);
	hosts_damaged(&h);
	assert_memory_equal(notes.s, more, sizeof more - 1);
	assert_int_equal(hosts_more(&h, "a.example", 9), -1);
	hosts_free(&h);
	stralloc_free(&notes);
}

/* control/rcpthosts.cdb instead of the text; damaged, with a text beside it and without: never a list that allows all. */
static void instead(void **state)
{
	struct timespec const old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	stralloc notes = STRALLOC_ZERO;
	control_list l = CONTROL_LIST_ZERO;
	hosts h = HOSTS_ZERO;
	int fd = create(compiled);

	(void)state;
	assert_true(control_list_parse(&l, "A.example\n.b.example\n", 22));
	assert_true(compiled_write(fd, &l, 0));
	close(fd);
	control_list_free(&l);
	write_file(few, "c.example\n");
	assert_int_equal(utimensat(AT_FDCWD, few, old, 0), 0);
	assert_true(hosts_load(&h, &notes) && h.present);
	assert_int_equal(h.list.n, 0);
	assert_int_equal(hosts_more(&h, "a.example", 9), 1);
	assert_int_equal(hosts_more(&h, ".b.example", 10), 1);
	assert_int_equal(hosts_more(&h, "c.example", 9), 0);
	hosts_free(&h);
	write_file(compiled, "junk");
	assert_true(hosts_load(&h, &notes) && h.present);
	assert_int_equal(hosts_more(&h, "c.example", 9), 1);
	assert_int_equal(hosts_more(&h, "a.example", 9), 0);
	assert_non_null(constmap_find(&h.few, "c.example", 9));
	hosts_free(&h);
	assert_true(stralloc_0(&notes));
	assert_non_null(strstr(notes.s, compiled));
	unlink(few);
	assert_true(hosts_load(&h, &notes) && h.present);
	assert_int_equal(hosts_more(&h, "c.example", 9), -1);
	assert_true(h.present);
	assert_int_equal(hosts_more(&h, "c.example", 9), -1);
	hosts_damaged(&h);
	hosts_free(&h);
	unlink(compiled);
	assert_int_equal(mkdir(compiled, 0755), 0);
	assert_true(hosts_load(&h, &notes) == 0 || hosts_more(&h, "c.example", 9) < 0);
	hosts_free(&h);
	rmdir(compiled);
	stralloc_free(&notes);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test_teardown(listed, tidy),
		cmocka_unit_test_teardown(absent, tidy),
		cmocka_unit_test_teardown(mistaken, tidy),
		cmocka_unit_test_teardown(unreadable, tidy),
		cmocka_unit_test_teardown(damaged, tidy),
		cmocka_unit_test_teardown(instead, tidy),
	};
	int failed;

	if (!mkdtemp(home) || chdir(home) < 0 || mkdir("control", 0755) < 0)
		return 111;
	failed = cmocka_run_group_tests(tests, 0, 0);
	if (chdir("/") == 0 && chdir(home) == 0) {
		rmdir("control");
		rmdir(home);
	}
	return failed;
}
