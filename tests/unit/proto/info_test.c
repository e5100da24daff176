/* SPDX-License-Identifier: ISC */

#include "proto/info.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define S(x) x, sizeof x - 1

static void files(void **state)
{
	static struct { char const *name, *s; size_t n; info_status status; char const *sender; size_t len; } const cases[] = {
		{ "usual", S("Fa@b\0"), INFO_OK, S("a@b") },
		{ "null sender", S("F\0"), INFO_OK, S("") },
		{ "verp", S("Flist-@host-@[]\0"), INFO_OK, S("list-@host-@[]") },
		{ "8 bit", S("F\200\377\n\0"), INFO_OK, S("\200\377\n") },
		{ "more behind", S("Fa\0Tb\0"), INFO_OK, S("a") },
		{ "empty", S(""), INFO_CUT, S("") },
		{ "letter only", S("F"), INFO_CUT, S("") },
		{ "cut", S("Fs@x.exa"), INFO_CUT, S("s@x.exa") },
		{ "another letter", S("Xa\0"), INFO_BAD, 0, 0 },
		{ "NUL", S("\0"), INFO_BAD, 0, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *block = malloc(cases[i].n + 1);
		char const *sender = 0;
		size_t len = 0;

		memcpy(block, cases[i].s, cases[i].n);
		block = realloc(block, cases[i].n ? cases[i].n : 1);
		assert_int_equal(info_scan(block, cases[i].n, &sender, &len), cases[i].status);
		assert_int_equal(len, cases[i].len);
		if (len)
			assert_memory_equal(sender, cases[i].sender, len);
		free(block);
	}
}

static void written_is_read_and_every_prefix_is_cut(void **state)
{
	stralloc sa = STRALLOC_ZERO;
	char const *sender;
	size_t len, n;

	(void)state;
	assert_true(info_put(&sa, "a\200@b", 4));
	for (n = 0; n < sa.len; n++)
		assert_int_equal(info_scan(sa.s, n, &sender, &len), INFO_CUT);
	assert_int_equal(info_scan(sa.s, sa.len, &sender, &len), INFO_OK);
	assert_int_equal(len, 4);
	assert_string_equal(sender, "a\200@b");
	stralloc_free(&sa);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(files),
		cmocka_unit_test(written_is_read_and_every_prefix_is_cut),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
