/* SPDX-License-Identifier: ISC */

#include "proto/share.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { PLACES = 4, EXIT_SHIFT = 8 };

#define H " does not like recipient.\nRemote host said: 550 no\n"
#define S " does not like recipient.\nRemote host said: 450 later\n"
#define CROWD " does not like recipient.\nRemote host said: 452 4.5.3 enough\n"
#define ONE(letter, text) letter text "\0"
#define K ONE("K", "1.2.3.4 accepted message.\n")
#define UP "Giving up on 1.2.3.4.\n"
#define ACCEPTED "K1.2.3.4 accepted message.\n"
#define UNSAID "Zqmail-remote printed no result.\n"
static char const again[] = "again";
static char const alone[] = "alone";

typedef struct row
{
	char const *what;
	char const *s;
	size_t n;
	int status;
	int strained;
	char const *expect[PLACES];     /* a report, again or alone */
} row;
#define OUTPUT(s) (s), sizeof (s) - 1

static row const rows[] =
{
	{ "all accepted", OUTPUT("r\0r\0r\0r\0" K), 0, 0, { ACCEPTED, ACCEPTED, ACCEPTED, ACCEPTED } },
	{ "the first refused for good", OUTPUT(ONE("h1.2.3.4", H) "r\0r\0r\0" K), 0, 0,
		{ "D1.2.3.4" H UP, ACCEPTED, ACCEPTED, ACCEPTED } },
	{ "one in company refused for good", OUTPUT("r\0" ONE("h1.2.3.4", H) "r\0r\0" K), 0, 0,
		{ ACCEPTED, alone, ACCEPTED, ACCEPTED } },
	{ "one refused for now", OUTPUT("r\0" ONE("s1.2.3.4", S) "r\0r\0" K), 0, 0,
		{ ACCEPTED, "Z1.2.3.4" S UP, ACCEPTED, ACCEPTED } },
	{ "too many", OUTPUT("r\0" ONE("s1.2.3.4", CROWD) ONE("s1.2.3.4", CROWD) ONE("s1.2.3.4", CROWD) K), 0, 0,
		{ ACCEPTED, again, again, again } },
	{ "one is too many", OUTPUT(ONE("s1.2.3.4", CROWD) "r\0r\0r\0" K), 0, 0,
		{ "Z1.2.3.4" CROWD UP, ACCEPTED, ACCEPTED, ACCEPTED } },
	{ "too many, and a failure for now", OUTPUT("r\0" ONE("s1.2.3.4", CROWD) "r\0r\0" ONE("Z", "died\n")), 0, 1,
		{ "Zdied\n", "Z1.2.3.4" CROWD UP, "Zdied\n", "Zdied\n" } },
	{ "nobody accepted", OUTPUT(ONE("h1.2.3.4", H) ONE("s1.2.3.4", S) ONE("h1.2.3.4", H) ONE("s1.2.3.4", S)
		ONE("D", UP)), 0, 0, { "D1.2.3.4" H UP, "Z1.2.3.4" S UP, "D1.2.3.4" H UP, "Z1.2.3.4" S UP } },
	{ "no connection", OUTPUT(ONE("Z", "no way\n")), 0, 0, { "Zno way\n", "Zno way\n", "Zno way\n", "Zno way\n" } },
	{ "no such host", OUTPUT(ONE("D", "nowhere\n")), 0, 0, { "Dnowhere\n", "Dnowhere\n", "Dnowhere\n", "Dnowhere\n" } },
	{ "dropped at RCPT", OUTPUT("r\0r\0" ONE("Z", "died\n")), 0, 1, { "Zdied\n", "Zdied\n", "Zdied\n", "Zdied\n" } },
	{ "the message refused for good", OUTPUT("r\0" ONE("h1.2.3.4", H) "r\0r\0" ONE("D", "spam\n")), 0, 1,
		{ alone, alone, alone, alone } },
	{ "the message refused for the only one", OUTPUT(ONE("h1.2.3.4", H) "r\0" ONE("s1.2.3.4", S) ONE("h1.2.3.4", H)
		ONE("D", "spam\n")), 0, 1, { "D1.2.3.4" H UP, "Dspam\n", "Z1.2.3.4" S UP, alone } },
	{ "the message refused for now", OUTPUT("r\0r\0r\0r\0" ONE("Z", "full\n")), 0, 1,
		{ "Zfull\n", "Zfull\n", "Zfull\n", "Zfull\n" } },
	{ "a program for one recipient", OUTPUT("r\0" K), 0, 0, { ACCEPTED, again, again, again } },
	{ "refused by a program for one", OUTPUT(ONE("h", "no") ONE("D", "up\n")), 0, 0, { "Dno", again, again, again } },
	{ "nothing about anybody", OUTPUT(K), 0, 0, { UNSAID, UNSAID, UNSAID, UNSAID } },
	{ "no message report", OUTPUT("r\0r\0"), 0, 1, { UNSAID, UNSAID, UNSAID, UNSAID } },
	{ "nothing at all", "", 0, 0, 0, { "Zqmail-remote produced no output.\n", "Zqmail-remote produced no output.\n",
		"Zqmail-remote produced no output.\n", "Zqmail-remote produced no output.\n" } },
	{ "an unfinished report", OUTPUT("r\0r\0r\0r\0Kacc"), 0, 1, { UNSAID, UNSAID, UNSAID, UNSAID } },
	{ "words of a library", OUTPUT("oops\nr\0r\0r\0r\0" K), 0, 0, { "Zoops\nr", ACCEPTED, ACCEPTED, ACCEPTED } },
	{ "behind the message report", OUTPUT("r\0r\0" K "r\0r\0"), 0, 0, { ACCEPTED, ACCEPTED, again, again } },
	{ "crashed", OUTPUT("r\0r\0r\0r\0" K), SIGKILL, 1, { "Zqmail-remote crashed.\n", "Zqmail-remote crashed.\n",
		"Zqmail-remote crashed.\n", "Zqmail-remote crashed.\n" } },
	{ "could not run", OUTPUT("r\0"), 111 << EXIT_SHIFT, 1, { "ZUnable to run qmail-remote.\n",
		"ZUnable to run qmail-remote.\n", "ZUnable to run qmail-remote.\n", "ZUnable to run qmail-remote.\n" } },
};

