/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "base/linkdirs.h"

static char root[] = "/tmp/linkdirs_test.XXXXXX";

static int make_links(void **state)
{
	(void)state;
	if (!mkdtemp(root) || chdir(root) < 0 || mkdir("control", 0700) < 0 || mkdir("etc", 0700) < 0 || mkdir("etc/sub", 0700) < 0)
		return -1;
	if (!openwritenclose_unsafe("control/plain", "x", 1) || !openwritenclose_unsafe("etc/file", "x", 1))
		return -1;
	return symlink("../etc/file", "control/one") | symlink("beside", "control/same") | symlink("../etc/link", "control/two")
		| symlink("sub/missing", "etc/link") | symlink("../nowhere/file", "control/lost") | symlink("round", "control/round")
		| symlink("/file-in-root", "control/root") | symlink("etc", "here") | symlink("/etc/hostname", "control/absolute");
}

static int remove_links(void **state)
{
	(void)state;
	return chdir("/") == 0 && rm_rf(root) == 0 ? 0 : -1;
}

typedef struct example
{
	char const *path;
	char const *dirs;       /* each followed by a blank */
} example;

static example const examples[] = {
	{ "control/plain", "" },
	{ "control/missing", "" },
	{ "control/one", "control/../etc/ " },
	{ "control/same", "control/ " },
	{ "control/two", "control/../etc/ control/../etc/sub/ " },
	{ "control/lost", "control/../nowhere/ " },
	{ "control/root", "" },
	{ "control/absolute", "/etc/ " },
	{ "here", ". " },
	{ "", "" },
	{ "control/plain/below", "" },
};

static void directories(void **state)
{
	stralloc dirs = STRALLOC_ZERO;
	example const *x;
	size_t i;

	(void)state;
	UNIT_EACH(x, examples) {
		dirs.len = 0;
		assert_true(linkdirs_add(&dirs, x->path));
		for (i = 0; i < dirs.len; i++)
			if (!dirs.s[i])
				dirs.s[i] = ' ';
		if (dirs.len != strlen(x->dirs) || memcmp(dirs.len ? dirs.s : "", x->dirs, dirs.len) != 0)
			fail_msg("%s: %.*s", x->path, (int)dirs.len, dirs.len ? dirs.s : "");
	}
	stralloc_free(&dirs);
}

/* Links that go round end, as they do for the kernel. */
static void round_and_round(void **state)
{
	stralloc dirs = STRALLOC_ZERO;

	(void)state;
	assert_true(linkdirs_add(&dirs, "control/round"));
	assert_int_equal(dirs.len, 40 * sizeof "control/");
	stralloc_free(&dirs);
}

int main(void)
{
	static struct CMUnitTest const tests[] =
	{
		cmocka_unit_test(directories),
		cmocka_unit_test(round_and_round),
	};

	return cmocka_run_group_tests(tests, make_links, remove_links);
}
