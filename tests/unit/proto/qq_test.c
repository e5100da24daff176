/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "base/conf.h"
#include "proto/qq.h"

static char dir[] = "/tmp/qq_test.XXXXXX";
static char program[64];
static qq q;

/* The queue program of a test: a shell script. It is started in conf_home, so that must exist. */
static void script(char const *body)
{
	stralloc sa = STRALLOC_ZERO;

	if (access(conf_home, X_OK) < 0)
		skip();
	assert_true(stralloc_cats(&sa, "#!/bin/sh\n") && stralloc_cats(&sa, body) && stralloc_cats(&sa, "\n"));
	unlink(program);
	assert_true(openwritenclose_unsafe(program, sa.s, sa.len));
	assert_int_equal(chmod(program, 0755), 0);
	stralloc_free(&sa);
}

static char const *send_one(void)
{
	assert_true(qq_open(&q));
	qq_put(&q, "Subject: x\n\nbody", 16);
	qq_from(&q, "from@x", 6);
	qq_to(&q, "to@y", 4);
	return qq_close(&q);
}

static void exit_codes(void **state)
{
	static struct { int code; char const *want; } const rows[] = {
		{ 0, "" },
		{ 11, "Denvelope address too long for qq (#5.1.3)" },
		{ 31, "Dmail server permanently rejected message (#5.3.0)" },
		{ 32, "Dqq permanent problem (#5.3.0)" },
		{ 40, "Dqq permanent problem (#5.3.0)" },
		{ 41, "Zqq temporary problem (#4.3.0)" },
		{ 53, "Zqq write error or disk full (#4.3.0)" },
		{ 81, "Zqq internal bug (#4.3.0)" },
		{ 100, "Zqq temporary problem (#4.3.0)" },
		{ 115, "Denvelope address too long for qq (#5.1.3)" },
		{ 120, "Zunable to exec qq (#4.3.0)" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_string_equal(qq_text(rows[i].code), rows[i].want);
}

static void custom_text(void **state)
{
	static struct { char const *body; char const *want; } const rows[] = {
		{ "cat >/dev/null; cat <&1 >/dev/null; printf 'Dno virus here\\n' >&6; exit 82", "Dno virus here" },
		{ "cat >/dev/null; cat <&1 >/dev/null; printf 'Zlater' >&4; exit 88", "Zlater" },
		{ "cat >/dev/null; cat <&1 >/dev/null; printf 'hello' >&6; exit 82", "Zello" },
		{ "cat >/dev/null; cat <&1 >/dev/null; printf 'Da\\r\\n250 ok' >&6; exit 82", "Da  250 ok" },
		{ "cat >/dev/null; cat <&1 >/dev/null; printf 'Dab\\0cd' >&6; exit 82", "Dab" },
		{ "cat >/dev/null; cat <&1 >/dev/null; printf 'Da' >&6; exit 82", "Zqq temporary problem (#4.3.0)" },
		{ "cat >/dev/null; cat <&1 >/dev/null; printf 'Dignored' >&6; exit 0", "" },
		{ "exit 82", "Zqq temporary problem (#4.3.0)" },
		{ "kill -9 $$", "Zqq crashed (#4.3.0)" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		script(rows[i].body);
		print_message("%s\n", rows[i].body);
		assert_string_equal(send_one(), rows[i].want);
		assert_true(qq_qp(&q) > 0);
	}
}

static void envelope(void **state)
{
	stralloc sa = STRALLOC_ZERO;
	char body[128];

	(void)state;
	snprintf(body, sizeof body, "cat >%s/m; cat <&1 >%s/e; exit 0", dir, dir);
	script(body);
	assert_string_equal(send_one(), "");
	snprintf(body, sizeof body, "%s/m", dir);
	assert_true(openslurpclose(&sa, body));
	assert_int_equal(sa.len, 16);
	sa.len = 0;
	snprintf(body, sizeof body, "%s/e", dir);
	assert_true(openslurpclose(&sa, body));
	assert_int_equal(sa.len, 15);
	assert_memory_equal(sa.s, "Ffrom@x\0Tto@y\0\0", 15);

	/* given up: the program must not see the end of the envelope */
	assert_true(qq_open(&q));
	qq_put(&q, "x", 1);
	qq_fail(&q);
	qq_from(&q, "f", 1);
	assert_string_equal(qq_close(&q), "Zqq read error (#4.3.0)");
	sa.len = 0;
	assert_true(openslurpclose(&sa, body));
	assert_int_equal(sa.len, 0);
	stralloc_free(&sa);
}

/* Pieces of every kind of size, by themselves and behind others. */
static void pieces(void **state)
{
	static size_t const sizes[] = { 0, 1, 100, 8091, 0, 1, 8192, 8193, 7, 65536, 8191, 200000, 1, 16384, 3 };
	static char text[200000];
	stralloc want = STRALLOC_ZERO;
	stralloc sa = STRALLOC_ZERO;
	char body[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof text; i++)
		text[i] = (char)(i * 31 + i / 251);
	snprintf(body, sizeof body, "cat >%s/m; cat <&1 >%s/e; exit 0", dir, dir);
	script(body);
	assert_true(qq_open(&q));
	for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		qq_put(&q, text + i, sizes[i] - (sizes[i] == sizeof text ? i : 0));
		assert_true(stralloc_catb(&want, text + i, sizes[i] - (sizes[i] == sizeof text ? i : 0)));
	}
	qq_from(&q, text, 9000);
	qq_to(&q, text + 1, 20000);
	assert_string_equal(qq_close(&q), "");
	snprintf(body, sizeof body, "%s/m", dir);
	assert_true(openslurpclose(&sa, body));
	assert_int_equal(sa.len, want.len);
	assert_memory_equal(sa.s, want.s, want.len);
	sa.len = 0;
	snprintf(body, sizeof body, "%s/e", dir);
	assert_true(openslurpclose(&sa, body));
	assert_int_equal(sa.len, 1 + 9000 + 1 + 1 + 20000 + 1 + 1);
	assert_memory_equal(sa.s + 1, text, 9000);
	assert_memory_equal(sa.s + 9003, text + 1, 20000);
	stralloc_free(&sa);
	stralloc_free(&want);
}

static void not_there(void **state)
{
	(void)state;
	unlink(program);
	assert_string_equal(send_one()[0] == 'Z' ? "Z" : "", "Z");
	assert_int_equal(qq_qp(&q), 0);
}

static int enter(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(program, sizeof program, "%s/queue", dir);
	setenv("QMAILQUEUE", program, 1);
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

static int leave(void **state)
{
	(void)state;
	stralloc_free(&q.text);
	return rm_rf(dir) == 0 ? 0 : -1;
}

static void receipt(void **state)
{
	static struct { int64_t now; pid_t pid; char const *text; } const cases[] = {
		{ 0, -1, "ok 0 qp 0" },
		{ 1790000000, 4711, "ok 1790000000 qp 4711" },
		{ INT64_MAX, INT_MAX, "ok 9223372036854775807 qp 2147483647" },
		{ INT64_MIN, 1, "ok -9223372036854775808 qp 1" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		qq one = { .pid = cases[i].pid };
		char s[QQ_OK_FMT];

		assert_int_equal(qq_ok(s, &one, cases[i].now), strlen(cases[i].text));
		assert_memory_equal(s, cases[i].text, strlen(cases[i].text));
	}
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(exit_codes),
		cmocka_unit_test(custom_text),
		cmocka_unit_test(envelope),
		cmocka_unit_test(pieces),
		cmocka_unit_test(not_there),
		cmocka_unit_test(receipt),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
