/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "net/smtpreply.h"

typedef struct row
{
	char const *in;
	size_t n;
	unsigned int code;
	size_t taken;           /* 0: more is needed */
	char const *text;
} row;

#define IN(s) s, sizeof s - 1

static row const rows[] = {
	{ IN("250 ok\r\n"), 250, 8, "250 ok\n" },
	{ IN("250 ok\n"), 250, 7, "250 ok\n" },
	{ IN("250\r\n"), 250, 5, "250\n" },
	{ IN("250\n"), 250, 4, "250\n" },
	{ IN("250-one\r\n550-two\r\n999 three\r\nmore"), 250, 29, "250-one\n550-two\n999 three\n" },
	{ IN("250-\r\n250 \r\n"), 250, 12, "250-\n250 \n" },
	{ IN("550-one\n250 two\n"), 550, 16, "550-one\n250 two\n" },
	{ IN("5501 four\r\n"), 550, 11, "5501 four\n" },
	{ IN("550\ttab\r\n"), 550, 9, "550\ttab\n" },
	{ IN("550 a\rb\r\r\n"), 550, 10, "550 ab\n" },
	{ IN("550 \0\xe9\r\n"), 550, 8, "550 \0\xe9\n" },
	{ IN("000 x\r\n"), 0, 7, "000 x\n" },
	{ IN("999 x\r\n"), 999, 7, "999 x\n" },
	{ IN("abc def\r\n"), SMTPREPLY_NONE, 9, "abc def\n" },
	{ IN("2 0 ok\r\n"), SMTPREPLY_NONE, 8, "2 0 ok\n" },
	{ IN("-50 ok\r\n"), SMTPREPLY_NONE, 8, "-50 ok\n" },
	{ IN("250-one\r\nabc two\r\n"), 250, 18, "250-one\nabc two\n" },
	{ IN("\r25\r0 ok\r\n"), 250, 10, "250 ok\n" },
	{ IN("    \r\n"), SMTPREPLY_NONE, 6, "    \n" },
	{ IN("\r\n"), SMTPREPLY_NONE, 2, "\n" },
	{ IN("\n"), SMTPREPLY_NONE, 1, "\n" },
	{ IN("25\r\n"), SMTPREPLY_NONE, 4, "25\n" },
	{ IN("25\n"), SMTPREPLY_NONE, 3, "25\n" },
	{ IN("250-one\r\n\r\n"), 250, 11, "250-one\n\n" },
	{ IN(""), 0, 0, "" },
	{ IN("2"), 0, 0, "2" },
	{ IN("250"), 0, 0, "250" },
	{ IN("250 half"), 0, 0, "250 half" },
	{ IN("250-one\r\n"), 0, 0, "250-one\n" },
	{ IN("250-one\r\n25"), 0, 0, "250-one\n25" },
};

static smtpreply reply;

static void check(row const *r, smtpreply_status status, size_t taken)
{
	if (status != (r->taken ? SMTPREPLY_DONE : SMTPREPLY_MORE))
		fail_msg("%s: status %d", r->in, (int)status);
	assert_int_equal(taken, r->taken ? r->taken : r->n);
	/* a line end before the last byte */
	if (r->taken && reply.several != (memchr(r->text, '\n', reply.len - 1) != 0))
		fail_msg("%s: several %d", r->in, reply.several);
	if (r->taken && reply.code != r->code)
		fail_msg("%s: code %u", r->in, reply.code);
	if (memcmp(reply.text, r->text, reply.len) != 0)
		fail_msg("%s: text %.*s", r->in, (int)reply.len, reply.text);
}

static void at_once(void **state)
{
	row const *r;

	(void)state;
	UNIT_EACH(r, rows) {
		size_t pos = 0;
		smtpreply_status status;

		smtpreply_start(&reply);
		status = smtpreply_feed(&reply, r->in, r->n, &pos);
		check(r, status, pos);
	}
}

/* Cut at every byte, it comes to the same. */
static void in_pieces(void **state)
{
	row const *r;

	(void)state;
	UNIT_EACH(r, rows) {
		smtpreply_status status = SMTPREPLY_MORE;
		size_t i = 0;

		smtpreply_start(&reply);
		while (i < r->n && status == SMTPREPLY_MORE) {
			size_t pos = 0;

			status = smtpreply_feed(&reply, r->in + i, 1, &pos);
			i += pos;
		}
		check(r, status, i);
	}
}

static void feed_many(char c, size_t n, smtpreply_status want)
{
	char block[4096];

	memset(block, c, sizeof block);
	while (n > 0) {
		size_t part = n < sizeof block ? n : sizeof block;
		size_t pos = 0;
		smtpreply_status status = smtpreply_feed(&reply, block, part, &pos);

		assert_int_equal(status, part == n ? want : SMTPREPLY_MORE);
		n -= part;
	}
}

static void text_is_cut(void **state)
{
	size_t pos = 0;

	(void)state;
	smtpreply_start(&reply);
	assert_int_equal(smtpreply_feed(&reply, "550 ", 4, &pos), SMTPREPLY_MORE);
	feed_many('x', 8000, SMTPREPLY_MORE);
	pos = 0;
	assert_int_equal(smtpreply_feed(&reply, "\r\n", 2, &pos), SMTPREPLY_DONE);
	assert_int_equal(reply.len, SMTPREPLY_TEXT_MAX);
	assert_int_equal(reply.text[SMTPREPLY_TEXT_MAX - 1], 'x');
	assert_int_equal(reply.code, 550);
	smtpreply_start(&reply);
	assert_int_equal(reply.len, 0);
}

static void endless(void **state)
{
	(void)state;
	smtpreply_start(&reply);
	feed_many('-', SMTPREPLY_MAX, SMTPREPLY_MORE);
	feed_many('-', 1, SMTPREPLY_TOOLONG);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(at_once),
		cmocka_unit_test(in_pieces),
		cmocka_unit_test(text_is_cut),
		cmocka_unit_test(endless),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
