/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/intake.h"

static received const client = { .host = "h", .ip = "i", .local = "l", .protocol = "P" };
static intake t;

static void start(uint64_t limit)
{
	assert_true(intake_open(&t, &client, 0, limit));
	assert_null(intake_refusal(&t));
}

static char const *finish(void)
{
	qq_from(&t.queue, "f", 1);
	qq_to(&t.queue, "r", 1);
	return qq_close(&t.queue);
}

static void size(void **state)
{
	(void)state;
	start(5);
	intake_text(&t, "abc", 3);
	intake_text(&t, "de", 2);
	assert_false(intake_too_large(&t));
	intake_text(&t, "f", 1);
	assert_true(intake_too_large(&t));
	assert_string_equal(intake_refusal(&t), "sorry, that message size exceeds my databytes limit (#5.3.4)");
	assert_true(*finish());
	start(0);
	intake_text(&t, "abcdef", 6);
	assert_null(intake_refusal(&t));
	assert_true(*finish());
	/* and once more from the start */
	start(6);
	intake_text(&t, "abcdef", 6);
	assert_null(intake_refusal(&t));
	assert_true(*finish());
}

static void loop(void **state)
{
	size_t i;

	(void)state;
	start(1);
	for (i = 0; i < HOPS_MAX; i++) {
		assert_false(intake_looping(&t));
		hops_feed(&t.hops, "Received\n", 9);
		intake_text(&t, "Received\n", 9);
	}
	assert_true(intake_looping(&t));
	assert_string_equal(intake_refusal(&t), "too many hops, this message is looping (#5.4.6)");
	assert_true(*finish());
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(size),
		cmocka_unit_test(loop),
	};

	setenv("QMAILQUEUE", "/nonexistent/queue", 1);
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, 0, 0);
}
