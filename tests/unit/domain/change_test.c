/* SPDX-License-Identifier: ISC */

#include "domain/change.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cdb.h>
#include <skalibs/djbunix.h>

#include "home.h"

/* The files of a home, null where there is none; programs that are run are stand-ins that copy the text. */
enum { ASSIGN, USERS_CDB, VIRTUAL, FEW, MORE, MORE_CDB, FILES };
static char const *const names[FILES] = { "users/assign", "users/cdb", "control/virtualdomains", "control/rcpthosts",
	"control/morercpthosts", "control/morercpthosts.cdb" };

#define LINE "+a.org-:john:1:2:/h/a.org:-::"
#define TEN "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n"
#define FULL TEN TEN TEN TEN TEN
#define LESS TEN TEN TEN TEN "1\n2\n3\n4\n5\n6\n7\n8\n9\n"

typedef struct row
{
	char const *name;
	char command;           /* +: add; -: remove; p: add with a prefix and no line */
	char const *failing;    /* program, the first time */
	change_status status;
	char const *before[FILES];
	char const *after[FILES];
	char const *why;        /* part of it */
} row;

static row const rows[] =
{
	{ "into empty files", '+', 0, CHANGE_DONE,
		{ ".\n", ".\n", "", "", 0, 0 },
		{ LINE "\n.\n", LINE "\n.\n", "a.org:a.org\n", "a.org\n", 0, 0 }, 0 },
	{ "into no files", '+', 0, CHANGE_DONE,
		{ 0, 0, 0, "x\n", 0, 0 },
		{ LINE "\n.\n", LINE "\n.\n", "a.org:a.org\n", "x\na.org\n", 0, 0 }, 0 },
	{ "lines without an end", '+', 0, CHANGE_DONE,
		{ ".", ".", "b:c", "b", 0, 0 },
		{ LINE "\n.", LINE "\n.", "b:c\na.org:a.org\n", "b\na.org\n", 0, 0 }, 0 },
	{ "NUL and 8-bit stay", '+', 0, CHANGE_DONE,
		{ ".\n\xff", 0, "\xc3:\xff\n", "\xff\r\n", 0, 0 },
		{ LINE "\n.\n\xff", LINE "\n.\n\xff", "\xc3:\xff\na.org:a.org\n", "\xff\r\na.org\n", 0, 0 }, 0 },
	{ "all as it should be", '+', 0, CHANGE_NOTHING,
		{ LINE "\n.\n", "old", "A.org:a.ORG\n", "A.ORG", 0, 0 },
		{ LINE "\n.\n", "old", "A.org:a.ORG\n", "A.ORG", 0, 0 }, 0 },
	{ "a table is missing", '+', 0, CHANGE_NOTHING,
		{ LINE "\n.\n", 0, "a.org:a.org\n", "a.org\n", 0, 0 },
		{ LINE "\n.\n", LINE "\n.\n", "a.org:a.org\n", "a.org\n", 0, 0 }, 0 },
	{ "a prefix", 'p', 0, CHANGE_DONE,
		{ ".\n", "old", "", "", 0, 0 }, { ".\n", "old", "a.org:foo\n", "a.org\n", 0, 0 }, 0 },
	{ "the fiftieth", '+', 0, CHANGE_DONE,
		{ ".\n", ".\n", "", LESS, 0, 0 },
		{ LINE "\n.\n", LINE "\n.\n", "a.org:a.org\n", LESS "a.org\n", 0, 0 }, 0 },
	{ "the fifty-first", '+', 0, CHANGE_DONE,
		{ ".\n", ".\n", "", FULL, 0, 0 },
		{ LINE "\n.\n", LINE "\n.\n", "a.org:a.org\n", FULL, "a.org\n", "a.org\n" }, 0 },
	{ "is the fiftieth", '+', 0, CHANGE_DONE,
		{ ".\n", ".\n", "", LESS "A.org", 0, 0 },
		{ LINE "\n.\n", LINE "\n.\n", "a.org:a.org\n", LESS "A.org", 0, 0 }, 0 },
	{ "is in the other list", '+', 0, CHANGE_DONE,
		{ ".\n", ".\n", "", "", "b\nA.org\n", "old" },
		{ LINE "\n.\n", LINE "\n.\n", "a.org:a.org\n", "", "b\nA.org\n", "old" }, 0 },
	{ "another line of assign", '+', 0, CHANGE_REFUSED,
		{ "=x:u:1:2:/:::\n+a.org-:u:1:2:/h:-::\n.\n", "old", "", "", 0, 0 },
		{ "=x:u:1:2:/:::\n+a.org-:u:1:2:/h:-::\n.\n", "old", "", "", 0, 0 }, "users/assign:2: has the domain already" },
	{ "the name in another case", '+', 0, CHANGE_NOTHING,
		{ "+A.Org-:john:1:2:/h/a.org:-::\n.\n", "old", "a.org:a.org\n", "a.org\n", 0, 0 },
		{ "+A.Org-:john:1:2:/h/a.org:-::\n.\n", "old", "a.org:a.org\n", "a.org\n", 0, 0 }, 0 },
	{ "the directory in another case", '+', 0, CHANGE_REFUSED,
		{ "+a.org-:john:1:2:/h/A.org:-::\n.\n", "old", "", "", 0, 0 },
		{ "+a.org-:john:1:2:/h/A.org:-::\n.\n", "old", "", "", 0, 0 }, "users/assign:1: has" },
	{ "a line that is longer", '+', 0, CHANGE_REFUSED,
		{ LINE ":\n.\n", "old", "", "", 0, 0 }, { LINE ":\n.\n", "old", "", "", 0, 0 }, "users/assign:1: has" },
	{ "a mistake in assign", '+', 0, CHANGE_REFUSED,
		{ LINE "\n", "old", "", "", 0, 0 },
		{ LINE "\n", "old", "", "", 0, 0 }, "single dot" },
	{ "another prefix", '+', 0, CHANGE_REFUSED,
		{ ".\n", ".\n", "a.org:foo\n", "", 0, 0 },
		{ ".\n", ".\n", "a.org:foo\n", "", 0, 0 }, "control/virtualdomains:1: has" },
	{ "another prefix, no assign before", '+', 0, CHANGE_REFUSED,
		{ 0, 0, "a.org:foo\n", "", 0, 0 },
		{ 0, 0, "a.org:foo\n", "", 0, 0 }, "control/virtualdomains:1: has" },
	{ "no rcpthosts", '+', 0, CHANGE_REFUSED,
		{ ".\n", 0, "", 0, 0, 0 }, { ".\n", 0, "", 0, 0, 0 }, "no control/rcpthosts" },
	{ "a table alone", '+', 0, CHANGE_REFUSED,
		{ 0, "old", "", "", 0, 0 }, { 0, "old", "", "", 0, 0 }, "no users/assign" },
	{ "the other table alone", '+', 0, CHANGE_REFUSED,
		{ ".\n", ".\n", "", FULL, 0, "old" },
		{ ".\n", ".\n", "", FULL, 0, "old" }, "no control/morercpthosts" },
	{ "the first program fails", '+', "bin/qmail-newu", CHANGE_TROUBLE,
		{ ".\n", ".\n", "b:c", "x", 0, 0 },
		{ ".\n", ".\n", "b:c", "x", 0, 0 }, "bin/qmail-newu failed" },
	{ "the first program fails, no assign", '+', "bin/qmail-newu", CHANGE_TROUBLE,
		{ 0, 0, 0, "x", 0, 0 },
		{ 0, 0, 0, "x", 0, 0 }, "bin/qmail-newu failed" },
	{ "the last program fails", '+', "bin/qmail-newmrh", CHANGE_TROUBLE,
		{ 0, 0, 0, FULL, 0, 0 },
		{ 0, 0, 0, FULL, 0, 0 }, "bin/qmail-newmrh failed" },
	{ "the last program fails, with a list", '+', "bin/qmail-newmrh", CHANGE_TROUBLE,
		{ ".\n", ".\n", "b:c", FULL, "x", "x" },
		{ ".\n", ".\n", "b:c", FULL, "x", "x" }, "bin/qmail-newmrh failed" },
	{ "out of all", '-', 0, CHANGE_DONE,
		{ LINE "\n.\n", "old", "b:c\na.org:x\nA.ORG:a.org", "a.org\n#a.org\nA.org", "a.org", "old" },
		{ ".\n", ".\n", "b:c\n", "#a.org\n", "", "" }, 0 },
	{ "what is left of it", '-', 0, CHANGE_DONE,
		{ LINE "\n.\n", 0, 0, 0, 0, 0 }, { ".\n", ".\n", 0, 0, 0, 0 }, 0 },
	{ "another leads there", '-', 0, CHANGE_DONE,
		{ LINE "\n.\n", "old", "a.org:a.org\nb:a.org\n", "a.org\n", 0, 0 },
		{ LINE "\n.\n", "old", "b:a.org\n", "", 0, 0 }, 0 },
	{ "it leads elsewhere", '-', 0, CHANGE_DONE,
		{ LINE "\n.\n", "old", "a.org:foo\n", "a.org\n", 0, 0 },
		{ LINE "\n.\n", "old", "", "", 0, 0 }, 0 },
	{ "not virtual", '-', 0, CHANGE_REFUSED,
		{ ".\n", "old", "b:c\n", "a.org\n", 0, 0 },
		{ ".\n", "old", "b:c\n", "a.org\n", 0, 0 }, "no virtual domain" },
	{ "removal: the last program fails", '-', "bin/qmail-newu", CHANGE_TROUBLE,
		{ LINE "\n.\n", LINE "\n.\n", "a.org:a.org\nx:y\nA.org:a.org", "x\na.org\n", "a.org\nx", "a.org\nx" },
		{ LINE "\n.\n", LINE "\n.\n", "a.org:a.org\nx:y\nA.org:a.org", "x\na.org\n", "a.org\nx", "a.org\nx" }, "failed" },
	{ "removal: a mistake in assign", '-', 0, CHANGE_REFUSED,
		{ LINE "\nx\n.\n", "old", "a.org:a.org\n", "a.org\n", 0, 0 },
		{ LINE "\nx\n.\n", "old", "a.org:a.org\n", "a.org\n", 0, 0 }, "users/assign:2: " },
};

