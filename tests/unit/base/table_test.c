/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/table.h"

static struct row { char const *name; char const *key; size_t n; char const *data; } const rows[] = {
	{ "empty key", "", 0, "-" },
	{ "an address", "!joe\0", 5, "joe" },
	{ "a prefix", "!joe-", 5, "joe too" },
	{ "a twin", "!jof", 4, "x" },
	{ "no data", "example.com", 11, "" },
	{ "a long key", "a.very.long.domain.name.that.somebody.has.registered.example", 60, "y" },
};

static char *good;
static size_t size;
static int fd = -1;

static int set_up(void **state)
{
	char name[] = "/tmp/table_test.XXXXXX";
	struct cdb_make m;
	struct row const *c;
	struct stat st;
	int i;

	(void)state;
	fd = mkstemp(name);
	if (fd < 0 || unlink(name) < 0 || cdb_make_start(&m, fd) < 0)
		return -1;
	UNIT_EACH (c, rows)
		if (cdb_make_add(&m, c->key, (unsigned int)c->n, c->data, (unsigned int)strlen(c->data)) < 0)
			return -1;
	/* several to a table */
	for (i = 0; i < 600; i++)
		if (cdb_make_add(&m, &i, sizeof i, "z", 1) < 0)
			return -1;
	if (cdb_make_finish(&m) < 0 || fstat(fd, &st) < 0)
		return -1;
	size = (size_t)st.st_size;
	good = malloc(size);
	return good && pread(fd, good, size, 0) == (ssize_t)size ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	free(good);
	return close(fd);
}

static int find(char const *key, size_t n)
{
	struct cdb c;
	int r;

	if (cdb_init(&c, fd) < 0)
		return -1;
	errno = 0;
	r = table_find(&c, key, n);
	if (r < 0)
		assert_int_not_equal(errno, 0);
	cdb_free(&c);
	return r;
}

static void whole(void **state)
{
	struct row const *c;
	int i;

	(void)state;
	UNIT_EACH (c, rows) {
		print_message("%s\n", c->name);
		assert_int_equal(find(c->key, c->n), 1);
	}
	for (i = 0; i < 600; i++)
		assert_int_equal(find((char const *)&i, sizeof i), 1);
	for (; i < 3000; i++)
		assert_int_equal(find((char const *)&i, sizeof i), 0);
	assert_int_equal(find("!joe", 4), 0);
}

/* A key that was put in is found, or the damage is: nobody may hear that it is not there. */
static void no_key_disappears(void)
{
	struct row const *c;

	UNIT_EACH (c, rows)
		assert_int_not_equal(find(c->key, c->n), 0);
}

static void every_byte(void **state)
{
	size_t i;
	int how;

	(void)state;
	for (i = 0; i < size; i++)
		for (how = 0; how < 4; how++) {
			char const bad[] = { 0, (char)255, (char)(good[i] ^ 0x20), (char)(good[i] ^ 1) };

			if (bad[how] == good[i])
				continue;
			assert_int_equal(pwrite(fd, bad + how, 1, (off_t)i), 1);
			no_key_disappears();
			assert_int_equal(pwrite(fd, good + i, 1, (off_t)i), 1);
		}
}

static void every_length(void **state)
{
	size_t n;

	(void)state;
	for (n = size; n-- > 0;) {
		assert_int_equal(ftruncate(fd, (off_t)n), 0);
		assert_int_equal(find("none", 4), -1);
		no_key_disappears();
	}
	assert_int_equal(pwrite(fd, good, size, 0), (ssize_t)size);
	for (n = 0; n < 20; n++) {
		assert_int_equal(pwrite(fd, "\xff", 1, (off_t)(size + n)), 1);
		no_key_disappears();
		assert_int_equal(find("none", 4), -1);
	}
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	assert_int_equal(find("none", 4), 0);
}

static void no_key_at_all(void **state)
{
	struct cdb_make m;

	(void)state;
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(cdb_make_start(&m, fd), 0);
	assert_int_equal(cdb_make_finish(&m), 0);
	assert_int_equal(find("", 0), 0);
	assert_int_equal(find("x", 1), 0);
	assert_int_equal(pwrite(fd, good, size, 0), (ssize_t)size);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(whole),
		cmocka_unit_test(every_byte),
		cmocka_unit_test(every_length),
		cmocka_unit_test(no_key_at_all),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
