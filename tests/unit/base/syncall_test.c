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
		{ "6.1.0-18-amd64", 1 }, { "5.8", 1 }, { "5.8.0", 1 }, { "5.10", 1 }, { "5.7.19", 0 }, { "4.19.0", 0 }, { "4.9", 0 },
		{ "10.0", 1 }, { "5", 0 }, { "5.", 0 }, { ".8", 0 }, { "6-1", 0 }, { "", 0 }, { "x", 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(syncall_tells(cases[i].release), cases[i].tells);
}

static void flush(void **state)
{
	int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_false(syncall_is_cheap());       /* not before it is opened */
	syncall_open();
	(void)syncall_is_cheap();
	assert_true(fd >= 0);
	assert_true(syncall(fd));
	close(fd);
	assert_false(syncall(fd));
}

int main(void)
{
	struct CMUnitTest const tests[] = {
		cmocka_unit_test(waiting),
		cmocka_unit_test(waiting_cut),
		cmocka_unit_test(tells),
		cmocka_unit_test(flush),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
