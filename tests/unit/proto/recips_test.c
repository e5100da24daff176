/* SPDX-License-Identifier: ISC */

#include "proto/recips.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

static void reads_what_was_written_and_marks_in_place(void **state)
{
	static char const *const names[] = { "a@b", "", "prefix-c@d.example", "\200\377" };
	char path[] = "/tmp/recips_test.XXXXXX";
	stralloc sa = STRALLOC_ZERO;
	recips_reader r = RECIPS_READER_ZERO;
	char block[64];
	size_t i, n, pos;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	unlink(path);
	for (i = 0; i < 4; i++)
		assert_true(recips_put(&sa, names[i], strlen(names[i])));
	assert_int_equal(write(fd, sa.s, sa.len), sa.len);
	/* mark all but the last, each in a pass of its own */
	for (i = 0; i < 4; i++) {
		size_t k;

		n = (size_t)pread(fd, block, sizeof block, 0);
		assert_int_equal(n, sa.len);
		recips_rewind(&r, 0);
		pos = 0;
		for (k = 0; k < 4; k++) {
			assert_int_equal(recips_next(&r, block, n, &pos), k < i ? RECIPS_DONE : RECIPS_TODO);
			assert_string_equal(r.recipient, names[k]);
			assert_int_equal(r.len, strlen(names[k]));
			if (k == i)
				assert_true(recips_mark(fd, r.offset));
		}
		assert_int_equal(recips_next(&r, block, n, &pos), RECIPS_MORE);
		assert_false(recips_cut(&r));
	}
	/* from the middle */
	recips_rewind(&r, 5);
	n = (size_t)pread(fd, block, sizeof block, 5);
	pos = 0;
	assert_int_equal(recips_next(&r, block, n, &pos), RECIPS_DONE);
	assert_int_equal(r.offset, 5);
	assert_int_equal(r.len, 0);
	close(fd);
	assert_false(recips_mark(-1, 0));
	assert_int_equal(errno, EBADF);
	recips_free(&r);
	stralloc_free(&sa);
}

static void odd_records(void **state)
{
	static char const file[] = "Ta\0Xb\0\0Tc\0Td";
	recips_reader r = RECIPS_READER_ZERO;
	size_t pos = 0;
	size_t n = sizeof file - 1;

	(void)state;
	assert_int_equal(recips_next(&r, file, n, &pos), RECIPS_TODO);
	assert_int_equal(recips_next(&r, file, n, &pos), RECIPS_BAD);
	assert_int_equal(r.offset, 3);
	assert_int_equal(recips_next(&r, file, n, &pos), RECIPS_BAD);
	assert_int_equal(r.offset, 6);
	assert_int_equal(recips_next(&r, file, n, &pos), RECIPS_TODO);
	assert_string_equal(r.recipient, "c");
	assert_int_equal(recips_next(&r, file, n, &pos), RECIPS_MORE);
	assert_true(recips_cut(&r));
	recips_free(&r);
}

static void a_record_without_end_is_not_held(void **state)
{
	static char block[RECORD_MAX];
	recips_reader r = RECIPS_READER_ZERO;
	size_t pos = 0;

	(void)state;
	memset(block, 'T', sizeof block);
	assert_int_equal(recips_next(&r, block, sizeof block, &pos), RECIPS_MORE);
	pos = 0;
	assert_int_equal(recips_next(&r, block, 1, &pos), RECIPS_BAD);
	assert_int_equal(pos, 0);
	recips_free(&r);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(reads_what_was_written_and_marks_in_place),
		cmocka_unit_test(odd_records),
		cmocka_unit_test(a_record_without_end_is_not_held),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
