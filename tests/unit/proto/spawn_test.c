/* SPDX-License-Identifier: ISC */

#include "proto/spawn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_field(stralloc const *sa, char const *s)
{
	assert_int_equal(sa->len, strlen(s) + 1);
	assert_memory_equal(sa->s, s, sa->len);
}

static void request_free(spawn_request *r)
{
	stralloc_free(&r->mess);
	stralloc_free(&r->sender);
	stralloc_free(&r->recipient);
}

static void request_roundtrip(void **state)
{
	static struct { unsigned int number; char const *mess, *sender, *recipient; } const cases[] =
	{
		{ 0, "0/23", "a@b", "c@d" },
		{ 255, "22/4294967295", "", "" },
		{ 7, "", "#@[]", "\200\377@x" },
		{ 256, "0/23", "a@b", "c@d" },
		{ SPAWN_MOST, "22/4294967295", "", "x@y" },
	};
	stralloc sa = STRALLOC_ZERO;
	size_t i;
	size_t cut;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_true(spawn_request_put(&sa, cases[i].number, cases[i].mess, cases[i].sender, strlen(cases[i].sender),
			cases[i].recipient, strlen(cases[i].recipient)));
	for (cut = 0; cut <= sa.len; cut++) {
		spawn_request r = SPAWN_REQUEST_ZERO;
		size_t pos = 0;

		for (i = 0; i < sizeof cases / sizeof *cases; i++) {
			spawn_request_status st = SPAWN_REQUEST_MORE;

			if (pos < cut)
				st = spawn_request_feed(&r, sa.s, cut, &pos);
			if (st == SPAWN_REQUEST_MORE)
				st = spawn_request_feed(&r, sa.s, sa.len, &pos);
			assert_int_equal(st, SPAWN_REQUEST_READY);
			assert_int_equal(r.number, cases[i].number);
			assert_field(&r.mess, cases[i].mess);
			assert_field(&r.sender, cases[i].sender);
			assert_field(&r.recipient, cases[i].recipient);
		}
		assert_int_equal(pos, sa.len);
		assert_int_equal(spawn_request_feed(&r, sa.s, sa.len, &pos), SPAWN_REQUEST_MORE);
		request_free(&r);
	}
	stralloc_free(&sa);
}

static void request_refuses(void **state)
{
	stralloc sa = STRALLOC_ZERO;

	(void)state;
	assert_false(spawn_request_put(&sa, SPAWN_MOST + 1, "0/1", "", 0, "a@b", 3));
	assert_false(spawn_request_put(&sa, 1, "0/1", "a\0b", 3, "a@b", 3));
	assert_false(spawn_request_put(&sa, 1, "0/1", "", 0, "a\0b", 3));
	assert_int_equal(sa.len, 0);
	stralloc_free(&sa);
}

/* A field that nobody can use costs bounded memory, and the request behind it is still understood. */
static void request_field_too_long(void **state)
{
	static struct { size_t len; spawn_request_status expect; } const cases[] =
	{
		{ 65534, SPAWN_REQUEST_READY },
		{ 65535, SPAWN_REQUEST_READY },
		{ 65536, SPAWN_REQUEST_NOMEM },
		{ 5000000, SPAWN_REQUEST_NOMEM },
	};
	char block[1000];
	size_t i;

	(void)state;
	memset(block, 'x', sizeof block);
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		spawn_request r = SPAWN_REQUEST_ZERO;
		size_t left = cases[i].len;
		size_t pos = 0;

		assert_int_equal(spawn_request_feed(&r, "\11" "0/1\0s", 6, &pos), SPAWN_REQUEST_MORE);
		for (left--; left > 0;) {
			size_t n = left < sizeof block ? left : sizeof block;

			pos = 0;
			assert_int_equal(spawn_request_feed(&r, block, n, &pos), SPAWN_REQUEST_MORE);
			left -= n;
		}
		pos = 0;
		assert_int_equal(spawn_request_feed(&r, "\0r@h\0\12" "0/2\0\0a@b", 15, &pos), cases[i].expect);
		assert_int_equal(r.number, 9);
		assert_true(r.sender.a < 200000);
		assert_int_equal(spawn_request_feed(&r, "\0r@h\0\12" "0/2\0\0a@b", 16, &pos), SPAWN_REQUEST_READY);
		assert_int_equal(r.number, 10);
		assert_field(&r.recipient, "a@b");
		request_free(&r);
	}
}

