/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rcptd/cache.h"

static cache c;

static int find(char const *key, int64_t now)
{
	rcptd_answer a;

	return cache_find(&c, key, strlen(key), now, &a) ? (int)a : 0;
}

static void put(char const *key, int64_t now, rcptd_answer a)
{
	cache_put(&c, key, strlen(key), now, a);
}

static void lifetimes(void **state)
{
	static struct { rcptd_answer a; int64_t for_ms; } const rows[] = {
		{ RCPTD_YES, CACHE_YES }, { RCPTD_NO, CACHE_NO }, { RCPTD_DOUBT, CACHE_DOUBT },
	};
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		cache_forget(&c);
		assert_int_equal(find("foo-x", 1000), 0);
		put("foo-x", 1000, rows[i].a);
		assert_int_equal(find("foo-x", 1000), rows[i].a);
		assert_int_equal(find("foo-x", 999 + rows[i].for_ms), rows[i].a);
		assert_int_equal(find("foo-x", 1000 + rows[i].for_ms), 0);
	}
}

/* Other names are other keys: parts of one, its case, and bytes of any kind. */
static void keys(void **state)
{
	static char longest[CACHE_KEY_MAX + 2];

	(void)state;
	cache_forget(&c);
	put("foo-x", 1000, RCPTD_NO);
	assert_int_equal(find("foo-", 1000), 0);
	assert_int_equal(find("foo-xy", 1000), 0);
	assert_int_equal(find("Foo-x", 1000), 0);
	put("foo-x", 1001, RCPTD_YES);
	assert_int_equal(find("foo-x", 1001), RCPTD_YES);
	put("\xff\x01", 1000, RCPTD_NO);
	assert_int_equal(find("\xff\x01", 1000), RCPTD_NO);
	memset(longest, 'x', CACHE_KEY_MAX);
	put(longest, 1000, RCPTD_NO);
	assert_int_equal(find(longest, 1000), RCPTD_NO);
	longest[CACHE_KEY_MAX] = 'x';
	put(longest, 1000, RCPTD_NO);
	assert_int_equal(find(longest, 1000), 0);
	cache_forget(&c);
	assert_int_equal(find("foo-x", 1001), 0);
}

/* A hundred thousand addresses: no more than there is room for is kept, each answer is the one that was put, and the
 * latest is always there. */
static void flood(void **state)
{
	int kept = 0;
	int i;

	(void)state;
	cache_forget(&c);
	c.seed = 12345;
	for (i = 0; i < 100000; i++) {
		char key[20];

		sprintf(key, "u%d", i);
		put(key, 1000 + i / 1000, i % 3 ? RCPTD_NO : RCPTD_YES);
		assert_int_equal(find(key, 1000 + i / 1000), i % 3 ? RCPTD_NO : RCPTD_YES);
	}
	for (i = 0; i < 100000; i++) {
		char key[20];
		int a;

		sprintf(key, "u%d", i);
		a = find(key, 1100);
		assert_true(a == 0 || a == (i % 3 ? RCPTD_NO : RCPTD_YES));
		kept += a != 0;
	}
	assert_true(kept > CACHE_SETS && kept <= CACHE_SETS * CACHE_WAYS);
	assert_true(sizeof c < 2 << 20);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(lifetimes),
		cmocka_unit_test(keys),
		cmocka_unit_test(flood),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
