/* SPDX-License-Identifier: ISC */

#include "proto/report.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { EXIT_SHIFT = 8 };                /* where waitpid's status has the exit code */

static void assert_report(stralloc const *out, char const *expect)
{
	assert_int_equal(out->len, 1 + strlen(expect) + 1);
	assert_int_equal(out->s[0], 7);
	assert_string_equal(out->s + 1, expect);
}

static void local_codes(void **state)
{
	static struct { int status; char const *expect; } const cases[] =
	{
		{ 0, "Ktext\n" },
		{ 1 << EXIT_SHIFT, "Dtext\n" },
		{ 71 << EXIT_SHIFT, "Ztext\n" },
		{ 74 << EXIT_SHIFT, "Ztext\n" },
		{ 75 << EXIT_SHIFT, "Ztext\n" },
		{ 99 << EXIT_SHIFT, "Dtext\n" },
		{ 100 << EXIT_SHIFT, "Dtext\n" },
		{ 111 << EXIT_SHIFT, "Ztext\n" },
		{ 112 << EXIT_SHIFT, "ZInternal qmail-lspawn bug.\n" },
		{ 113 << EXIT_SHIFT, "ZNot allowed to perform deliveries as root.\n" },
		{ 114 << EXIT_SHIFT, "Dtext\n" },
		{ 115 << EXIT_SHIFT, "ZNFS failure in qmail-local.\n" },
		{ 116 << EXIT_SHIFT, "ZUnable to find alias user!\n" },
		{ 117 << EXIT_SHIFT, "ZTrouble reading users/cdb in qmail-lspawn.\n" },
		{ 118 << EXIT_SHIFT, "ZTemporary failure in qmail-lspawn.\n" },
		{ 119 << EXIT_SHIFT, "ZOut of memory in qmail-lspawn.\n" },
		{ 120 << EXIT_SHIFT, "ZUnable to run qmail-local.\n" },
		{ 121 << EXIT_SHIFT, "ZUnable to run qmail-getpw.\n" },
		{ 122 << EXIT_SHIFT, "Dtext\n" },
		{ 126 << EXIT_SHIFT, "DUnable to run qmail-local.\n" },
		{ 127 << EXIT_SHIFT, "Dtext\n" },
		{ 255 << EXIT_SHIFT, "Dtext\n" },
		{ SIGKILL, "Zqmail-local crashed.\n" },
		{ SIGSEGV | 0x80, "Zqmail-local crashed.\n" },
	};
	report r = REPORT_ZERO;
	stralloc out = STRALLOC_ZERO;
	size_t i;

	(void)state;
	report_local_feed(&r, "te", 2);
	report_local_feed(&r, "", 0);
	report_local_feed(&r, "xt\n", 3);
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		out.len = 0;
		assert_true(report_local_put(&r, cases[i].status, 7, &out));
		assert_report(&out, cases[i].expect);
	}
	report_reset(&r);
	out.len = 0;
	assert_true(report_local_put(&r, 0, 7, &out));
	assert_report(&out, "K");
	stralloc_free(&out);
}

static void local_cut(void **state)
{
	static char const note[] = "\nError report too long, sorry.\n";
	static struct { size_t n; int cut; } const cases[] =
	{
		{ REPORT_LOCAL_MAX - 1, 0 }, { REPORT_LOCAL_MAX, 0 }, { REPORT_LOCAL_MAX + 1, 1 }, { 1000000, 1 },
	};
	char block[1000];
	stralloc out = STRALLOC_ZERO;
	size_t i;

	(void)state;
	memset(block, 'a', sizeof block);
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		report r = REPORT_ZERO;
		size_t left = cases[i].n;

		while (left > 0) {
			size_t n = left < sizeof block ? left : sizeof block;

			report_local_feed(&r, block, n);
			left -= n;
		}
		assert_true(r.text.a < 10000);
		out.len = 0;
		assert_true(report_local_put(&r, 100 << EXIT_SHIFT, 7, &out));
		if (cases[i].cut) {
			assert_int_equal(out.len, 2 + 2966 + sizeof note);
			assert_memory_equal(out.s + 2 + 2966, note, sizeof note);
		} else {
			assert_int_equal(out.len, 2 + cases[i].n + 1);
		}
		report_reset(&r);
	}
	stralloc_free(&out);
}

