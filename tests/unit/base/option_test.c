/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "base/option.h"

/* What is read, as letter or letter=value, then | and the arguments that are left. */
static void read_all(stralloc *sa, char const *const *argv, char const *letters)
{
	subgetopt l = SUBGETOPT_ZERO;
	int argc = 0;
	int letter;

	while (argv[argc])
		argc++;
	sa->len = 0;
	while ((letter = option_next(argc, argv, letters, &l)) != -1) {
		if (letter == '?') {
			assert_true(option_mistake(sa, argv[0], letters, &l));
			break;
		}
		assert_true(stralloc_append(sa, (char)letter));
		if (strchr(letters, letter)[1] == ':')
			assert_true(stralloc_append(sa, '=') && stralloc_cats(sa, l.arg));
		assert_true(stralloc_append(sa, ' '));
	}
	if (letter == -1) {
		assert_true(stralloc_append(sa, '|'));
		for (; l.ind < argc; l.ind++)
			assert_true(stralloc_append(sa, ' ') && stralloc_cats(sa, argv[l.ind]));
	}
	assert_true(stralloc_0(sa));
}

static void table(void **state)
{
	static struct row { char const *name; char const *argv[6]; char const *want; } const rows[] = {
		{ "none", { "p" }, "|" },
		{ "one", { "p", "-a", "x" }, "a | x" },
		{ "cluster", { "p", "-ab", "-a" }, "a b a |" },
		{ "value joined", { "p", "-fx", "y" }, "f=x | y" },
		{ "value apart", { "p", "-f", "x", "y" }, "f=x | y" },
		{ "empty value", { "p", "-f", "", "y" }, "f= | y" },
		{ "value in cluster", { "p", "-afx" }, "a f=x |" },
		{ "stops at argument", { "p", "x", "-a" }, "| x -a" },
		{ "stops at -", { "p", "-", "-a" }, "| - -a" },
		{ "-- ends", { "p", "-a", "--", "-b" }, "a | -b" },
		{ "--word ends", { "p", "--help", "-b" }, "| -b" },
		{ "-- as value", { "p", "-f", "--", "-b" }, "f=-- b |" },
		{ "unknown", { "/usr/bin/p", "-x" }, "p: illegal option -- x\n" },
		{ "unknown in cluster", { "p", "-ax" }, "a p: illegal option -- x\n" },
		{ "colon", { "p", "-:" }, "p: illegal option -- :\n" },
		{ "value missing", { "p", "-f" }, "p: option requires an argument -- f\n" },
		{ "empty argument", { "p", "" }, "| " },
	};
	struct row const *r;
	stralloc sa = STRALLOC_ZERO;

	(void)state;
	UNIT_EACH(r, rows) {
		read_all(&sa, r->argv, "abf:");
		if (strcmp(sa.s, r->want))
			fail_msg("%s: %s", r->name, sa.s);
	}
	stralloc_free(&sa);
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(option_name("sendmail"), "sendmail");
	assert_string_equal(option_name("/usr/bin/mailq"), "mailq");
	assert_string_equal(option_name("x/"), "");
	assert_string_equal(option_name(""), "");
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
