/* SPDX-License-Identifier: ISC */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/syncall.h"

static char const usual[] =
	"MemTotal:       24000000 kB\nMemFree:        17825344 kB\nDirty:               168 kB\nWriteback:             4 kB\nMapped: 1 kB\n";

static void waiting(void **state)
{
	static struct { char const *text; uint64_t kilobytes; } const cases[] = {
		{ usual, 172 },
		{ "Dirty: 0 kB\nWriteback: 0 kB\n", 0 },
		{ "Writeback: 7 kB\nDirty: 8 kB\n", 15 },
		{ "WritebackTmp: 9 kB\nDirty: 1 kB\nWriteback: 2 kB\n", 3 },
		{ "Dirty: 18446744073709551615 kB\nWriteback: 0 kB\n", UINT64_MAX },
		{ "Dirty: 18446744073709551615 kB\nWriteback: 1 kB\n", UINT64_MAX },
		{ "Dirty: 18446744073709551616 kB\nWriteback: 1 kB\n", UINT64_MAX },
		{ "Dirty: 1\nWriteback: 2 kB\n", UINT64_MAX },
		{ "Dirty: -1 kB\nWriteback: 2 kB\n", UINT64_MAX },
		{ "Dirty: kB\nWriteback: 2 kB\n", UINT64_MAX },
		{ "xDirty: 1 kB\nWriteback: 2 kB\n", UINT64_MAX },
		{ "Dirty: 1 kB\n", UINT64_MAX },
		{ "Writeback: 1 kB\n", UINT64_MAX },
		{ "\n\n", UINT64_MAX },
		{ "", UINT64_MAX },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(syncall_waiting(cases[i].text, strlen(cases[i].text)), cases[i].kilobytes);
}

static void waiting_cut(void **state)
{
	size_t const enough = (size_t)(strstr(usual, " kB\nMapped") - usual) + 1;
	size_t n;

	(void)state;
	for (n = 0; n < sizeof usual; n++)
		assert_int_equal(syncall_waiting(usual, n), n < enough ? UINT64_MAX : 172);
}

static void tells(void **state)
{
	static struct { char const *release; int tells; } const cases[] = {
		{ "6.1.0-18-amd64", 1 }, { "5.17", 1 }, { "5.17.0", 1 }, { "5.100", 1 }, { "5.16.19", 0 }, { "5.8", 0 }, { "4.19.0", 0 },
		{ "10.0", 1 }, { "5", 0 }, { "5.", 0 }, { ".8", 0 }, { "6-1", 0 }, { "", 0 }, { "x", 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(syncall_tells(cases[i].release), cases[i].tells);
}

static void rest(void **state)
{
	static struct { int64_t took; int failed; int64_t rest; } const cases[] = {
		{ 0, 0, 0 }, { 250, 0, 0 }, { 251, 0, 25100 }, { 60000, 0, 6000000 }, { 0, 1, 3600000 }, { 251, 1, 3600000 },
		{ 60000, 1, 6000000 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(syncall_rest(cases[i].took, cases[i].failed), cases[i].rest);
}

static void flush(void **state)
{
	int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int elsewhere = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_false(syncall_is_cheap(fd));     /* not before it is opened */
	syncall_open();
	(void)syncall_is_cheap(fd);
	assert_true(fd >= 0 && elsewhere >= 0);
	assert_false(syncall_is_cheap(elsewhere)); /* no disk of this machine */
	assert_int_equal(syncall(fd), SYNCALL_DONE);
	close(elsewhere);
	close(fd);
	assert_int_equal(syncall(fd), SYNCALL_FAILED);
	assert_false(syncall_is_cheap(0));      /* for an hour */
}

int main(void)
{
	struct CMUnitTest const tests[] = {
		cmocka_unit_test(waiting),
		cmocka_unit_test(waiting_cut),
		cmocka_unit_test(tells),
		cmocka_unit_test(rest),
		cmocka_unit_test(flush),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
