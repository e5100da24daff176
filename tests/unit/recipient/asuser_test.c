/* SPDX-License-Identifier: ISC */

#include "recipient/asuser.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static int say(stralloc *out, void *data)
{
	return stralloc_cats(out, data);
}

static int say_much(stralloc *out, void *data)
{
	(void)data;
	if (!stralloc_ready(out, ASUSER_MAX + 65536))
		return 0;
	memset(out->s, 'x', ASUSER_MAX + 65536);
	out->len = ASUSER_MAX + 65536;
	return 1;
}

static int fail_at_it(stralloc *out, void *data)
{
	(void)data;
	return stralloc_cats(out, "lost") && 0;
}

static int crash(stralloc *out, void *data)
{
	(void)out;
	(void)data;
	kill(getpid(), SIGKILL);
	return 1;
}

static int hang(stralloc *out, void *data)
{
	(void)out;
	(void)data;
	while (pause() < 0)
		;
	return 1;
}

/* Which of our descriptors it has. */
static int list_open(stralloc *out, void *data)
{
	int fd;

	(void)data;
	for (fd = 1; fd < 64; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return stralloc_cats(out, "one");
	return stralloc_cats(out, "none");
}

static void ends(void **state)
{
	static struct { char const *name; asuser_work *work; int ok; int error; char const *out; } const cases[] = {
		{ "something", say, 1, 0, "before: found" }, { "failure", fail_at_it, 0, EPROTO, "before: " },
		{ "a signal", crash, 0, EPROTO, "before: " }, { "nothing in time", hang, 0, ETIMEDOUT, "before: " },
		{ "too much", say_much, 0, EPROTO, "before: " },
	}, *c;
	static char found[] = "found";

	(void)state;
	UNIT_EACH(c, cases) {
		stralloc out = STRALLOC_ZERO;
		int ok;

		assert_true(stralloc_cats(&out, "before: "));
		errno = 0;
		ok = asuser_run(&out, getuid(), getgid(), 1, c->work, found);
		if (ok != c->ok || (!ok && errno != c->error) || out.len != strlen(c->out) || memcmp(out.s, c->out, out.len) != 0)
			fail_msg("%s: %d %s %zu", c->name, ok, strerror(errno), out.len);
		stralloc_free(&out);
	}
}

static void descriptors(void **state)
{
	stralloc out = STRALLOC_ZERO;
	int fd = open("/", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(asuser_run(&out, getuid(), getgid(), 5, list_open, 0), 1);
	assert_int_equal(out.len, 4);
	assert_memory_equal(out.s, "none", 4);
	close(fd);
	stralloc_free(&out);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(ends),
		cmocka_unit_test(descriptors),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