/* ---- */

static void put_program(char const *name, char const *from, char const *to)
{
	char text[512];

	snprintf(text, sizeof text, "#!/bin/sh\nif [ -e \"fail.${0##*/}\" ]; then rm \"fail.${0##*/}\"; exit 111; fi\n"
		"exec cp %s %s\n", from, to);
	unit_write(name, text);
	assert_int_equal(chmod(name, 0755), 0);
}

static int make_home(void **state)
{
	if (unit_home_make(state) < 0 || mkdir("bin", 0755) < 0)
		return -1;
	put_program("bin/qmail-newu", "users/assign", "users/cdb");
	put_program("bin/qmail-newmrh", "control/morercpthosts", "control/morercpthosts.cdb");
	unit_write("control/me", "host.org\n");
	return 0;
}

static void lay_out(char const *const files[FILES])
{
	size_t i;

	for (i = 0; i < FILES; i++) {
		unlink(names[i]);
		if (files[i])
			unit_write(names[i], files[i]);
	}
}

static void expect(char const *name, char const *const files[FILES])
{
	size_t i;

	for (i = 0; i < FILES; i++) {
		stralloc got = STRALLOC_ZERO;
		int there = openslurpclose(&got, names[i]);

		if (there != (files[i] != 0)
		 || (there && (got.len != strlen(files[i]) || memcmp(got.s ? got.s : "", files[i], got.len) != 0)))
			fail_msg("%s: %s is %.*s", name, names[i], (int)got.len, there && got.len ? got.s : "");
		stralloc_free(&got);
	}
}

