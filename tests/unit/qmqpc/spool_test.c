/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>
#include <unistd.h>

#include "qmqpc/spool.h"

static spool sp;

/* n bytes in pieces of step; read back in pieces of another size. */
static void there_and_back(size_t n, size_t step, size_t piece)
{
	static char block[100000];
	static char got[100000];
	uint64_t at = 0;
	size_t i;
	ssize_t r;

	for (i = 0; i < sizeof block; i++)
		block[i] = (char)(i * 7 + i / 256);
	spool_start(&sp);
	for (i = 0; i < n; i += step)
		assert_true(spool_put(&sp, block + i % 1000, n - i < step ? n - i : step));
	assert_true(sp.size == n);
	assert_int_equal(sp.fd >= 0, n > SPOOL_MEMORY);
	while ((r = spool_get(&sp, at, got, piece)) > 0) {
		for (i = 0; i < (size_t)r; i++) {
			size_t pos = (size_t)at + i;

			assert_int_equal(got[i], block[(pos - pos % step) % 1000 + pos % step]);
		}
		at += (uint64_t)r;
	}
	assert_int_equal(r, 0);
	assert_true(at == n);
	if (sp.fd >= 0)
		close(sp.fd);
}

static void sizes(void **state)
{
	static size_t const n[] = { 0, 1, 8191, SPOOL_MEMORY - 1, SPOOL_MEMORY, SPOOL_MEMORY + 1, 300001 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof n / sizeof n[0]; i++) {
		there_and_back(n[i], 8192, 8192);
		there_and_back(n[i], 1000, 4097);
		there_and_back(n[i], 99000, 99999);
	}
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
