/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/tcpto.h"

enum { NOW = 2000000000 };

static unsigned char const a4[4] = { 192, 0, 2, 1 };
static unsigned char const b4[4] = { 192, 0, 2, 2 };
static unsigned char const a6[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2, [15] = 1 };
static unsigned char const b6[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2, [15] = 2 };
static unsigned char const c6[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 3, [15] = 1 };

static void put(unsigned char *record, unsigned char const *address, unsigned char count, uint32_t when)
{
	memset(record, 0, TCPTO_RECORD);
	memcpy(record, address, 4);
	record[4] = count;
	record[8] = (unsigned char)when;
	record[9] = (unsigned char)(when >> 8);
	record[10] = (unsigned char)(when >> 16);
	record[11] = (unsigned char)(when >> 24);
}

static uint32_t when_of(unsigned char const *record)
{
	unsigned char address[16];
	uint32_t when;
	size_t len;

	tcpto_record(record, &when, address, &len);
	return when;
}

typedef struct row
{
	unsigned char count;
	uint32_t age;
	unsigned int pid;
	tcpto_status want;
} row;

static void look(void **state)
{
	static row const rows[] = {
		{ 0, 0, 0, TCPTO_LISTED },
		{ 1, 0, 0, TCPTO_LISTED },
		{ 2, 0, 0, TCPTO_SKIP },
		{ 10, 0, 0, TCPTO_SKIP },
		{ 2, 3839, 0, TCPTO_SKIP },
		{ 2, 3840, 0, TCPTO_LISTED },
		{ 2, 3840, 1, TCPTO_SKIP },
		{ 2, 5823, 31, TCPTO_SKIP },
		{ 2, 5824, 31, TCPTO_LISTED },
		{ 2, 3840, 32, TCPTO_LISTED },
		{ 2, 5824, 63, TCPTO_LISTED },
	};
	unsigned char t[2 * TCPTO_RECORD] = { 0 };
	row const *r;

	(void)state;
	UNIT_EACH(r, rows) {
		put(t + TCPTO_RECORD, a4, r->count, NOW - r->age);
		assert_int_equal(tcpto_look(t, sizeof t, a4, 4, NOW, r->pid), r->want);
		assert_int_equal(tcpto_look(t, sizeof t, b4, 4, NOW, r->pid), TCPTO_ABSENT);
	}
	/* noted before the clock was set back */
	put(t, a4, 5, NOW + 100000);
	assert_int_equal(tcpto_look(t, sizeof t, a4, 4, NOW, 0), TCPTO_LISTED);
}

static void short_tables(void **state)
{
	unsigned char t[TCPTO_RECORD + 4];
	size_t n;

	(void)state;
	put(t, a4, 2, NOW);
	memcpy(t + TCPTO_RECORD, b4, 4);
	for (n = 0; n <= sizeof t; n++) {
		assert_int_equal(tcpto_look(t, n, a4, 4, NOW, 0), n < TCPTO_RECORD ? TCPTO_ABSENT : TCPTO_SKIP);
		assert_int_equal(tcpto_look(t, n, b4, 4, NOW, 0), TCPTO_ABSENT);
		if (n < TCPTO_RECORD) {
			assert_int_equal(tcpto_count(t, n, b4, 4, NOW), n);
			assert_int_equal(tcpto_forgive(t, n, a4, 4), n);
		}
	}
}

static void count(void **state)
{
	unsigned char t[2 * TCPTO_RECORD] = { 0 };

	(void)state;
	assert_int_equal(tcpto_count(t, sizeof t, a4, 4, NOW), 0);
	assert_int_equal(t[4], 1);
	assert_int_equal(when_of(t), NOW);
	/* together with the first one */
	assert_int_equal(tcpto_count(t, sizeof t, a4, 4, NOW + 119), sizeof t);
	assert_int_equal(t[4], 1);
	assert_int_equal(tcpto_count(t, sizeof t, a4, 4, NOW + 120), 0);
	assert_int_equal(t[4], 2);
	assert_int_equal(when_of(t), NOW + 120);
	put(t, a4, 10, NOW);
	assert_int_equal(tcpto_count(t, sizeof t, a4, 4, NOW + 200), 0);
	assert_int_equal(t[4], 10);
	put(t, a4, 0, NOW);
	assert_int_equal(tcpto_count(t, sizeof t, a4, 4, NOW), 0);
	assert_int_equal(t[4], 1);
}

static void forgive(void **state)
{
	unsigned char t[2 * TCPTO_RECORD] = { 0 };

	(void)state;
	put(t + TCPTO_RECORD, a4, 3, NOW);
	assert_int_equal(tcpto_forgive(t, sizeof t, b4, 4), sizeof t);
	assert_int_equal(tcpto_forgive(t, sizeof t, a4, 4), TCPTO_RECORD);
	assert_int_equal(t[TCPTO_RECORD + 4], 0);
	assert_int_equal(when_of(t + TCPTO_RECORD), NOW);
	assert_int_equal(tcpto_forgive(t, sizeof t, a4, 4), sizeof t);
}

/* The record that goes is the first unused one, or the one with the least time plus 1024 for each timeout. */
static void replacement(void **state)
{
	unsigned char t[3 * TCPTO_RECORD];
	unsigned char const other[3][4] = { { 10, 0, 0, 1 }, { 10, 0, 0, 2 }, { 10, 0, 0, 3 } };

	(void)state;
	put(t, other[0], 1, NOW);
	put(t + 16, other[1], 3, NOW - 2049);
	put(t + 32, other[2], 2, NOW - 1023);
	assert_int_equal(tcpto_count(t, sizeof t, a4, 4, NOW), 16);
	put(t + 16, other[1], 3, NOW - 2047);
	assert_int_equal(tcpto_count(t, sizeof t, a4, 4, NOW), 0);
	put(t, other[0], 1, NOW);
	put(t + 32, other[2], 0, NOW + 5000);
	assert_int_equal(tcpto_count(t, sizeof t, b4, 4, NOW), 32);
	assert_int_equal(t[32 + 4], 1);
}

