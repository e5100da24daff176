/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "home.h"
#include "proto/compiled.h"
#include "proto/hosts.h"

static char const few[] = "control/rcpthosts";
static char const compiled[] = "control/rcpthosts.cdb";
static char const more[] = "control/morercpthosts.cdb";

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
	int fd = unit_create(more);
	size_t i;

	(void)state;
	assert_int_equal(cdb_make_start(&c, fd), 0);
	for (i = 0; i < 2; i++)
		assert_int_equal(cdb_make_add(&c, names[i], (unsigned int)strlen(names[i]), "", 0), 0);
	assert_int_equal(cdb_make_finish(&c), 0);
	close(fd);
	unit_write(few, "c.example\n");
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
	unit_write(more, "junk");
	load(&h, 1, "");
	assert_false(h.present);
	assert_int_equal(hosts_more(&h, "a.example", 9), 0);
	hosts_free(&h);
	unlink(more);
	unit_write(few, "");
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
		unit_write(few, texts[i]);
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
	unit_write(few, "ok\n");
	unit_write(more, "junk");
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
	struct stat st;
	stralloc notes = STRALLOC_ZERO;
	control_list l = CONTROL_LIST_ZERO;
	hosts h = HOSTS_ZERO;
	int fd;

	(void)state;
	unit_write(few, "c.example\n");
	assert_int_equal(stat(few, &st), 0);
	fd = unit_create(compiled);
	assert_true(control_list_parse(&l, "A.example\n.b.example\n", 22));
	assert_true(compiled_write(fd, &l, 0, &st));
	close(fd);
	control_list_free(&l);
	assert_true(hosts_load(&h, &notes) && h.present);
	assert_int_equal(h.list.n, 0);
	assert_int_equal(hosts_more(&h, "a.example", 9), 1);
	assert_int_equal(hosts_more(&h, ".b.example", 10), 1);
	assert_int_equal(hosts_more(&h, "c.example", 9), 0);
	hosts_free(&h);
	unit_let_pass();
	unit_write(compiled, "junk");
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

	return cmocka_run_group_tests(tests, unit_home_make, unit_home_end);
}
