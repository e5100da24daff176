/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "base/control.h"

static char dir[] = "/tmp/control_test.XXXXXX";

static int enter(void **state)
{
	(void)state;
	return mkdtemp(dir) && chdir(dir) == 0 && mkdir("control", 0700) == 0 ? 0 : -1;
}

static int leave(void **state)
{
	(void)state;
	return chdir("/") == 0 && rm_rf(dir) == 0 ? 0 : -1;
}

static void put(char const *file, char const *s, size_t n)
{
	assert_true(openwritenclose_unsafe(file, s, n));
}

/* Nobody ever writes into it, and nobody waits for that. */
static void fifo(void **state)
{
	stralloc sa = STRALLOC_ZERO;
	control_list l = CONTROL_LIST_ZERO;
	unsigned int n = 7;

	(void)state;
	assert_int_equal(mkfifo("control/f", 0600), 0);
	assert_int_equal(control_readline(&sa, "control/f"), CONTROL_ERROR);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(control_readint(&n, "control/f"), CONTROL_ERROR);
	assert_int_equal(n, 7);
	assert_int_equal(control_readlist(&l, "control/f", 0), CONTROL_ERROR);
	unlink("control/f");
	stralloc_free(&sa);
	control_list_free(&l);
}

static void line(void **state)
{
	static struct { char const *name; char const *text; size_t n; char const *want; } const table[] = {
		{ "plain", "a.b\n", 4, "a.b" },
		{ "no newline", "a.b", 3, "a.b" },
		{ "trailing blanks and tabs", "a.b \t \nx\n", 9, "a.b" },
		{ "leading blank stays", " a\n", 3, " a" },
		{ "carriage return is data", "a\r\n", 3, "a\r" },
		{ "first line only", "a\nb\n", 4, "a" },
		{ "empty file is present", "", 0, "" },
		{ "empty first line", "\nb\n", 3, "" },
		{ "comment is not special", "#a\n", 3, "#a" },
	};
	stralloc sa = STRALLOC_ZERO;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof table / sizeof table[0]; i++) {
		put("control/x", table[i].text, table[i].n);
		print_message("%s\n", table[i].name);
		assert_int_equal(control_readline(&sa, "control/x"), CONTROL_READ);
		assert_int_equal(sa.len, strlen(table[i].want));
		assert_memory_equal(sa.s ? sa.s : "", table[i].want, sa.len);
	}
	unlink("control/x");
	assert_int_equal(control_readline(&sa, "control/x"), CONTROL_ABSENT);
	assert_int_equal(sa.len, 0);
	assert_int_equal(control_readline(&sa, "control"), CONTROL_ERROR);
	stralloc_free(&sa);
}

/* As long as what is read at once, shorter, longer; and what tells no size before it is read. */
static void sizes(void **state)
{
	static size_t const lengths[] = { 0, 1, 4095, 4096, 4097, 8192, 20000 };
	static char text[20000];
	stralloc sa = STRALLOC_ZERO;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof text; i++)
		text[i] = (char)('a' + i % 23);
	for (i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		put("f", text, lengths[i]);
		assert_int_equal(control_readline(&sa, "f"), CONTROL_READ);
		assert_int_equal(sa.len, lengths[i]);
		assert_non_null(sa.s);
		assert_memory_equal(sa.s, text, lengths[i]);
	}
	assert_int_equal(control_readline(&sa, "/dev/null"), CONTROL_READ);
	assert_int_equal(sa.len, 0);
	assert_int_equal(control_readline(&sa, "/proc/self/cmdline"), CONTROL_READ);
	assert_true(sa.len > 0);
	stralloc_free(&sa);
}

static void default_of_a_line(void **state)
{
	stralloc sa = STRALLOC_ZERO;

	(void)state;
	unlink("control/me");
	unlink("control/x");
	assert_int_equal(control_readdefault(&sa, "control/x", 1, 0), CONTROL_ABSENT);
	assert_int_equal(control_readdefault(&sa, "control/x", 1, "lit"), CONTROL_READ);
	assert_memory_equal(sa.s, "lit", 3);
	put("control/me", "me.example\n", 11);
	assert_int_equal(control_readdefault(&sa, "control/x", 1, "lit"), CONTROL_READ);
	assert_memory_equal(sa.s, "me.example", 10);
	assert_int_equal(control_readdefault(&sa, "control/x", 0, "lit"), CONTROL_READ);
	assert_int_equal(sa.len, 3);
	put("control/x", "", 0);
	assert_int_equal(control_readdefault(&sa, "control/x", 1, "lit"), CONTROL_READ);
	assert_int_equal(sa.len, 0);
	unlink("control/me");
	unlink("control/x");
	stralloc_free(&sa);
}

static void integer(void **state)
{
	static struct { char const *text; control_status want; unsigned int n; } const table[] = {
		{ "10\n", CONTROL_READ, 10 },
		{ "0", CONTROL_READ, 0 },
		{ "20 \n", CONTROL_READ, 20 },
		{ "30x", CONTROL_READ, 30 },
		{ "4294967295", CONTROL_READ, UINT_MAX },
		{ "4294967296", CONTROL_READ, UINT_MAX },
		{ "99999999999999999999999999", CONTROL_READ, UINT_MAX },
		{ "x", CONTROL_BAD, 7 },
		{ "-1", CONTROL_BAD, 7 },
		{ "+1", CONTROL_BAD, 7 },
		{ " 1", CONTROL_BAD, 7 },
		{ "", CONTROL_BAD, 7 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof table / sizeof table[0]; i++) {
		unsigned int n = 7;

		put("control/n", table[i].text, strlen(table[i].text));
		print_message("'%s'\n", table[i].text);
		assert_int_equal(control_readint(&n, "control/n"), table[i].want);
		assert_int_equal(n, table[i].n);
	}
}

static void list(void **state)
{
	static char const text[] = "one\n\n# no\n two \t\n\t\n #kept\nn\0cut\nlast";
	static char const want[] = "one\0 two\0 #kept\0n\0last";
	static size_t const lines[] = { 1, 4, 6, 7, 8 };
	control_list l = CONTROL_LIST_ZERO;
	size_t i;

	(void)state;
	put("control/l", text, sizeof text - 1);
	assert_int_equal(control_readlist(&l, "control/l", 0), CONTROL_READ);
	assert_int_equal(l.n, 5);
	assert_int_equal(l.entries.len, sizeof want);
	assert_memory_equal(l.entries.s, want, sizeof want);
	for (i = 0; i < l.n; i++)
		assert_int_equal(control_line(&l, i), lines[i]);

	/* an error leaves what was read before */
	assert_int_equal(control_readlist(&l, "control", 0), CONTROL_ERROR);
	assert_int_equal(l.n, 5);

	assert_int_equal(control_readlist(&l, "control/none", 0), CONTROL_ABSENT);
	assert_int_equal(l.n, 0);
	put("control/me", "host.example\n", 13);
	assert_int_equal(control_readlist(&l, "control/none", 1), CONTROL_READ);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.entries.s, "host.example");
	put("control/empty", "", 0);
	assert_int_equal(control_readlist(&l, "control/empty", 1), CONTROL_READ);
	assert_int_equal(l.n, 0);
	control_list_free(&l);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(fifo),
		cmocka_unit_test(line),
		cmocka_unit_test(sizes),
		cmocka_unit_test(default_of_a_line),
		cmocka_unit_test(integer),
		cmocka_unit_test(list),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