static void local_nul(void **state)
{
	report r = REPORT_ZERO;
	stralloc out = STRALLOC_ZERO;

	(void)state;
	report_local_feed(&r, "abc\0def", 7);
	assert_true(report_local_put(&r, 0, 7, &out));
	assert_report(&out, "Kabc");
	report_reset(&r);
	stralloc_free(&out);
}

#define OUTPUT(s) (s), sizeof (s) - 1

static struct { char const *s; size_t n; char const *expect; } const remote_outputs[] =
{
	{ OUTPUT(""), "Zqmail-remote produced no output.\n" },
	{ OUTPUT("r\0Kok\n\0"), "Kok\n" },
	{ OUTPUT("rtext\n\0Kok\n\0"), "Ktext\nok\n" },
	{ OUTPUT("r\0Zlater\n\0"), "Zlater\n" },
	{ OUTPUT("r\0Dno\n\0"), "Dno\n" },
	{ OUTPUT("hA\0DB\0"), "DAB" },
	{ OUTPUT("hA\0ZB\0"), "DA" },
	{ OUTPUT("hA\0KB\0"), "DA" },
	{ OUTPUT("hA\0"), "DA" },
	{ OUTPUT("sA\0DB\0"), "ZAB" },
	{ OUTPUT("sA\0ZB\0"), "ZAB" },
	{ OUTPUT("sA\0KB\0"), "ZA" },
	{ OUTPUT("sA\0"), "ZA" },
	{ OUTPUT("ZA\0"), "ZA" },
	{ OUTPUT("DA\0"), "DA" },
	{ OUTPUT("KA\0"), "KA" },
	{ OUTPUT("KA"), "Zqmail-remote printed no result.\n" },
	{ OUTPUT("r\0"), "Zqmail-remote printed no result.\n" },
	{ OUTPUT("r"), "Zqmail-remote printed no result.\n" },
	{ OUTPUT("r\0KA"), "ZA" },
	{ OUTPUT("r\0r\0KA\0"), "K" },
	{ OUTPUT("r\0xtra\0Kok\0"), "K" },
	{ OUTPUT("r\0Zfirst\0Ksecond\0"), "Zfirst" },
	{ OUTPUT("r\0kok\0"), "Zqmail-remote printed no result.\n" },
	{ OUTPUT("xyzzy\0"), "Zxyzzy" },
	{ OUTPUT("xyzzy"), "Zxyzzy" },
	{ OUTPUT("x"), "Zx" },
	{ OUTPUT("what\0Kok\0"), "Kwhatok" },
	{ OUTPUT("warning: odd\nr\0Kok\n\0"), "Kwarning: odd\nrok\n" },
	{ OUTPUT("warning: odd\nr\0Zlater\n\0"), "Zwarning: odd\nrlater\n" },
	{ OUTPUT("warning: odd\nDno such host\n\0"), "Zwarning: odd\nDno such host\n" },
	{ OUTPUT("\0"), "Zqmail-remote printed no result.\n" },
	{ OUTPUT("\0Kok\0"), "KKok" },
	{ OUTPUT("r\0\0Kok\0"), "K" },
	{ OUTPUT("r\0K\0"), "K" },
	{ OUTPUT("h\351\n\0Dx\n\0"), "D\351\nx\n" },
};