static change_status run(char command, change *c)
{
	c->domain = "a.org";
	c->prefix = command == 'p' ? "foo" : c->domain;
	c->assign = command == '+' ? LINE : 0;
	return command == '-' ? change_remove(c) : change_add(c);
}

static void done(change *c)
{
	stralloc_free(&c->why);
	stralloc_free(&c->note);
	stralloc_free(&c->lost);
}

static void changes(void **state)
{
	row const *r;

	(void)state;
	UNIT_EACH(r, rows) {
		change c = CHANGE_ZERO;
		change_status st;

		lay_out(r->before);
		if (r->failing) {
			char name[64];

			snprintf(name, sizeof name, "fail.%s", r->failing + strlen("bin/"));
			unit_write(name, "");
		}
		st = run(r->command, &c);
		if (st != r->status || (r->why && !strstr(c.why.s, r->why)) || c.lost.len)
			fail_msg("%s: %d: %s; lost: %s", r->name, (int)st, c.why.s, c.lost.s);
		expect(r->name, r->after);
		done(&c);
	}
}

/* Wherever another's text ends, what is added comes out again, and leaves the text but for the newline at its end. */
static void there_and_back(void **state)
{
	static char const text[] = "# c\nb:c\n\n\xff:\x01\r\n.a.org:x";
	char with[sizeof text + 1];
	size_t n;

	(void)state;
	for (n = 0; n < sizeof text; n++) {
		char const *files[FILES] = { ".\n", ".\n", with, "x\n", 0, 0 };
		change c = CHANGE_ZERO;
		change d = CHANGE_ZERO;

		memcpy(with, text, n);
		with[n] = 0;
		lay_out(files);
		assert_int_equal(run('+', &c), CHANGE_DONE);
		assert_int_equal(run('-', &d), CHANGE_DONE);
		if (n && with[n - 1] != '\n')
			memcpy(with + n, "\n", 2);
		expect("there and back", files);
		done(&c);
		done(&d);
	}
}

