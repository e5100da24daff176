/* SPDX-License-Identifier: ISC */

#include "route/assign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cdb.h>
#include <cmocka.h>

#include "proto/users.h"

static void put(struct cdb_make *c, stralloc const *key, stralloc const *data)
{
	assert_int_equal(cdb_make_add(c, key->s, (unsigned int)key->len, data->s, (unsigned int)data->len), 0);
}

/* A table of these lines, as qmail-newu makes it. */
static int table_make(char const *const *lines)
{
	int fd = memfd_create("cdb", MFD_CLOEXEC);
	struct cdb_make c;
	stralloc key = STRALLOC_ZERO;
	stralloc data = STRALLOC_ZERO;
	stralloc wild = STRALLOC_ZERO;

	assert_true(fd >= 0);
	assert_int_equal(cdb_make_start(&c, fd), 0);
	for (; *lines; lines++) {
		users_line l;

		assert_int_equal(users_line_parse(&l, *lines, strlen(*lines)), USERS_LINE_OK);
		key.len = data.len = 0;
		assert_true(users_line_record(&l, &key, &data));
		put(&c, &key, &data);
		if (l.sign == '+' && l.locallen)
			assert_true(stralloc_catb(&wild, key.s + key.len - 1, 1));
	}
	key.len = 0;
	put(&c, &key, &wild);
	assert_int_equal(cdb_make_finish(&c), 0);
	stralloc_free(&key);
	stralloc_free(&data);
	stralloc_free(&wild);
	return fd;
}

static char const *const manual[] = {
	"=john:john:1000:1000:/home/john:::",
	"=zeke:john:1000:1000:/home/john:::",
	"=other:john:1000:1000:/home/john:-:zeke:",
	"+john-:john:1000:1000:/home/john:-::",
	"+example-:john:1000:1000:/home/example.com:-::",
	"+example.com-:example.com:89:89:/var/lib/vpopmail/domains/example.com:-::",
	"=John.Doe:jd:1001:1001:/home/jd:::",
	"+foo-bar-:fb:1003:1003:/home/fb:-:pre-:",
	"+foo-:foo:1002:1002:/home/foo:-::",
	"=foo-bar-exact:ex:1004:1004:/home/ex:::",
	"=twice:first:1005:1005:/home/first:::",
	"=twice:second:1006:1006:/home/second:::",
	"+UpX:up:1007:1007:/home/up:-::",
	0,
};

static void manual_examples(void **state)
{
	static struct { char const *local; char const *home; char const *dash; char const *ext; } const cases[] =
	{
		{ "john", "/home/john", "", "" },
		{ "zeke", "/home/john", "", "" },
		{ "other", "/home/john", "-", "zeke" },
		{ "john-test", "/home/john", "-", "test" },
		{ "john-anything", "/home/john", "-", "anything" },
		{ "john-", "/home/john", "-", "" },
		{ "JOHN-Test", "/home/john", "-", "Test" },
		{ "john-a-B", "/home/john", "-", "a-B" },
		{ "zeke-x", 0, 0, 0 },
		{ "johnx", 0, 0, 0 },
		{ "example-user", "/home/example.com", "-", "user" },
		{ "example", 0, 0, 0 },
		{ "example.com-user", "/var/lib/vpopmail/domains/example.com", "-", "user" },
		{ "example.com-", "/var/lib/vpopmail/domains/example.com", "-", "" },
		{ "john.doe", "/home/jd", "", "" },
		{ "JOHN.DOE", "/home/jd", "", "" },
		{ "FOO-BAR-Qux", "/home/fb", "-", "pre-Qux" },
		{ "foo-bar", "/home/foo", "-", "bar" },
		{ "foo-bar-", "/home/fb", "-", "pre-" },
		{ "foo-baz-Qux", "/home/foo", "-", "baz-Qux" },
		{ "foo-bar-exact", "/home/ex", "", "" },
		{ "foo-bar-exact-x", "/home/fb", "-", "pre-exact-x" },
		{ "twice", "/home/first", "", "" },
		{ "upx", "/home/up", "-", "" },
		{ "UpXyz", "/home/up", "-", "yz" },
		{ "", 0, 0, 0 },
		{ "-", 0, 0, 0 },
		{ "nobody", 0, 0, 0 },
		{ "\303\211", 0, 0, 0 },
	};
	int fd = table_make(manual);
	stralloc record = STRALLOC_ZERO;
	struct cdb c;
	size_t i;

	(void)state;
	assert_int_equal(cdb_init(&c, fd), 0);
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		char const *local = cases[i].local;
		users_record r;
		assign_status st = assign_lookup(assign_cdb, &c, local, strlen(local), &record);

		assert_int_equal(st, cases[i].home ? ASSIGN_FOUND : ASSIGN_NONE);
		if (st != ASSIGN_FOUND)
			continue;
		assert_int_equal(users_record_parse(&r, record.s, record.len), USERS_RECORD_OK);
		assert_string_equal(r.home, cases[i].home);
		assert_string_equal(r.dash, cases[i].dash);
		assert_string_equal(r.ext, cases[i].ext);
	}
	cdb_free(&c);
	close(fd);
	stralloc_free(&record);
}

