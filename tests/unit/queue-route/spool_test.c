/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "queue-route/spool.h"

enum { MOST = 200000 };

static spool sp;
static char text[MOST];

static void check_back(int fd, size_t n)
{
	static char got[MOST];
	size_t at = 0;
	ssize_t r;

	while ((r = io_read(fd, got + at, sizeof got - at, 0)) > 0)
		at += (size_t)r;
	assert_int_equal(r, 0);
	assert_int_equal(at, n);
	assert_memory_equal(got, text, n);
	close(fd);
}

static void sizes(void **state)
{
	static size_t const sizes[] = { 0, 1, 4096, SPOOL_BLOCK - 1, SPOOL_BLOCK, SPOOL_BLOCK + 1, 2 * SPOOL_BLOCK, 199999 };
	static size_t const steps[] = { 1, 1000, SPOOL_BLOCK, MOST };
	size_t i;
	size_t k;
	size_t at;

	(void)state;
	for (i = 0; i < sizeof text; i++)
		text[i] = (char)(i * 7 + i / 256);
	for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		for (k = 0; k < sizeof steps / sizeof steps[0]; k++) {
			struct stat st;
			int fd;

			spool_start(&sp);
			for (at = 0; at < sizes[i]; at += steps[k])
				assert_int_equal(spool_put(&sp, text + at, sizes[i] - at < steps[k] ? sizes[i] - at : steps[k]), QQ_OK);
			assert_int_equal(spool_finish(&sp, &fd), QQ_OK);
			assert_int_equal(fstat(fd, &st), 0);
			assert_int_equal(S_ISREG(st.st_mode), sizes[i] > SPOOL_BLOCK);
			check_back(fd, sizes[i]);
		}
}

static void copies(void **state)
{
	int fd;

	(void)state;
	spool_start(&sp);
	assert_int_equal(spool_put(&sp, text, 150000), QQ_OK);
	assert_int_equal(spool_finish(&sp, &fd), QQ_OK);
	spool_start(&sp);
	assert_int_equal(spool_copy(&sp, fd), QQ_OK);
	close(fd);
	assert_int_equal(spool_finish(&sp, &fd), QQ_OK);
	check_back(fd, 150000);
	spool_start(&sp);
	assert_int_equal(spool_copy(&sp, -1), QQ_READ);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(copies),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
