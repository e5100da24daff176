/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "send/policy.h"
#include "send/quota.h"

static char home[] = "/tmp/quota_test.XXXXXX";
static char const lifetimes[] = "control/queuelifetimes";
static char const concurrency[] = "control/concurrencydomains";

static void load(char const *file, char const *text)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	char const *failed;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	assert_true(policy_load(&failed));
}

static unsigned int lifetime(char const *sender)
{
	return policy_lifetime(sender, strlen(sender), 7);
}

static void by_sender(void **state)
{
	char const *failed;

	(void)state;
	assert_int_equal(lifetime("a@b.example"), 7);
	load(lifetimes, "b.example:1\n.b.example:2\nbad.example\nworse.example:x\nodd.example:5 days\n:3\nhuge.example:99999999999\n");
	assert_int_equal(lifetime("a@B.example"), 1);
	assert_int_equal(lifetime("l-@b.example-@[]"), 1);
	assert_int_equal(lifetime("a@c.b.example"), 2);
	assert_int_equal(lifetime("a@bad.example"), 3);
	assert_int_equal(lifetime("a@worse.example"), 7);
	assert_int_equal(lifetime("a@odd.example"), 5);
	assert_int_equal(lifetime("a@huge.example"), UINT_MAX);
	assert_int_equal(lifetime(""), 7);
	assert_int_equal(lifetime("#@[]"), 7);
	/* one that cannot be read leaves both as they are */
	assert_int_equal(mkdir(concurrency, 0755), 0);
	assert_false(policy_load(&failed));
	assert_string_equal(failed, concurrency);
	assert_int_equal(lifetime("a@b.example"), 1);
	rmdir(concurrency);
}

static quota *take(char const *recipient)
{
	return quota_take(recipient, strlen(recipient));
}

static void counts(void **state)
{
	quota *a;
	quota *one;

	(void)state;
	load(concurrency, ".b.example:2\nJoe@b.example:1\n");
	assert_null(take("x@else.example"));
	quota_give(0);
	assert_false(quota_limited("x@b.example", 11));
	a = take("x@A.b.example");
	assert_non_null(a);
	assert_ptr_equal(take("y@a.B.example"), a);
	assert_int_equal(a->used, 2);
	assert_int_equal(a->limit, 2);
	assert_true(quota_fits(a, "z@a.b.example", 13));
	assert_false(quota_fits(a, "z@c.b.example", 13));
	/* another domain of the same line, and an address by itself */
	one = take("x@c.b.example");
	assert_ptr_not_equal(one, a);
	quota_give(one);
	one = take("joe@b.example");
	assert_int_equal(one->limit, 1);
	assert_true(quota_fits(one, "JOE@b.example", 13));
	assert_false(quota_fits(one, "ann@b.example", 13));
	/* limits are what the file says now; what is under way stays counted */
	load(concurrency, ".b.example:5\n");
	quota_reload();
	assert_int_equal(a->limit, 5);
	assert_int_equal(one->limit, UINT_MAX);
	quota_give(one);
	quota_give(a);
	assert_int_equal(a->used, 1);
	quota_give(a);
	assert_null(quota_all());
}

static int tidy(void **state)
{
	char const *failed;

	(void)state;
	unlink(lifetimes);
	unlink(concurrency);
	return !policy_load(&failed);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test_teardown(by_sender, tidy),
		cmocka_unit_test_teardown(counts, tidy),
	};
	int failed;

	if (!mkdtemp(home) || chdir(home) < 0 || mkdir("control", 0755) < 0)
		return 111;
	failed = cmocka_run_group_tests(tests, 0, 0);
	rmdir("control");
	rmdir(home);
	return failed;
}
