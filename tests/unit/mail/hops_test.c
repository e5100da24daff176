/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "mail/hops.h"

/* The fields, and a hundred for each line that only begins like one. */
static size_t count(char const *s, size_t n, size_t step)
{
	hops h = HOPS_ZERO;
	size_t i;

	for (i = 0; i < n; i += step)
		hops_feed(&h, s + i, n - i < step ? n - i : step);
	return h.count + 100 * h.others;
}

static void lines(void **state)
{
	static struct { char const *text; size_t count; } const cases[] = {
		{ "", 0 },
		{ "\r\n", 0 },
		{ "Received: x\r\n", 1 },
		{ "received", 100 },
		{ "receive", 0 },
		{ "receive\r\nd: x\r\n", 0 },
		{ "RECEIVED: a\r\ndelivered-TO: b\r\n", 2 },
		{ "rEcEiVeD: a\r\nDeLiVeReD b\r\n", 101 },
		{ "Received-SPF: pass\r\nReceivedness\r\n", 200 },
		{ " Received: x\r\n\tReceived: x\r\n", 0 },
		{ "X-Received: x\r\nxreceived\r\n", 0 },
		{ "Delivere: x\r\nDelive\r\nDelivered", 100 },
		{ "Received: x\r\n\r\nReceived: x\r\n", 1 },
		{ "\r\nReceived: x\r\n", 0 },
		{ "\rReceived: x\r\nReceived: y\r\n", 1 },
		{ "\r\r\nReceived: x\r\n", 1 },
		{ "a\r\r\n\rb\r\nReceived: x\r\n", 1 },
		{ ".Received: x\r\n", 0 },
		{ "Subject: Received: x Received: y\r\n", 0 },
		{ "Received: x\nDelivered: y\n\nReceived: z\n", 101 },
		{ "\nReceived: x\n", 0 },
		{ "Received: x\n\r\nReceived: z\n", 1 },
		{ "Received: x\n \nReceived: z\n", 2 },
		{ "received\n\n", 100 },
		{ "Received \t : x\r\nDelivered-To : y\r\n", 2 },
		{ "Received \t x: y\r\nDelivered -To: y\r\nDelivered-To\r\n: x\r\n", 300 },
		{ "Delivered-To-All: x\r\nDelivered-T: x\r\nReceived\r\n\r\n", 300 },
		{ "receive\nd\nDelivered", 100 },
	};
	size_t i, step;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t n = strlen(cases[i].text);

		assert_int_equal(count(cases[i].text, n, n + 1), cases[i].count);
		for (step = 1; step <= n; step++)
			assert_int_equal(count(cases[i].text, n, step), cases[i].count);
	}
	assert_int_equal(count("\0eceived\r\nReceived\r\n", 20, 20), 100);
	assert_int_equal(count("\xd2" "eceived\r\n", 10, 10), 0);
}

static void limit(void **state)
{
	hops h = HOPS_ZERO;
	size_t i;

	(void)state;
	for (i = 0; i < HOPS_MAX + 1; i++) {
		assert_int_equal(h.count, i);
		hops_feed(&h, "Received: x\r\n", 13);
	}
	hops_feed(&h, "\r\n", 2);
	hops_feed(&h, "Received: x\r\n", 13);
	assert_int_equal(h.count, HOPS_MAX + 1);
	assert_true(h.body);
}

/* As many of either kind are a loop, but one does not make up for the other. */
static void looping(void **state)
{
	hops h = HOPS_ZERO;
	size_t i;

	(void)state;
	for (i = 0; i < HOPS_MAX - 1; i++)
		hops_feed(&h, "Received: x\r\nReceived-SPF: x\r\n", 30);
	assert_int_equal(h.count, HOPS_MAX - 1);
	assert_int_equal(h.others, HOPS_MAX - 1);
	assert_false(hops_looping(&h));
	hops_feed(&h, "Delivered-To: x\r\n", 17);
	assert_true(hops_looping(&h));
	h = (hops)HOPS_ZERO;
	for (i = 0; i < HOPS_MAX; i++) {
		assert_false(hops_looping(&h));
		hops_feed(&h, "Received-SPF: x\r\n", 17);
	}
	assert_true(hops_looping(&h));
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(limit),
		cmocka_unit_test(looping),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
