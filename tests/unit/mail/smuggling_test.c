/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include <skalibs/stralloc.h>

#include "mail/eod_in.h"
#include "mail/eod_out.h"

/* Every string of up to LONGEST of these five bytes, inside a message, in and out: nothing but CR LF . CR LF
 * ends DATA, and nothing we send can be taken for it. The deciders here look at whole strings, unlike the
 * machines under test. */

enum { LONGEST = 6, KINDS = 5 };

static char const bytes[KINDS] = { '\r', '\n', '.', 'a', 0 };

typedef void visitor(char const *s, size_t n);

static unsigned int visit_all(visitor *visit)
{
	unsigned int visited = 0;
	unsigned int total = 1;
	size_t n;

	for (n = 1; n <= LONGEST; n++) {
		unsigned int k;

		total *= KINDS;
		for (k = 0; k < total; k++) {
			char s[LONGEST];
			unsigned int rest = k;
			size_t i;

			for (i = 0; i < n; i++, rest /= KINDS)
				s[i] = bytes[rest % KINDS];
			visit(s, n);
			visited++;
		}
	}
	return visited;
}

static void build(stralloc *sa, char const *before, char const *s, size_t n, char const *after)
{
	sa->len = 0;
	assert_true(stralloc_cats(sa, before) && stralloc_catb(sa, s, n) && stralloc_cats(sa, after));
}

/* ---- deciders -------------------------------------------------------------------------------------- */

static int is_at(stralloc const *sa, size_t at, char const *what)
{
	size_t n = strlen(what);

	return at <= sa->len && sa->len - at >= n && memcmp(sa->s + at, what, n) == 0;
}

/* Where the stream is over: behind CR LF . CR LF, or behind an LF that has no CR before it. */
static size_t stream_end(stralloc const *sa, eod_in_status *status)
{
	size_t i;

	for (i = 0; i < sa->len; i++) {
		if (sa->s[i] == '\n' && (i == 0 || sa->s[i - 1] != '\r')) {
			*status = EOD_IN_BARE_LF;
			return i + 1;
		}
		if ((i == 0 || is_at(sa, i - (i >= 2 ? 2 : i), "\r\n")) && is_at(sa, i, ".\r\n")) {
			*status = EOD_IN_END;
			return i + 3;
		}
	}
	*status = EOD_IN_MORE;
	return sa->len;
}

/* What leaves is read as a careful host would read it. */
static void check_wire(stralloc const *wire)
{
	size_t i;
	unsigned int ends = 0;

	for (i = 0; i < wire->len; i++) {
		if (wire->s[i] == '\n')
			assert_true(i > 0 && wire->s[i - 1] == '\r');
		if (wire->s[i] == '\r')
			assert_true(is_at(wire, i, "\r\n"));
		if (is_at(wire, i, "\r\n.\r\n"))
			ends++;
	}
	assert_int_equal(ends, 1);
	assert_true(is_at(wire, wire->len - 5, "\r\n.\r\n"));
	assert_false(is_at(wire, 0, ".\r\n"));
}

/* The message as it should arrive: CR LF and CR are line ends, and the last line has one. */
static void normalise(stralloc *to, stralloc const *from)
{
	size_t i;

	to->len = 0;
	for (i = 0; i < from->len; i++)
		if (!is_at(from, i, "\r\n"))
			assert_true(stralloc_append(to, from->s[i] == '\r' ? '\n' : from->s[i]));
	if (to->len > 0 && to->s[to->len - 1] != '\n')
		assert_true(stralloc_append(to, '\n'));
}

/* ---- the machines ----------------------------------------------------------------------------------- */

static eod_in_status read_stream(stralloc const *wire, size_t block, stralloc *message, size_t *used)
{
	eod_in m = EOD_IN_ZERO;
	eod_in_status status = EOD_IN_MORE;

	message->len = 0;
	*used = 0;
	while (*used < wire->len && status == EOD_IN_MORE) {
		size_t n = wire->len - *used < block ? wire->len - *used : block;
		size_t taken;
		size_t len;

		assert_true(stralloc_readyplus(message, n + EOD_IN_ROOM));
		status = eod_in_feed(&m, wire->s + *used, n, &taken, message->s + message->len, &len);
		message->len += len;
		*used += taken;
	}
	return status;
}

static void write_stream(stralloc const *message, stralloc *wire)
{
	eod_out e = EOD_OUT_ZERO;

	wire->len = 0;
	assert_true(stralloc_ready(wire, EOD_OUT_ROOM(message->len) + EOD_OUT_END_MAX));
	wire->len = eod_out_feed(&e, message->s, message->len, wire->s);
	wire->len += eod_out_end(&e, wire->s + wire->len);
}

static stralloc stream, message, again, wire, normal;

static void come_in(char const *s, size_t n)
{
	eod_in_status expected;
	size_t end;
	size_t block;

	build(&stream, "first", s, n, "last\r\n.\r\n");
	end = stream_end(&stream, &expected);
	for (block = 1; block <= stream.len; block += stream.len - 1) {
		size_t used;

		assert_int_equal(read_stream(&stream, block, &message, &used), expected);
		assert_int_equal(used, end);
	}
}

static void go_out(char const *s, size_t n)
{
	size_t used;

	build(&message, "first", s, n, "last");
	write_stream(&message, &wire);
	check_wire(&wire);
	normalise(&normal, &message);
	assert_int_equal(read_stream(&wire, wire.len, &again, &used), EOD_IN_END);
	assert_int_equal(used, wire.len);
	assert_int_equal(again.len, normal.len);
	assert_memory_equal(again.s, normal.s, normal.len);
}

static void go_through(char const *s, size_t n)
{
	size_t used;

	build(&stream, "first", s, n, "last\r\n.\r\n");
	if (read_stream(&stream, stream.len, &message, &used) != EOD_IN_END || message.len == 0)
		return;
	write_stream(&message, &wire);
	check_wire(&wire);
	normalise(&normal, &message);
	assert_int_equal(read_stream(&wire, 1, &again, &used), EOD_IN_END);
	assert_int_equal(again.len, normal.len);
	assert_memory_equal(again.s, normal.s, normal.len);
}

static void test_in(void **state)
{
	(void)state;
	assert_int_equal(visit_all(come_in), 19530);
}

static void test_out(void **state)
{
	(void)state;
	assert_int_equal(visit_all(go_out), 19530);
}

static void test_through(void **state)
{
	(void)state;
	assert_int_equal(visit_all(go_through), 19530);
}

int main(void)
{
	static struct CMUnitTest const tests[] =
	{
		cmocka_unit_test(test_in), cmocka_unit_test(test_out), cmocka_unit_test(test_through),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
