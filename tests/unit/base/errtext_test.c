/* SPDX-License-Identifier: ISC */

#include "base/errtext.h"

#include <errno.h>
#include <string.h>

#include "unit.h"

static void known_and_unknown(void **state)
{
	(void)state;
	assert_string_equal(errtext(ENOENT), "file does not exist");
	assert_string_equal(errtext(EACCES), "access denied");
	assert_string_equal(errtext(EPERM), "permission denied");
	assert_string_equal(errtext(EXDEV), "cross-device link");
	assert_string_equal(errtext(ENOLCK), strerror(ENOLCK));
}

int main(void)
{
	static struct CMUnitTest const tests[] = { cmocka_unit_test(known_and_unknown) };

	return cmocka_run_group_tests(tests, 0, 0);
}