static void v6(void **state)
{
	unsigned char t[3 * TCPTO_RECORD] = { 0 };
	unsigned char const nobody[4] = { 246, 0x20, 0x01, 0x0d };
	unsigned char address[16];
	uint32_t when;
	size_t len;

	(void)state;
	assert_int_equal(tcpto_look(t, sizeof t, a6, 16, NOW, 0), TCPTO_ABSENT);
	assert_int_equal(tcpto_count(t, sizeof t, a6, 16, NOW), 0);
	assert_int_equal(tcpto_count(t, sizeof t, a6, 16, NOW + 200), 0);
	assert_int_equal(tcpto_look(t, sizeof t, a6, 16, NOW + 200, 0), TCPTO_SKIP);
	assert_int_equal(tcpto_look(t, sizeof t, b6, 16, NOW + 200, 0), TCPTO_ABSENT);
	assert_int_equal(tcpto_look(t, sizeof t, c6, 16, NOW + 200, 0), TCPTO_ABSENT);
	assert_int_equal(tcpto_look(t, sizeof t, nobody, 4, NOW + 200, 0), TCPTO_ABSENT);
	assert_int_equal(tcpto_count(t, sizeof t, b6, 16, NOW), TCPTO_RECORD);
	assert_int_equal(tcpto_record(t, &when, address, &len), 2);
	assert_int_equal(len, 16);
	assert_int_equal(when, NOW + 200);
	assert_memory_equal(address, a6, 8);
	assert_int_equal(tcpto_forgive(t, sizeof t, a6, 16), 0);
	assert_int_equal(tcpto_look(t, sizeof t, a6, 16, NOW + 200, 0), TCPTO_LISTED);
	put(t + 2 * TCPTO_RECORD, a4, 7, NOW);
	assert_int_equal(tcpto_record(t + 2 * TCPTO_RECORD, &when, address, &len), 7);
	assert_int_equal(len, 4);
	assert_memory_equal(address, a4, 4);
}

static void the_file(void **state)
{
	char path[] = "/tmp/tcpto-test-XXXXXX";
	static unsigned char t[TCPTO_MAX];
	struct stat st;
	size_t n;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(tcpto_check(path, a4, 4), TCPTO_ABSENT);
	/* an empty file has room for nothing */
	tcpto_note(path, a4, 4, 1);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_true(tcpto_clear(path));
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, TCPTO_SIZE);
	tcpto_note(path, a4, 4, 1);
	tcpto_note(path, a6, 16, 1);
	assert_int_equal(tcpto_check(path, a4, 4), TCPTO_LISTED);
	assert_int_equal(tcpto_check(path, a6, 16), TCPTO_LISTED);
	assert_true(tcpto_load(path, t, &n));
	assert_int_equal(n, TCPTO_SIZE);
	assert_int_equal(t[4], 1);
	tcpto_note(path, a4, 4, 0);
	assert_true(tcpto_load(path, t, &n));
	assert_int_equal(t[4], 0);
	close(fd);
	unlink(path);
	assert_false(tcpto_clear(path));
	assert_false(tcpto_load(path, t, &n));
	assert_int_equal(tcpto_check(path, a4, 4), TCPTO_ABSENT);
	tcpto_note(path, a4, 4, 1);
	assert_int_equal(access(path, F_OK), -1);
}

/* A longer file has room for more addresses, and keeps it. */
static void longer_file(void **state)
{
	static struct { off_t size; size_t cleared; } const sizes[] = {
		{ 0, TCPTO_SIZE }, { 1023, TCPTO_SIZE }, { TCPTO_SIZE, TCPTO_SIZE }, { 5000, 5000 }, { TCPTO_MAX, TCPTO_MAX },
		{ TCPTO_MAX + 1, TCPTO_MAX }, { 1 << 30, TCPTO_MAX },
	};
	char path[] = "/tmp/tcpto-test-XXXXXX";
	static unsigned char t[TCPTO_MAX];
	int fd = mkstemp(path);
	size_t i;

	(void)state;
	assert_true(fd >= 0);
	for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct stat st;
		size_t n;
		size_t k;

		assert_int_equal(ftruncate(fd, sizes[i].size), 0);
		assert_true(tcpto_clear(path));
		assert_int_equal(fstat(fd, &st), 0);
		assert_int_equal(st.st_size, sizes[i].cleared);
		for (k = 0; k < 70; k++)
			tcpto_note(path, (unsigned char const []){ 192, 0, 2, (unsigned char)k }, 4, 1);
		assert_true(tcpto_load(path, t, &n));
		assert_int_equal(n, sizes[i].cleared);
		for (n = 0, k = 0; k < 70; k++)
			n += tcpto_check(path, (unsigned char const []){ 192, 0, 2, (unsigned char)k }, 4) == TCPTO_LISTED;
		assert_int_equal(n, sizes[i].cleared == TCPTO_SIZE ? 64 : 70);
	}
	close(fd);
	unlink(path);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(look),
		cmocka_unit_test(short_tables),
		cmocka_unit_test(count),
		cmocka_unit_test(forgive),
		cmocka_unit_test(replacement),
		cmocka_unit_test(v6),
		cmocka_unit_test(the_file),
		cmocka_unit_test(longer_file),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
