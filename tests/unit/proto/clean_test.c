/* SPDX-License-Identifier: ISC */

#include "proto/clean.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define S(x) x, sizeof x - 1
#define TEN "1111111111"
#define ZEROS "00000000000000000000000000000000000000000000000000000000000000000000000000000000"

static void requests(void **state)
{
	static struct { char const *name, *s; size_t n; clean_status status; clean_verb verb; uint64_t id; } const cases[] = {
		{ "foop", S("foop/23\0"), CLEAN_READY, CLEAN_FOOP, 23 },
		{ "todo", S("todo/0\0"), CLEAN_READY, CLEAN_TODO, 0 },
		{ "largest", S("todo/18446744073709551615\0"), CLEAN_READY, CLEAN_TODO, UINT64_MAX },
		{ "larger", S("todo/18446744073709551616\0"), CLEAN_MALFORMED, 0, 0 },
		{ "zeros", S("foop/007\0"), CLEAN_READY, CLEAN_FOOP, 7 },
		{ "100 bytes", S("foop/" ZEROS "00000000000007\0"), CLEAN_READY, CLEAN_FOOP, 7 },
		{ "101 bytes", S("foop/" ZEROS "000000000000007\0"), CLEAN_MALFORMED, 0, 0 },
		{ "endless", S("foop/" TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "\0"), CLEAN_MALFORMED, 0, 0 },
		{ "no number", S("foop/\0"), CLEAN_MALFORMED, 0, 0 },
		{ "letters", S("foop/abc\0"), CLEAN_MALFORMED, 0, 0 },
		{ "digits, then a letter", S("foop/23x\0"), CLEAN_MALFORMED, 0, 0 },
		{ "a subdirectory", S("foop/0/23\0"), CLEAN_MALFORMED, 0, 0 },
		{ "another word", S("mess/23\0"), CLEAN_MALFORMED, 0, 0 },
		{ "upper case", S("FOOP/23\0"), CLEAN_MALFORMED, 0, 0 },
		{ "no slash", S("foop.23\0"), CLEAN_MALFORMED, 0, 0 },
		{ "blank", S("foop/ 23\0"), CLEAN_MALFORMED, 0, 0 },
		{ "empty", S("\0"), CLEAN_MALFORMED, 0, 0 },
		{ "8 bit", S("foop/\262\263\0"), CLEAN_MALFORMED, 0, 0 },
	};
	size_t i, cut;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (cut = 0; cut < cases[i].n; cut++) {
			clean_request r = CLEAN_REQUEST_ZERO;
			char *head = malloc(cut + 1);
			char *tail = malloc(cases[i].n - cut);
			size_t pos = 0;

			memcpy(head, cases[i].s, cut);
			memcpy(tail, cases[i].s + cut, cases[i].n - cut);
			assert_int_equal(clean_next(&r, head, cut, &pos), CLEAN_MORE);
			assert_int_equal(pos, cut);
			pos = 0;
			assert_int_equal(clean_next(&r, tail, cases[i].n - cut, &pos), cases[i].status);
			assert_int_equal(pos, cases[i].n - cut);
			if (cases[i].status == CLEAN_READY) {
				assert_int_equal(r.verb, cases[i].verb);
				assert_int_equal(r.id, cases[i].id);
			}
			free(head);
			free(tail);
		}
}

static void one_answer_each_in_a_row(void **state)
{
	static char const s[] = "foop/1\0foop/2y3\0todo/4\0\0todo/5";
	static clean_status const want[] = { CLEAN_READY, CLEAN_MALFORMED, CLEAN_READY, CLEAN_MALFORMED, CLEAN_MORE };
	clean_request r = CLEAN_REQUEST_ZERO;
	size_t pos = 0;
	size_t i;

	(void)state;
	for (i = 0; i < 5; i++)
		assert_int_equal(clean_next(&r, s, sizeof s - 1, &pos), want[i]);
}

static void written_is_read(void **state)
{
	static uint64_t const ids[] = { 0, 1, 23, UINT32_MAX, UINT64_MAX };
	size_t i;
	int verb;

	(void)state;
	for (verb = CLEAN_FOOP; verb <= CLEAN_TODO; verb++)
		for (i = 0; i < sizeof ids / sizeof ids[0]; i++) {
			clean_request r = CLEAN_REQUEST_ZERO;
			char s[CLEAN_FMT];
			size_t n = clean_fmt(s, (clean_verb)verb, ids[i]);
			size_t pos = 0;

			assert_true(n <= CLEAN_FMT);
			assert_int_equal(clean_next(&r, s, n, &pos), CLEAN_READY);
			assert_int_equal(r.verb, verb);
			assert_int_equal(r.id, ids[i]);
		}
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(one_answer_each_in_a_row),
		cmocka_unit_test(written_is_read),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
