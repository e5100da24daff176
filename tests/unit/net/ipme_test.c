/* SPDX-License-Identifier: ISC */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/ipme.h"

static unsigned char const any4[4] = { 0 };
static unsigned char const any6[16] = { 0 };
static unsigned char const loop4[4] = { 127, 0, 0, 1 };
static unsigned char const loop6[16] = { [15] = 1 };
static unsigned char const mapped_loop4[16] = { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 };
static unsigned char const documentation4[4] = { 203, 0, 113, 77 };
static unsigned char const documentation6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x77 };

static void load_has_the_fixed_ones(void **state)
{
	ipme me = IPME_ZERO;

	(void)state;
	assert_true(ipme_load(&me));
	assert_true(ipme_has(&me, any4, 4));
	assert_true(ipme_has(&me, any6, 16));
	assert_true(ipme_has(&me, loop4, 4));
	assert_true(ipme_has(&me, loop6, 16));
	assert_true(ipme_has(&me, mapped_loop4, 16));
	assert_false(ipme_has(&me, documentation4, 4));
	assert_false(ipme_has(&me, documentation6, 16));
	ipme_free(&me);
}

static void load_twice_replaces(void **state)
{
	ipme me = IPME_ZERO;
	size_t n4;
	size_t n6;

	(void)state;
	assert_true(ipme_load(&me));
	n4 = me.v4.len;
	n6 = me.v6.len;
	assert_true(ipme_load(&me));
	assert_int_equal(me.v4.len, n4);
	assert_int_equal(me.v6.len, n6);
	ipme_free(&me);
}

static void added_ones_are_ours(void **state)
{
	ipme me = IPME_ZERO;
	unsigned char other[16];

	(void)state;
	assert_false(ipme_has(&me, documentation4, 4));
	assert_true(ipme_add(&me, any4, 4));
	assert_true(ipme_add(&me, documentation4, 4));
	assert_true(ipme_add(&me, documentation6, 16));
	assert_true(ipme_has(&me, documentation4, 4));
	assert_true(ipme_has(&me, documentation6, 16));
	memcpy(other, documentation6, 16);
	other[15] ^= 1;
	assert_false(ipme_has(&me, other, 16));
	memcpy(other, mapped_loop4, 12);
	memcpy(other + 12, documentation4, 4);
	assert_true(ipme_has(&me, other, 16));
	ipme_free(&me);
}

/* 0, 0, 203, 0, 113, 77 must not be found across two entries; and no other lengths. */
static void whole_entries_only(void **state)
{
	ipme me = IPME_ZERO;
	unsigned char const across[4] = { 0, 0, 203, 0 };

	(void)state;
	assert_true(ipme_add(&me, any4, 4));
	assert_true(ipme_add(&me, documentation4, 4));
	assert_false(ipme_has(&me, across, 4));
	assert_false(ipme_has(&me, documentation4, 3));
	assert_false(ipme_has(&me, documentation4, 0));
	assert_false(ipme_add(&me, documentation4, 3));
	ipme_free(&me);
}

int main(void)
{
	struct CMUnitTest const tests[] = {
		cmocka_unit_test(load_has_the_fixed_ones),
		cmocka_unit_test(load_twice_replaces),
		cmocka_unit_test(added_ones_are_ours),
		cmocka_unit_test(whole_entries_only),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