static void what_cannot_be_read(void **state)
{
	static char const *const files[FILES] = { ".\n", ".\n", "", "x\n", 0, 0 };
	static char const *const odd[] = { "control/morercpthosts", "control/locals" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof odd / sizeof *odd; i++) {
		change c = CHANGE_ZERO;

		lay_out(files);
		assert_int_equal(mkdir(odd[i], 0755), 0);
		assert_int_equal(run('+', &c), CHANGE_TROUBLE);
		assert_non_null(strstr(c.why.s, odd[i]));
		assert_false(c.touched);
		assert_int_equal(rmdir(odd[i]), 0);
		expect(odd[i], files);
		done(&c);
	}
}

static void a_local_domain(void **state)
{
	static char const *const files[FILES] = { ".\n", ".\n", "a.org:a.org\n", "a.org\n", 0, 0 };
	static char const commands[] = "+-p";
	size_t i;

	(void)state;
	unit_write("control/locals", "x\nA.Org\n");
	for (i = 0; i < sizeof commands - 1; i++) {
		change c = CHANGE_ZERO;

		lay_out(files);
		assert_int_equal(run(commands[i], &c), CHANGE_REFUSED);
		assert_non_null(strstr(c.why.s, "control/locals"));
		expect("local", files);
		done(&c);
	}
	unlink("control/locals");
}

/* As another program makes it: what counts until the text is changed. */
static void make_table(char const *file, char const *key, char const *value)
{
	int fd = unit_create(file);
	struct cdb_make m;

	assert_int_equal(cdb_make_start(&m, fd), 0);
	assert_int_equal(cdb_make_add(&m, "b.org", 5, value, (unsigned int)strlen(value)), 0);
	assert_int_equal(cdb_make_add(&m, key, (unsigned int)strlen(key), value, (unsigned int)strlen(value)), 0);
	assert_int_equal(cdb_make_finish(&m), 0);
	close(fd);
}