static void catch_all(void **state)
{
	static char const *const lines[] = { "+:alias:7790:2108:/var/alias:-::", "=joe:joe:1:1:/joe:::", 0 };
	static struct { char const *local; char const *ext; } const cases[] =
	{
		{ "joe", "" }, { "joe-x", "joe-x" }, { "Anybody", "Anybody" }, { "", "" }, { "-", "-" },
	};
	int fd = table_make(lines);
	stralloc record = STRALLOC_ZERO;
	struct cdb c;
	size_t i;

	(void)state;
	assert_int_equal(cdb_init(&c, fd), 0);
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		users_record r;

		assert_int_equal(assign_lookup(assign_cdb, &c, cases[i].local, strlen(cases[i].local), &record), ASSIGN_FOUND);
		assert_int_equal(users_record_parse(&r, record.s, record.len), USERS_RECORD_OK);
		assert_string_equal(r.ext, cases[i].ext);
	}
	cdb_free(&c);
	close(fd);
	stralloc_free(&record);
}

/* ---- order */

typedef struct asked
{
	char log[256];
	char const *set;        /* null: the table lacks its set */
	size_t fail_at;         /* the question that the table cannot answer */
	size_t n;
} asked;

static int ask(void *table, char const *key, size_t n, char const **data, size_t *datalen)
{
	asked *a = table;

	if (++a->n == a->fail_at)
		return -1;
	if (n == 0) {
		*data = a->set;
		*datalen = a->set ? strlen(a->set) : 0;
		return a->set != 0;
	}
	strncat(a->log, key, n);
	strcat(a->log, " ");
	return 0;
}

static void order(void **state)
{
	static struct { char const *set; char const *local; char const *expect; } const cases[] =
	{
		{ "-", "a-B-c", "!a-b-c !a-b- !a- ! " },
		{ "-.", "a.b-", "!a.b- !a.b- !a. ! " },
		{ "", "a-b", "!a-b ! " },
		{ "-", "", "! ! " },
		{ "b", "ab", "!ab !ab ! " },
		{ "!", "a!b", "!a!b !a! ! " },
	};
	stralloc record = STRALLOC_ZERO;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		asked a = { .set = cases[i].set };
		size_t questions;

		assert_int_equal(assign_lookup(ask, &a, cases[i].local, strlen(cases[i].local), &record), ASSIGN_NONE);
		assert_string_equal(a.log, cases[i].expect);
		for (questions = a.n; questions > 0; questions--) {
			asked bad = { .set = cases[i].set, .fail_at = questions };

			assert_int_equal(assign_lookup(ask, &bad, cases[i].local, strlen(cases[i].local), &record), ASSIGN_DAMAGED);
		}
	}
	{
		asked a = { .set = 0 };

		assert_int_equal(assign_lookup(ask, &a, "a", 1, &record), ASSIGN_DAMAGED);
	}
	stralloc_free(&record);
}

/* ---- damage */

/* Whatever is done to the file, there is an answer, and a record that is found is one of the file's bytes. */
static void damaged_file(void **state)
{
	static char const *const lines[] = { "=joe:joe:1:1:/joe:::", "+joe-:joe:1:1:/joe:-::", 0 };
	static unsigned char const values[] = { 0, 0xff, 0x7f };
	int fd = table_make(lines);
	off_t size = lseek(fd, 0, SEEK_END);
	stralloc record = STRALLOC_ZERO;
	unsigned char *good = malloc((size_t)size);
	off_t i;
	size_t v;

	(void)state;
	assert_non_null(good);
	assert_int_equal(pread(fd, good, (size_t)size, 0), size);
	for (i = 0; i < size; i++)
		for (v = 0; v < sizeof values; v++) {
			struct cdb c;

			assert_int_equal(pwrite(fd, values + v, 1, i), 1);
			if (cdb_init(&c, fd) == 0) {
				(void)assign_lookup(assign_cdb, &c, "joe-x", 5, &record);
				cdb_free(&c);
			}
			assert_int_equal(pwrite(fd, good + i, 1, i), 1);
		}
	/* Cut in the middle of the records or of the index: never "no such user". */
	for (i = size - 1; i >= 0; i--) {
		struct cdb c;

		assert_int_equal(ftruncate(fd, i), 0);
		if (cdb_init(&c, fd) == 0) {
			assign_status st = assign_lookup(assign_cdb, &c, "joe-x", 5, &record);

			assert_true(st == ASSIGN_DAMAGED || st == ASSIGN_FOUND);
			cdb_free(&c);
		}
	}
	close(fd);
	free(good);
	stralloc_free(&record);
}

int main(void)
{
	static struct CMUnitTest const tests[] =
	{
		cmocka_unit_test(manual_examples),
		cmocka_unit_test(catch_all),
		cmocka_unit_test(order),
		cmocka_unit_test(damaged_file),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
