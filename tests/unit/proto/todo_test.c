/* SPDX-License-Identifier: ISC */

#include "proto/todo.h"

#include <stdlib.h>
#include <string.h>

#include <skalibs/types.h>

#include "unit.h"

/* What a reader says of a file, as text: "u5 p6 F<a> T<b> " and at the end "whole", "cut" or "bad". */
static void describe(stralloc *out, char const *s, size_t n, size_t cut)
{
	todo_reader t = TODO_READER_ZERO;
	size_t ends[2] = { cut, n };
	size_t from = 0;
	size_t i;

	out->len = 0;
	for (i = 0; i < 2; i++) {
		size_t len = ends[i] - from;
		char *block = malloc(len ? len : 1);
		size_t pos = 0;
		todo_status st;

		memcpy(block, s + from, len);
		from = ends[i];
		while ((st = todo_next(&t, block, len, &pos)) > TODO_MORE) {
			char c = "?upFT"[st];
			char fmt[UINT64_FMT];

			stralloc_catb(out, &c, 1);
			if (st == TODO_UID || st == TODO_PID) {
				stralloc_catb(out, fmt, uint64_fmt(fmt, t.number));
			} else {
				assert_int_equal(t.address[t.len], 0);
				stralloc_cats(out, "<");
				stralloc_catb(out, t.address, t.len);
				stralloc_cats(out, ">");
			}
			stralloc_cats(out, " ");
		}
		free(block);
		if (st == TODO_BAD) {
			stralloc_cats(out, "bad");
			break;
		}
		assert_int_equal(st, TODO_MORE);
	}
	if (i == 2)
		stralloc_cats(out, todo_whole(&t) ? "whole" : "cut");
	stralloc_0(out);
	todo_free(&t);
}

#define S(x) x, sizeof x - 1

static void files(void **state)
{
	static struct { char const *name, *s; size_t n; char const *want; } const cases[] = {
		{ "usual", S("u5\0p67\0Fa@b\0Tc@d\0Te\0"), "u5 p67 F<a@b> T<c@d> T<e> whole" },
		{ "no recipient", S("u0\0p1\0F\0"), "u0 p1 F<> whole" },
		{ "empty recipient", S("u0\0p1\0F\0T\0"), "u0 p1 F<> T<> whole" },
		{ "recipient before sender", S("u5\0p6\0Ta\0Fs\0"), "u5 p6 T<a> F<s> whole" },
		{ "no numbers", S("Fs\0Tr\0"), "F<s> T<r> whole" },
		{ "numbers that are none", S("u\0px\0u12y\0Fs\0"), "u0 p0 u12 F<s> whole" },
		{ "number too big", S("u99999999999999999999\0Fs\0"), "u9999999999999999999 F<s> whole" },
		{ "8 bit", S("F\200\377\n\0"), "F<\200\377\n> whole" },
		{ "empty", S(""), "cut" },
		{ "no sender", S("u0\0p1\0Ta\0"), "u0 p1 T<a> cut" },
		{ "cut in a recipient", S("u0\0Fa\0Tb@exa"), "u0 F<a> cut" },
		{ "cut before the address", S("Fa\0T"), "F<a> cut" },
		{ "unknown letter", S("Fa\0Xb\0Tc\0"), "F<a> bad" },
		{ "empty record", S("Fa\0\0Tc\0"), "F<a> bad" },
		{ "two senders", S("Fa\0Fb\0Tc\0"), "F<a> bad" },
	};
	stralloc out = STRALLOC_ZERO;
	size_t i, cut;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (cut = 0; cut <= cases[i].n; cut++) {
			describe(&out, cases[i].s, cases[i].n, cut);
			assert_string_equal(out.s, cases[i].want);
		}
	stralloc_free(&out);
}

static void every_prefix_inside_a_record_is_not_whole(void **state)
{
	static char const file[] = "u5\0p67\0Fa@b\0Tc@d\0Te\0";
	size_t n;

	(void)state;
	for (n = 0; n < sizeof file; n++) {
		todo_reader t = TODO_READER_ZERO;
		size_t pos = 0;

		while (todo_next(&t, file, n, &pos) > TODO_MORE)
			;
		assert_int_equal(todo_whole(&t), n >= 12 && file[n - 1] == 0);
		todo_free(&t);
	}
}

static void start(void **state)
{
	char s[TODO_START_FMT];

	(void)state;
	assert_int_equal(todo_start(s, 0, 1), 6);
	assert_memory_equal(s, "u0\0p1\0", 6);
	assert_int_equal(todo_start(s, UINT64_MAX, UINT64_MAX), 44);
	assert_memory_equal(s, "u18446744073709551615\0p18446744073709551615\0", 44);
}

static void reset_forgets(void **state)
{
	todo_reader t = TODO_READER_ZERO;
	size_t pos = 0;

	(void)state;
	assert_int_equal(todo_next(&t, "Fa\0T", 4, &pos), TODO_SENDER);
	assert_int_equal(todo_next(&t, "Fa\0T", 4, &pos), TODO_MORE);
	todo_reset(&t);
	assert_false(todo_whole(&t));
	pos = 0;
	assert_int_equal(todo_next(&t, "Fb", 3, &pos), TODO_SENDER);
	assert_string_equal(t.address, "b");
	assert_true(todo_whole(&t));
	todo_free(&t);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(files),
		cmocka_unit_test(every_prefix_inside_a_record_is_not_whole),
		cmocka_unit_test(start),
		cmocka_unit_test(reset_forgets),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
