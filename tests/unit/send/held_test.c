/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/types.h>

#include "send/held.h"
#include "send/policy.h"
#include "send/quota.h"

enum { JOBS = HELD_MAX + 2, NOW = 1000, LATER = 5000 };

static char home[] = "/tmp/held_test.XXXXXX";
static char const concurrency[] = "control/concurrencydomains";

/* As HUP does it. */
static void load(char const *text)
{
	int fd = open(concurrency, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	char const *failed;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	assert_true(policy_load(&failed));
	quota_reload();
	held_reload(NOW);
}

/* Of which the pass has met one recipient, and is over. */
static job *message(uint64_t id)
{
	job *j = job_open(id, CHANNEL_LOCAL);

	assert_non_null(j);
	j->left = 1;
	j->whole = 1;
	j->retry = LATER;
	return j;
}

static int back(job *j, char const *recipient)
{
	return held_back(j, 0, recipient, strlen(recipient), NOW);
}

static quota *take(char const *recipient)
{
	return quota_take(recipient, strlen(recipient));
}

static unsigned int due(int64_t when)
{
	schedule_age age;
	unsigned int n = 0;
	uint64_t id;

	while (schedule_pass(CHANNEL_LOCAL, SCHEDULE_RETRY, when, &id, &age))
		n++;
	return n;
}

/* Who waits in the line of a domain is not delivered to from there when his address has a limit of its own. */
static void other_lines(void **state)
{
	quota *q;
	job *j;

	(void)state;
	load("b.example:1\n");
	q = take("x@b.example");
	j = message(1);
	assert_true(back(j, "u@b.example"));
	assert_int_equal(j->places, 1);
	job_release(j, NOW);
	/* the same lines again: he goes on waiting */
	load("b.example:1\n");
	assert_int_equal(due(LATER), 0);
	load("u@b.example:1\n");
	assert_int_equal(due(NOW), 1);
	quota_give(q);
	assert_false(held_waits(CHANNEL_LOCAL));
	assert_null(quota_all());
	load("");
}

/* Who was served longest ago comes first. */
static void order(void **state)
{
	quota *a;
	quota *b;

	(void)state;
	load(".example:1\n");
	a = take("x@a.example");
	b = take("x@b.example");
	assert_ptr_equal(quota_all(), b);
	quota_served(b);
	assert_ptr_equal(quota_all(), a);
	assert_ptr_equal(a->next, b);
	quota_served(b);
	assert_ptr_equal(quota_all(), a);
	quota_served(a);
	assert_ptr_equal(quota_all(), b);
	assert_null(a->next);
	quota_give(a);
	quota_served(b);
	assert_null(b->next);
	quota_give(b);
	assert_null(quota_all());
	load("");
}

/* As many domains as can wait, each with a delivery that may start: neither a look for the next nor a message that has
 * no place looks at all of them. */
static void many(void **state)
{
	enum { ROUNDS = 1000000, SECONDS = 20 };
	static quota *q[HELD_MAX];
	char name[32] = "x@";
	clock_t began;
	unsigned int i;
	job *j;

	(void)state;
	load(".example:1\nfull.org:1\n");
	for (i = 0; i < HELD_MAX; i++) {
		size_t n = 2 + uint_fmt(name + 2, i);

		memcpy(name + n, ".example", sizeof ".example");
		q[i] = take(name);
		j = message(i + 1);
		assert_true(back(j, name));
		job_release(j, NOW);
	}
	for (i = 0; i < HELD_MAX; i++)
		quota_give(q[i]);
	began = clock();
	for (i = 0; i < ROUNDS; i++)
		assert_true(held_waits(CHANNEL_LOCAL));
	assert_true(clock() - began < SECONDS * CLOCKS_PER_SEC / 10);
	load("full.org:1\n");
	assert_int_equal(due(NOW), HELD_MAX);
	assert_null(quota_all());
	q[0] = take("x@full.org");
	for (i = 0; i < HELD_MAX; i++) {
		j = message(i + 1);
		assert_true(back(j, "y@full.org"));
		job_release(j, NOW);
	}
	/* no place is left */
	j = message(i + 1);
	began = clock();
	for (i = 0; i < ROUNDS; i++)
		assert_true(back(j, "y@full.org"));
	assert_true(clock() - began < SECONDS * CLOCKS_PER_SEC / 10);
	assert_int_equal(j->retry, NOW + SCHEDULE_TROUBLE);
	job_release(j, NOW);
	load("");
	assert_int_equal(due(LATER), HELD_MAX + 1);
	quota_give(q[0]);
	assert_null(quota_all());
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(other_lines),
		cmocka_unit_test(order),
		cmocka_unit_test(many),
	};
	int failed;

	if (!mkdtemp(home) || chdir(home) < 0 || mkdir("control", 0755) < 0)
		return 111;
	job_init(JOBS);
	failed = cmocka_run_group_tests(tests, 0, 0);
	unlink(concurrency);
	rmdir("control");
	rmdir(home);
	return failed;
}