static void report_roundtrip(void **state)
{
	static struct { unsigned int number; char letter; char const *text; } const cases[] =
	{
		{ 0, 'K', "" },
		{ 255, 'Z', "later\n" },
		{ 1, 'D', "no\200\n\nnever\n" },
		{ 0, 'D', "x" },
		{ 256, 'K', "" },
		{ 5000, 'Z', "12:later\n" },
		{ SPAWN_MOST, 'D', "never\n" },
	};
	stralloc sa = STRALLOC_ZERO;
	size_t i;
	size_t cut;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_true(spawn_report_put(&sa, cases[i].number, cases[i].letter, cases[i].text, strlen(cases[i].text)));
	for (cut = 0; cut <= sa.len; cut++) {
		spawn_report r = SPAWN_REPORT_ZERO;
		size_t pos = 0;

		for (i = 0; i < sizeof cases / sizeof *cases; i++) {
			int got = pos < cut ? spawn_report_feed(&r, sa.s, cut, &pos) : 0;

			if (!got)
				got = spawn_report_feed(&r, sa.s, sa.len, &pos);
			assert_int_equal(got, 1);
			assert_int_equal(r.number, cases[i].number);
			assert_int_equal(r.letter, cases[i].letter);
			assert_int_equal(r.text.len, strlen(cases[i].text));
			assert_memory_equal(r.text.s ? r.text.s : "", cases[i].text, r.text.len);
		}
		assert_int_equal(spawn_report_feed(&r, sa.s, sa.len, &pos), 0);
		stralloc_free(&r.text);
	}
	stralloc_free(&sa);
}

/* What comes with number 255, and what it is taken for. */
static void wide_requests(void **state)
{
	static struct { char const *in; size_t n; spawn_request_status expect; unsigned int number; char const *mess; } const cases[] =
	{
#define CASE(in, expect, number, mess) { in, sizeof in - 1, SPAWN_REQUEST_##expect, number, mess }
		CASE("\377?5000\0\0\0", ASK, 5000, "?5000"),
		CASE("\377?1\0\0\0", ASK, 1, "?1"),
		CASE("\377?\0\0\0", READY, 255, "?"),
		CASE("\377?0\0\0\0", READY, 255, "?0"),
		CASE("\377?05\0\0\0", READY, 255, "?05"),
		CASE("\377?65536\0\0\0", READY, 255, "?65536"),
		CASE("\377?4294967297\0\0\0", READY, 255, "?4294967297"),
		CASE("\377?5x\0\0\0", READY, 255, "?5x"),
		CASE("\377?5\0a\0\0", READY, 255, "?5"),
		CASE("\377?5\0\0a@b\0", READY, 255, "?5"),
		CASE("\377" "0/5\0\0a@b\0", READY, 255, "0/5"),
		CASE("\377\0\0a@b\0", READY, 255, ""),
		CASE("\377" "256:0/5\0\0a@b\0", READY, 256, "0/5"),
		CASE("\377" "65535:0/5\0\0a@b\0", READY, 65535, "0/5"),
		CASE("\377" "65536:0/5\0\0a@b\0", READY, 255, "65536:0/5"),
		CASE("\377" "255:0/5\0\0a@b\0", READY, 255, "255:0/5"),
		CASE("\377" "7:0/5\0\0a@b\0", READY, 255, "7:0/5"),
		CASE("\377" "0300:0/5\0\0a@b\0", READY, 255, "0300:0/5"),
		CASE("\377:0/5\0\0a@b\0", READY, 255, ":0/5"),
		CASE("\377" "300\0\0a@b\0", READY, 255, "300"),
		CASE("\376?5000\0\0\0", READY, 254, "?5000"),
		CASE("\1" "300:0/5\0\0a@b\0", READY, 1, "300:0/5"),
#undef CASE
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		spawn_request r = SPAWN_REQUEST_ZERO;
		spawn_request_status st = SPAWN_REQUEST_MORE;
		size_t pos = 0;
		size_t n;

		/* a byte at a time */
		for (n = 1; n <= cases[i].n; n++) {
			assert_int_equal(st, SPAWN_REQUEST_MORE);
			st = spawn_request_feed(&r, cases[i].in, n, &pos);
		}
		assert_int_equal(st, cases[i].expect);
		assert_int_equal(r.number, cases[i].number);
		assert_field(&r.mess, cases[i].mess);
		request_free(&r);
	}
}

/* A wide request that nobody can use is still refused to the one who made it. */
static void wide_request_too_long(void **state)
{
	static char block[1000];
	spawn_request r = SPAWN_REQUEST_ZERO;
	spawn_request_status st;
	size_t pos = 0;
	size_t i;

	(void)state;
	memset(block, 'x', sizeof block);
	assert_int_equal(spawn_request_feed(&r, "\377" "4321:0/1\0s", 11, &pos), SPAWN_REQUEST_MORE);
	for (i = 0; i < 200; i++) {
		pos = 0;
		st = spawn_request_feed(&r, block, sizeof block, &pos);
		assert_int_equal(st, SPAWN_REQUEST_MORE);
	}
	pos = 0;
	assert_int_equal(spawn_request_feed(&r, "\0r@h\0", 6, &pos), SPAWN_REQUEST_NOMEM);
	assert_int_equal(r.number, 4321);
	request_free(&r);
}

