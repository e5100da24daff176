/* SPDX-License-Identifier: ISC */

#include "proto/rcptd.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define S(x) x, sizeof x - 1

static void questions(void **state)
{
	static struct { char const *name, *s; size_t n; char const *address; } const rows[] = {
		{ "plain", S("Ra@b"), "a@b" },
		{ "one byte", S("Ra"), "a" },
		{ "8 bit", S("R\xff\x80"), "\xff\x80" },
		{ "empty", S(""), 0 },
		{ "no address", S("R"), 0 },
		{ "another letter", S("Qa@b"), 0 },
		{ "NUL in it", S("Ra\0b"), 0 },
		{ "NUL behind it", S("Ra\0"), 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char const *address = 0;
		size_t n = 0;
		int r = rcptd_question_read(rows[i].s, rows[i].n, &address, &n);

		print_message("%s\n", rows[i].name);
		assert_int_equal(r, rows[i].address != 0);
		if (!r)
			continue;
		assert_int_equal(n, strlen(rows[i].address));
		assert_memory_equal(address, rows[i].address, n);
	}
}

/* What is written is read back; what cannot be read is not written. */
static void lengths(void **state)
{
	static size_t const around[] = { 0, 1, RCPTD_ADDRESS_MAX - 1, RCPTD_ADDRESS_MAX, RCPTD_ADDRESS_MAX + 1,
		RCPTD_LOCAL_MAX - 1, RCPTD_LOCAL_MAX, RCPTD_LOCAL_MAX + 1 };
	static char text[RCPTD_LOCAL_MAX + 1];
	static char question[RCPTD_QUESTION_MAX];
	static char look[RCPTD_LOOK_MAX];
	char const *p;
	uint32_t number;
	size_t i, n, len;

	(void)state;
	memset(text, 'x', sizeof text);
	for (i = 0; i < sizeof around / sizeof around[0]; i++) {
		n = rcptd_question(question, text, around[i]);
		assert_int_equal(n, around[i] > 0 && around[i] <= RCPTD_ADDRESS_MAX ? around[i] + 1 : 0);
		if (n)
			assert_true(rcptd_question_read(question, n, &p, &len) && len == around[i]);
		n = rcptd_look(look, 0xfedcba98, text, around[i]);
		assert_int_equal(n, around[i] > 0 && around[i] <= RCPTD_LOCAL_MAX ? around[i] + 5 : 0);
		if (n)
			assert_true(rcptd_look_read(look, n, &number, &p) && number == 0xfedcba98 && strlen(p) == around[i]);
	}
	text[5] = 0;
	assert_int_equal(rcptd_question(question, text, 10), 0);
	assert_int_equal(rcptd_look(look, 1, text, 10), 0);
}

/* A whole packet, cut at every byte: none of its beginnings is one. */
static void looks(void **state)
{
	static char const whole[] = "\1\2\3\4local";
	char const *local;
	uint32_t number;
	size_t n;

	(void)state;
	for (n = 0; n < sizeof whole; n++) {
		char *part = malloc(n + !n);

		memcpy(part, whole, n);
		assert_false(rcptd_look_read(part, n, &number, &local));
		free(part);
	}
	assert_true(rcptd_look_read(whole, sizeof whole, &number, &local));
	assert_int_equal(number, 0x04030201);
	assert_string_equal(local, "local");
	assert_false(rcptd_look_read("\1\2\3\4a\0b\0", 8, &number, &local));
	assert_false(rcptd_look_read("\1\2\3\4\0", 5, &number, &local));
	assert_false(rcptd_look_read("\1\2\3\4\0\0", 6, &number, &local));
}

static void answers(void **state)
{
	static rcptd_answer const all[] = { RCPTD_YES, RCPTD_NO, RCPTD_DOUBT };
	char packet[RCPTD_FOUND + 1] = "";
	rcptd_answer a;
	uint32_t number;
	size_t i;
	int c;

	(void)state;
	for (i = 0; i < 3; i++) {
		rcptd_found(packet, 7, all[i]);
		assert_true(rcptd_found_read(packet, RCPTD_FOUND, &number, &a));
		assert_int_equal(number, 7);
		assert_int_equal(a, all[i]);
		assert_false(rcptd_found_read(packet, RCPTD_FOUND - 1, &number, &a));
		assert_false(rcptd_found_read(packet, RCPTD_FOUND + 1, &number, &a));
	}
	for (c = 0; c < 256; c++)
		assert_int_equal(rcptd_answer_read((char)c), c == 'Y' ? RCPTD_YES : c == 'N' ? RCPTD_NO : RCPTD_DOUBT);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(questions),
		cmocka_unit_test(lengths),
		cmocka_unit_test(looks),
		cmocka_unit_test(answers),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
