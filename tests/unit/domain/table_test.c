/* SPDX-License-Identifier: ISC */

#include "domain/table.h"

#include "unit.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <cdb.h>
#include <skalibs/djbunix.h>

#include "home.h"
#include "proto/users.h"

#define LINE "+a.org-:john:1001:1002:/h/a.org:-::"

typedef struct row
{
	char const *name;
	char const *virtualdomains;     /* null: no file */
	char const *assign;
	int knows;                      /* a.org */
	int elsewhere;
	int others;
} row;

static void lookups(void **state)
{
	static row const rows[] =
	{
		{ "no files", 0, 0, 0, 0, 0 },
		{ "empty files", "", "", 0, 0, 0 },
		{ "its own line", "a.org:a.org\n", LINE "\n.\n", 1, 0, 0 },
		{ "no end, case", "A.Org:a.ORG", 0, 1, 0, 0 },
		{ "assign alone", "b:c\n", LINE "\n.\n", 1, 0, 0 },
		{ "assign without an end", 0, LINE, 1, 0, 0 },
		{ "assign behind the end", 0, ".\n" LINE "\n", 0, 0, 0 },
		{ "elsewhere", "a.org:foo\n", 0, 1, 1, 0 },
		{ "an empty prefix", "a.org:\n", 0, 1, 1, 0 },
		{ "the last of several", "a.org:foo\na.org:a.org\n", 0, 1, 0, 0 },
		{ "below it", "a.org:a.org-sub\n", 0, 1, 0, 0 },
		{ "a longer name is another", "a.org:a.orgs\n", 0, 1, 1, 0 },
		{ "another leads here", "a.org:a.org\nb.org:a.org\n", 0, 1, 0, 1 },
		{ "another leads below", "b.org:A.ORG-x\n", 0, 0, 0, 1 },
		{ "an address leads here", "x@a.org:a.org\n", 0, 0, 0, 1 },
		{ "a suffix leads here", ".a.org:a.org\n", 0, 0, 0, 1 },
		{ "another leads to what begins so", "b.org:a.orgs\nc.org:a.or\nd.org:-a.org\n", 0, 0, 0, 0 },
		{ "a comment", "#a.org:a.org\n# b.org:a.org\n", 0, 0, 0, 0 },
		{ "no colon", "a.org\n", 0, 0, 0, 0 },
		{ "8-bit", "\xff:a.org\n", 0, 0, 0, 1 },
	};
	row const *c;

	(void)state;
	UNIT_EACH(c, rows) {
		table t = TABLE_ZERO;

		unlink("control/virtualdomains");
		unlink("users/assign");
		if (c->virtualdomains)
			unit_write("control/virtualdomains", c->virtualdomains);
		if (c->assign)
			unit_write("users/assign", c->assign);
		if (!table_load(&t) || table_knows(&t, "a.org") != c->knows
		 || table_leads_elsewhere(&t, "a.org") != c->elsewhere
		 || table_serves_others(&t, "a.org") != c->others)
			fail_msg("%s", c->name);
		table_free(&t);
	}
}

/* Where the text is cut, at whatever byte, tables say what the lines say that are left. */
static void cut(void **state)
{
	static char const text[] = "#\nb.org:a.org\n\xff:\0:x\na.org:a.org";
	size_t n;

	(void)state;
	for (n = 0; n < sizeof text; n++) {
		table t = TABLE_ZERO;

		unit_write_bytes("control/virtualdomains", text, n);
		assert_true(table_load(&t));
		assert_int_equal(table_serves_others(&t, "a.org"), n >= strlen("#\nb.org:a.org"));
		assert_int_equal(table_leads_elsewhere(&t, "a.org"), n > sizeof text - 7 && n < sizeof text - 1);
		table_free(&t);
	}
}

static void unreadable(void **state)
{
	static char const *const files[] = { "control/virtualdomains", "users/assign" };
	compiled_source from;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof files / sizeof *files; i++) {
		table t = TABLE_ZERO;

		unlink(files[i]);
		assert_int_equal(mkdir(files[i], 0755), 0);
		assert_false(table_load(&t));
		assert_int_equal(errno, EISDIR);
		assert_false(table_load_used(&t, &from));
		assert_int_equal(rmdir(files[i]), 0);
		table_free(&t);
	}
}

