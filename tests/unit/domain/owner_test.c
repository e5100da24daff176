/* SPDX-License-Identifier: ISC */

#include "domain/owner.h"

#include "unit.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "home.h"

/* An account that is not root's, and to whom we can give a directory. (The look-ups that are tested forget what they
 * gave out before.) */
static struct passwd const *someone(void)
{
	static struct passwd one;
	struct passwd const *pw = getuid() ? getpwuid(getuid()) : getpwnam("nobody");

	if (!pw)
		return 0;
	if (!one.pw_name) {
		one = *pw;
		one.pw_name = strdup(pw->pw_name);
	}
	return &one;
}

static char const *absolute(char const *name)
{
	static char path[4096];

	snprintf(path, sizeof path, "%s/%s", unit_home, name);
	return path;
}

static void make_directory(char const *name, mode_t mode)
{
	struct passwd const *pw = someone();

	assert_int_equal(mkdir(name, 0755), 0);
	assert_int_equal(chmod(name, mode), 0);
	if (getuid() == 0)
		assert_int_equal(chown(name, pw->pw_uid, pw->pw_gid), 0);
}

typedef struct row
{
	char const *name;
	char const *directory;  /* below the home, or as it is with a slash in front */
	int relative;
	char const *why;        /* part of it; null: it can be */
} row;

static void directories(void **state)
{
	static row const rows[] =
	{
		{ "its own", "own", 0, 0 },
		{ "8-bit", "\xc3\xbc\xff", 0, 0 },
		{ "a blank", "a b", 0, 0 },
		{ "relative", "own", 1, "slash" },
		{ "empty", "", 1, "slash" },
		{ "a colon", "a:b", 0, "colon" },
		{ "a newline", "a\nb", 0, "newline" },
		{ "none", "nowhere", 0, "install -d -o " },
		{ "none below a file", "file/x", 0, "Not a directory" },
		{ "a file", "file", 0, "is not a directory" },
		{ "for all to write", "open", 0, "chmod go-w " },
		{ "another's", "/", 1, "chown " },
	};
	struct passwd const *pw = someone();
	row const *c;

	(void)state;
	if (!pw || pw->pw_uid == 0)
		skip();
	make_directory("own", 0755);
	make_directory("\xc3\xbc\xff", 0700);
	make_directory("a b", 0755);
	make_directory("open", 0777);
	unit_write("file", "");
	UNIT_EACH(c, rows) {
		char const *directory = c->relative ? c->directory : absolute(c->directory);
		owner o = OWNER_ZERO;
		char line[8192];
		int r = owner_account(&o, "a.org", pw->pw_name, directory);

		snprintf(line, sizeof line, "+a.org-:%s:%u:%u:%s:-::", pw->pw_name, (unsigned int)pw->pw_uid,
			(unsigned int)pw->pw_gid, directory);
		if (r != !c->why || (c->why && !strstr(o.why.s, c->why))
		 || (!c->why && (strcmp(o.line.s, line) != 0 || strcmp(o.directory.s, directory) != 0)))
			fail_msg("%s: %s", c->name, r ? o.line.s : o.why.s);
		stralloc_free(&o.why);
		stralloc_free(&o.line);
		stralloc_free(&o.directory);
	}
}

static void accounts(void **state)
{
	owner o = OWNER_ZERO;

	(void)state;
	assert_int_equal(owner_account(&o, "a.org", "root", "/"), 0);
	assert_non_null(strstr(o.why.s, "uid 0"));
	assert_int_equal(owner_account(&o, "a.org", "no-such-account", "/"), 0);
	assert_non_null(strstr(o.why.s, "no account no-such-account"));
	assert_int_equal(owner_account(&o, "a.org", "", 0), 0);
	stralloc_free(&o.why);
}

/* A prefix becomes the start of a local part, and what is behind a colon in a line. */
static void prefixes(void **state)
{
	static char const bad[] = " \t\r\n:@/";
	owner o = OWNER_ZERO;
	size_t i;

	(void)state;
	assert_int_equal(owner_prefix(&o, ""), 0);
	for (i = 0; i < sizeof bad - 1; i++) {
		char prefix[] = "abc";
		size_t at;

		for (at = 0; at < 3; at++) {
			memcpy(prefix, "abc", 3);
			prefix[at] = bad[i];
			assert_int_equal(owner_prefix(&o, prefix), 0);
			assert_non_null(strstr(o.why.s, "not a prefix"));
		}
	}
	stralloc_free(&o.why);
}

static void forgotten(void **state)
{
	owner o = OWNER_ZERO;

	(void)state;
	assert_int_equal(mkdir("dir", 0755), 0);
	assert_true(stralloc_copys(&o.directory, absolute("dir")) && stralloc_0(&o.directory));
	assert_true(owner_forgotten(&o));
	assert_non_null(strstr(o.why.s, ".qmail-postmaster"));
	unit_write("dir/.qmail-default", "");
	assert_false(owner_forgotten(&o));
	assert_int_equal(rename("dir/.qmail-default", "dir/.qmail-postmaster"), 0);
	assert_false(owner_forgotten(&o));
	stralloc_free(&o.directory);
	stralloc_free(&o.why);
}

int main(void)
{
	static struct CMUnitTest const tests[] =
	{
		cmocka_unit_test(directories),
		cmocka_unit_test(accounts),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(forgotten),
	};

	return cmocka_run_group_tests(tests, unit_home_make, unit_home_end);
}