static void dealt_out(void **state)
{
	stralloc out = STRALLOC_ZERO;
	size_t i;
	size_t k;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		row const *r = rows + i;

		assert_int_equal(share_strained(r->s, r->n, r->status), r->strained);
		for (k = 0; k < PLACES; k++) {
			share_status got;

			out.len = 0;
			got = share_put(r->s, r->n, r->status, k, 7, &out);
			if (got == SHARE_TOLD) {
				assert_int_equal(out.s[0], 7);
				assert_string_equal(out.s + 1, r->expect[k]);
				assert_int_equal(out.len, strlen(r->expect[k]) + 2);
			} else {
				assert_int_equal(out.len, 0);
				assert_ptr_equal(got == SHARE_AGAIN ? again : alone, r->expect[k]);
			}
		}
	}
	stralloc_free(&out);
}

/* However it is cut, nobody is told of a success that was not printed, and if all are to be asked again nothing
 * would ever end. */
static void cut_anywhere(void **state)
{
	static char const s[] = "r\0" ONE("h1.2.3.4", H) ONE("s1.2.3.4", CROWD) "r\0" K;
	stralloc out = STRALLOC_ZERO;
	size_t n;
	size_t k;

	(void)state;
	for (n = 0; n < sizeof s - 1; n++) {
		int told = 0;

		for (k = 0; k < PLACES; k++) {
			share_status got;

			out.len = 0;
			got = share_put(s, n, 0, k, 1, &out);
			if (got == SHARE_TOLD) {
				assert_int_not_equal(out.s[1], 'K');
				told = 1;
			}
		}
		assert_true(told);
	}
	stralloc_free(&out);
}

int main(void)
{
	static struct CMUnitTest const tests[] =
	{
		cmocka_unit_test(dealt_out),
		cmocka_unit_test(cut_anywhere),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