static void addresses(void **state)
{
	table t = TABLE_ZERO;
	size_t i = 0;

	(void)state;
	unit_write("control/virtualdomains", "x@A.org:foo\na.org:a\ny@b.a.org:z\nyy@ba.org:z\n@a.org:foo\nlast@a.org:foo");
	assert_true(table_load(&t));
	assert_string_equal(table_address(&t, "a.org", &i), "x@A.org:foo");
	assert_string_equal(table_address(&t, "a.org", &i), "@a.org:foo");
	assert_string_equal(table_address(&t, "a.org", &i), "last@a.org:foo");
	assert_null(table_address(&t, "a.org", &i));
	assert_null(table_address(&t, "a.org", &i));
	table_free(&t);
}

/* ---- the list */

static void make_cdb(char const *line)
{
	int fd = unit_create("users/cdb");
	stralloc key = STRALLOC_ZERO;
	stralloc data = STRALLOC_ZERO;
	struct cdb_make c;
	users_line l;

	assert_int_equal(users_line_parse(&l, line, strlen(line)), USERS_LINE_OK);
	assert_true(users_line_record(&l, &key, &data));
	assert_int_equal(cdb_make_start(&c, fd), 0);
	assert_int_equal(cdb_make_add(&c, key.s, (unsigned int)key.len, data.s, (unsigned int)data.len), 0);
	assert_int_equal(cdb_make_add(&c, "", 0, "-", 1), 0);
	assert_int_equal(cdb_make_finish(&c), 0);
	close(fd);
	stralloc_free(&key);
	stralloc_free(&data);
}

static int list(stralloc *out)
{
	compiled_source from;
	table t = TABLE_ZERO;
	int ok = table_load_used(&t, &from);

	assert_true(ok);
	out->len = 0;
	ok = table_list(&t, out);
	table_free(&t);
	return ok;
}

static void expect(stralloc const *out, char const *text)
{
	assert_int_equal(out->len, strlen(text));
	assert_memory_equal(out->s, text, out->len);
}

static void lists(void **state)
{
	static char const listed[] = "a.org\ta.org\tjohn\t/h/a.org\n.B.org\tfoo\t-\t-\nno\t-\t-\t-\n";
	stralloc out = STRALLOC_ZERO;
	stralloc whole = STRALLOC_ZERO;
	size_t n;

	(void)state;
	unit_write("control/virtualdomains", "a.org:old\n# c\na.org:a.org\nx@a.org:y\n.B.org:foo\n:all\nnocolon\nno:\n");
	unlink("users/cdb");
	assert_true(list(&out));
	expect(&out, "a.org\ta.org\t-\t-\n.B.org\tfoo\t-\t-\nno\t-\t-\t-\n");
	make_cdb(LINE);
	assert_true(list(&out));
	expect(&out, listed);
	/* what hides in names must not be a column or a line; nor control a terminal */
	unit_write("control/virtualdomains", "a\tb\x1b:c\td\n");
	assert_true(list(&out));
	assert_null(memchr(out.s, 0x1b, out.len));
	assert_int_equal(out.len - 1, (size_t)((char *)memchr(out.s, '\n', out.len) - out.s));
	/* a table that is cut anywhere is damaged, or says what it said: it is never one without john */
	unit_write("control/virtualdomains", "a.org:a.org\n");
	assert_true(openslurpclose(&whole, "users/cdb"));
	for (n = 0; n < whole.len; n++) {
		unit_write_bytes("users/cdb", whole.s, n);
		if (list(&out))
			expect(&out, "a.org\ta.org\tjohn\t/h/a.org\n");
	}
	assert_true(openslurpclose(&out, "users/cdb"));
	stralloc_free(&whole);
	stralloc_free(&out);
}

int main(void)
{
	static struct CMUnitTest const tests[] =
	{
		cmocka_unit_test(lookups),
		cmocka_unit_test(cut),
		cmocka_unit_test(unreadable),
		cmocka_unit_test(addresses),
		cmocka_unit_test(lists),
	};

	return cmocka_run_group_tests(tests, unit_home_make, unit_home_end);
}