static void asking(void **state)
{
	stralloc sa = STRALLOC_ZERO;

	(void)state;
	assert_true(spawn_ask_put(&sa, 5000));
	assert_int_equal(sa.len, 9);
	assert_memory_equal(sa.s, "\377?5000\0\0", 9);
	sa.len = 0;
	assert_true(spawn_ask_put(&sa, 4000000000u));
	assert_memory_equal(sa.s, "\377?65535\0\0", 10);
	sa.len = 0;
	assert_true(spawn_offer_put(&sa, 5000, 0));
	assert_true(spawn_offer_put(&sa, 1000, "why not"));
	assert_int_equal(sa.len, 7 + 15);
	assert_memory_equal(sa.s, "\377O5000\0\377O1000 why not", 22);
	stralloc_free(&sa);
	assert_int_equal(spawn_highest(1), 0);
	assert_int_equal(spawn_highest(254), 253);
	assert_int_equal(spawn_highest(255), 254);
	assert_int_equal(spawn_highest(256), 256);
	assert_int_equal(spawn_highest(5000), 5000);
}

static void offers(void **state)
{
	static struct { char const *in; size_t n; unsigned int number, offer; char const *text; } const cases[] =
	{
#define CASE(in, number, offer, text) { in, sizeof in, number, offer, text }
		CASE("\377O5000", 255, 5000, ""),
		CASE("\377O700 the limit on descriptors", 255, 700, "the limit on descriptors"),
		CASE("\377O", 255, 0, ""),
		CASE("\377O0", 255, 0, "0"),
		CASE("\377O5x", 255, 0, "5x"),
		CASE("\377O x", 255, 0, " x"),
		CASE("\377O99999", 255, 0, "99999"),
		CASE("\377O99999 x", 255, 0, "99999 x"),
		CASE("\377ZInternal error: delnum too big. (#4.3.5)\n", 255, 0, "Internal error: delnum too big. (#4.3.5)\n"),
		CASE("\377K300:ok", 300, 0, "ok"),
		CASE("\377K255:ok", 255, 0, "255:ok"),
		CASE("\377K65536:ok", 255, 0, "65536:ok"),
		CASE("\377K300", 255, 0, "300"),
		CASE("\377", 255, 0, ""),
		CASE("\3O5000", 3, 0, "5000"),
#undef CASE
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		spawn_report r = SPAWN_REPORT_ZERO;
		size_t pos = 0;

		assert_int_equal(spawn_report_feed(&r, cases[i].in, cases[i].n, &pos), 1);
		assert_int_equal(r.number, cases[i].number);
		assert_int_equal(r.offer, cases[i].offer);
		if (r.text.len != strlen(cases[i].text) || memcmp(r.text.s ? r.text.s : "", cases[i].text, r.text.len))
			fail_msg("case %zu: %.*s", i, (int)r.text.len, r.text.s);
		stralloc_free(&r.text);
	}
}

static void report_edges(void **state)
{
	stralloc sa = STRALLOC_ZERO;
	spawn_report r = SPAWN_REPORT_ZERO;
	size_t pos = 0;
	char *big = malloc(SPAWN_REPORT_MAX + 3);
	size_t i;

	(void)state;
	assert_true(spawn_report_put(&sa, 3, 'Z', "ab\0cd", 5));
	assert_int_equal(sa.len, 5);
	assert_memory_equal(sa.s, "\3Zab", 5);
	sa.len = 0;
	assert_true(spawn_report_put(&sa, 3, 'Z', 0, 0));
	assert_int_equal(sa.len, 3);

	/* A report that is only a number: no letter. */
	assert_int_equal(spawn_report_feed(&r, "\5\0\6K", 4, &pos), 1);
	assert_int_equal(r.number, 5);
	assert_int_equal(r.letter, 0);
	assert_int_equal(pos, 2);
	assert_int_equal(spawn_report_feed(&r, "\5\0\6K", 4, &pos), 0);
	pos = 0;

	/* What is over the limit is passed over. */
	assert_non_null(big);
	memset(big, 'x', SPAWN_REPORT_MAX + 3);
	for (i = 0; i < 50; i++) {
		assert_int_equal(spawn_report_feed(&r, big, SPAWN_REPORT_MAX + 3, &pos), 0);
		pos = 0;
	}
	assert_int_equal(spawn_report_feed(&r, "", 1, &pos), 1);
	assert_int_equal(r.number, 6);
	assert_int_equal(r.text.len, SPAWN_REPORT_MAX - 2);
	free(big);
	stralloc_free(&r.text);
	stralloc_free(&sa);
}

int main(void)
{
	static struct CMUnitTest const tests[] =
	{
		cmocka_unit_test(request_roundtrip),
		cmocka_unit_test(request_refuses),
		cmocka_unit_test(request_field_too_long),
		cmocka_unit_test(wide_requests),
		cmocka_unit_test(wide_request_too_long),
		cmocka_unit_test(asking),
		cmocka_unit_test(offers),
		cmocka_unit_test(report_roundtrip),
		cmocka_unit_test(report_edges),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