/* The same report wherever the output was cut on its way. */
static void remote_output(void **state)
{
	stralloc out = STRALLOC_ZERO;
	size_t i;
	size_t cut;

	(void)state;
	for (i = 0; i < sizeof remote_outputs / sizeof *remote_outputs; i++)
		for (cut = 0; cut <= remote_outputs[i].n; cut++) {
			report r = REPORT_ZERO;

			report_remote_feed(&r, remote_outputs[i].s, cut);
			report_remote_feed(&r, remote_outputs[i].s + cut, remote_outputs[i].n - cut);
			out.len = 0;
			assert_true(report_remote_put(&r, 0, 7, &out));
			assert_report(&out, remote_outputs[i].expect);
			report_reset(&r);
		}
	stralloc_free(&out);
}

static void remote_status(void **state)
{
	static struct { int status; char const *expect; } const cases[] =
	{
		{ 0, "Kok" },
		{ 1 << EXIT_SHIFT, "DUnable to run qmail-remote.\n" },
		{ 100 << EXIT_SHIFT, "DUnable to run qmail-remote.\n" },
		{ 111 << EXIT_SHIFT, "ZUnable to run qmail-remote.\n" },
		{ 112 << EXIT_SHIFT, "DUnable to run qmail-remote.\n" },
		{ SIGTERM, "Zqmail-remote crashed.\n" },
	};
	report r = REPORT_ZERO;
	stralloc out = STRALLOC_ZERO;
	size_t i;

	(void)state;
	report_remote_feed(&r, "r\0Kok", 6);
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		out.len = 0;
		assert_true(report_remote_put(&r, cases[i].status, 7, &out));
		assert_report(&out, cases[i].expect);
	}
	report_reset(&r);
	stralloc_free(&out);
}

/* Endless output costs bounded memory, and the result behind it still counts. */
/* No memory, no descriptor or a bad disk at the time of the exec: not the fault of the mail. */
static void unloaded(void **state)
{
	static char const words[] = "qmail-x: error while loading shared libraries: libc.so.6: failed to map segment\n";
	report local = REPORT_ZERO;
	report remote = REPORT_ZERO;
	stralloc out = STRALLOC_ZERO;

	(void)state;
	report_local_feed(&local, words, sizeof words - 1);
	report_remote_feed(&remote, words, sizeof words - 1);
	assert_true(report_local_put(&local, 127 << EXIT_SHIFT, 7, &out));
	assert_int_equal(out.s[1], 'Z');
	out.len = 0;
	assert_true(report_remote_put(&remote, 127 << EXIT_SHIFT, 7, &out));
	assert_report(&out, "ZUnable to run qmail-remote.\n");
	out.len = 0;
	assert_true(report_local_put(&local, 100 << EXIT_SHIFT, 7, &out));
	assert_int_equal(out.s[1], 'D');
	report_reset(&local);
	report_reset(&remote);
	stralloc_free(&out);
}

static void remote_bounded(void **state)
{
	char block[4096];
	report r = REPORT_ZERO;
	stralloc out = STRALLOC_ZERO;
	int i;

	(void)state;
	memset(block, 'a', sizeof block);
	for (i = 0; i < 200; i++)
		report_remote_feed(&r, block, sizeof block);
	report_remote_feed(&r, "\0Z", 2);
	for (i = 0; i < 200; i++)
		report_remote_feed(&r, block, sizeof block);
	for (i = 0; i < 200; i++)
		report_remote_feed(&r, "\0r\0r", 4);
	report_remote_feed(&r, "", 1);
	assert_true(r.text.a <= 2 * REPORT_REMOTE_MAX && r.more.a <= 2 * REPORT_REMOTE_MAX);
	assert_true(report_remote_put(&r, 0, 7, &out));
	assert_int_equal(out.s[1], 'Z');
	assert_int_equal(out.len, 2 + 2 * REPORT_REMOTE_MAX + 1);
	report_reset(&r);
	stralloc_free(&out);
}

int main(void)
{
	static struct CMUnitTest const tests[] =
	{
		cmocka_unit_test(local_codes),
		cmocka_unit_test(local_cut),
		cmocka_unit_test(local_nul),
		cmocka_unit_test(remote_output),
		cmocka_unit_test(remote_status),
		cmocka_unit_test(remote_bounded), cmocka_unit_test(unloaded),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
