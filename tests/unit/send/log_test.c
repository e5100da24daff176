/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "send/log.h"

static int reader = -1;

static void open_log(void)
{
	int p[2];

	assert_int_equal(pipe(p), 0);
	assert_int_equal(dup2(p[1], 0), 0);
	close(p[1]);
	if (reader >= 0)
		close(reader);
	reader = p[0];
	fcntl(reader, F_SETFL, O_NONBLOCK);
}

static void expect(char const *want)
{
	char s[65536];
	ssize_t r = read(reader, s, sizeof s - 1);

	assert_true(r >= 0);
	s[r] = 0;
	assert_string_equal(s, want);
}

static void expect_bytes(ssize_t n)
{
	char s[65536];

	assert_int_equal(read(reader, s, sizeof s), n);
}

static void expect_nothing(void)
{
	expect_bytes(-1);
}

static void lines(void **state)
{
	(void)state;
	open_log();
	log_text("new msg ");
	log_number(18446744073709551615u);
	log_end();
	expect("new msg 18446744073709551615\n");
	log_line("a ", "b", " c");
	log_line("alone", 0, 0);
	expect("a b c\nalone\n");
	log_raw("x\ny\n", 4);
	log_raw("", 0);
	expect("x\ny\n");
}

/* No report can forge a line. */
static void text_from_outside(void **state)
{
	(void)state;
	open_log();
	log_text("delivery 1: success: ");
	log_safe("a%b c\td\351\177~!\n\nend msg 1\n", 23);
	log_end();
	expect("delivery 1: success: a_b_c_d__~!//end_msg_1/\n");
	log_text("x: ");
	log_safe("", 0);
	log_end();
	expect("x: \n");
}

static void long_line(void **state)
{
	static char text[10001];
	static char want[10003];

	(void)state;
	open_log();
	memset(text, 'r', sizeof text - 1);
	memset(want, 'r', sizeof want - 2);
	want[10000] = '\n';
	want[10001] = 0;
	log_line(text, 0, 0);
	expect(want);
}

static void reader_gone(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	open_log();
	close(reader);
	reader = -1;
	log_line("nobody reads this", 0, 0);
	open_log();
	log_line("next", 0, 0);
	expect("warning: the log could not be written; lines lost: 1\nnext\n");
	log_line("again", 0, 0);
	expect("again\n");
}

static void held_back(void **state)
{
	static char text[2000];

	(void)state;
	open_log();
	log_hold();
	log_line("one", 0, 0);
	log_raw("two\nthree\n", 10);
	expect_nothing();
	log_let_go();
	expect("one\ntwo\nthree\n");
	log_line("four", 0, 0);
	expect("four\n");
	/* Not more than a pipe takes at once, and that in whole lines. */
	log_hold();
	memset(text, 'x', sizeof text - 1);
	log_line(text, 0, 0);
	log_line(text, 0, 0);
	expect_nothing();
	log_line(text, 0, 0);
	expect_bytes(3 * 2000);
	log_let_go();
	expect_nothing();
}

/* What is lost is counted in lines. */
static void held_and_lost(void **state)
{
	(void)state;
	open_log();
	close(reader);
	reader = -1;
	log_hold();
	log_line("one", 0, 0);
	log_raw("two\nthree\n", 10);
	log_let_go();
	open_log();
	log_hold();
	log_line("next", 0, 0);
	log_let_go();
	expect("warning: the log could not be written; lines lost: 3\nnext\n");
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(text_from_outside),
		cmocka_unit_test(long_line),
		cmocka_unit_test(reader_gone),
		cmocka_unit_test(held_back),
		cmocka_unit_test(held_and_lost),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