static void tables(void **state)
{
	static struct { char const *name, *file, *key, *value; change_status status; } const cases[] =
	{
		{ "more in it", "control/rcpthosts.cdb", "c.org", "", CHANGE_REFUSED },
		{ "more in the other", "control/virtualdomains.cdb", "c.org", "foo", CHANGE_REFUSED },
		{ "something else in it", "control/virtualdomains.cdb", "B.org", "bar", CHANGE_REFUSED },
		{ "the same in it", "control/virtualdomains.cdb", "B.org", "foo", CHANGE_DONE },
		{ "the same in the other", "control/rcpthosts.cdb", "b.org", "", CHANGE_DONE },
	};
	static char const *const files[FILES] = { ".\n", ".\n", "b.org:foo\n", "B.org\nd.org\n", 0, 0 };
	size_t i;

	(void)state;
	put_program("bin/qmail-newcdb", "bin/qmail-newcdb", "made");
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		change c = CHANGE_ZERO;

		lay_out(files);
		unit_let_pass();
		make_table(cases[i].file, cases[i].key, cases[i].value);
		if (run('+', &c) != cases[i].status)
			fail_msg("%s: %s", cases[i].name, c.why.len ? c.why.s : "");
		if (cases[i].status == CHANGE_REFUSED) {
			assert_non_null(strstr(c.why.s, "has what the text has not"));
			expect(cases[i].name, files);
		}
		/* it was put out of use, and is asked to be made again */
		assert_int_equal(access("made", F_OK) == 0, cases[i].status == CHANGE_DONE);
		unlink("made");
		unlink(cases[i].file);
		done(&c);
	}
}

/* The undoing fails as well. */
static void lost(void **state)
{
	static char const *const files[FILES] = { ".\n", ".\n", "", "x\n", 0, 0 };
	change c = CHANGE_ZERO;

	(void)state;
	lay_out(files);
	assert_int_equal(rename("bin/qmail-newu", "away"), 0);
	assert_int_equal(run('+', &c), CHANGE_TROUBLE);
	/* what was never replaced is as it was */
	assert_int_equal(c.lost.len, 0);
	assert_true(c.touched);
	assert_int_equal(rename("away", "bin/qmail-newu"), 0);
	expect("lost", files);
	done(&c);
}

/* The program has made the table anew, and does not make it once more of the old text. */
static void lost_table(void **state)
{
	static char const *const files[FILES] = { ".\n", ".\n", "", "x\n", 0, 0 };
	static char const *const after[FILES] = { ".\n", LINE "\n.\n", "", "x\n", 0, 0 };
	change c = CHANGE_ZERO;

	(void)state;
	lay_out(files);
	unit_write("bin/qmail-newu", "#!/bin/sh\nif [ -e once ]; then exit 111; fi\n: > once\n"
		"exec cp users/assign users/cdb\n");
	assert_int_equal(mkdir("control/.rcpthosts.qmail-domain", 0755), 0);
	assert_int_equal(run('+', &c), CHANGE_TROUBLE);
	assert_string_equal(c.lost.s, "users/cdb");
	assert_int_equal(rmdir("control/.rcpthosts.qmail-domain"), 0);
	unlink("once");
	put_program("bin/qmail-newu", "users/assign", "users/cdb");
	expect("lost", after);
	done(&c);
}

/* Whoever may read the directory keeps nobody out. */
static void the_lock(void **state)
{
	change c = CHANGE_ZERO;
	int other = open("control", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	int status;

	(void)state;
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(change_lock(&c), CHANGE_DONE);
	close(other);
	assert_int_equal(stat("control/qmail-domain.lock", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	if (fork() == 0) {
		struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
		int fd = open("control/qmail-domain.lock", O_RDWR);

		_exit(fd >= 0 && fcntl(fd, F_SETLK, &l) < 0 ? 0 : 1);
	}
	assert_true(wait(&status) > 0);
	assert_int_equal(status, 0);
	unlink("control/qmail-domain.lock");
}

int main(void)
{
	static struct CMUnitTest const tests[] =
	{
		cmocka_unit_test(changes),
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(what_cannot_be_read),
		cmocka_unit_test(a_local_domain),
		cmocka_unit_test(tables),
		cmocka_unit_test(lost),
		cmocka_unit_test(lost_table),
		cmocka_unit_test(the_lock),
	};

	return cmocka_run_group_tests(tests, make_home, unit_home_end);
}
