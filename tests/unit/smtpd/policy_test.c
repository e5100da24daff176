/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "smtpd/policy.h"

static char home[] = "/tmp/policy_test.XXXXXX";

static void write_file(char const *file, char const *text)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(close(fd), 0);
}

static int remove_one(char const *path, struct stat const *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int each_start(void **state)
{
	(void)state;
	unsetenv("DATABYTES");
	unsetenv("RELAYCLIENT");
	unsetenv("MAXRECIPIENTS");
	unsetenv("DISABLE_MAXRCPT");
	unsetenv("REJECTBARECR");
	nftw("control", remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return mkdir("control", 0755);
}

static void load(policy *p, int want, char const *notes)
{
	*p = (policy)POLICY_ZERO;
	assert_int_equal(policy_load(p), want);
	assert_true(stralloc_0(&p->notes));
	if (*notes)
		assert_non_null(strstr(p->notes.s, notes));
	else
		assert_string_equal(p->notes.s, "");
	p->notes.len--;
}

static void defaults(void **state)
{
	policy p;

	(void)state;
	write_file("control/me", "mx.example \t\n");
	load(&p, 1, "");
	assert_int_equal(p.greeting.len, 10);
	assert_true(p.have_localiphost);
	assert_int_equal(p.localiphost.len, 10);
	assert_int_equal(p.timeout, 1200);
	assert_int_equal(p.session_seconds, 43200);
	assert_int_equal(p.databytes, 0);
	assert_null(p.relayclient);
	assert_int_equal(policy_recipient(&p, "a@anywhere", 10), 1);
	assert_false(policy_badmailfrom(&p, "a@anywhere", 10));
	policy_free(&p);
}

static void names(void **state)
{
	policy p;

	(void)state;
	load(&p, 0, "control/me: there is no such file");
	policy_free(&p);
	write_file("control/smtpgreeting", "only.example\nnot this\n");
	load(&p, 1, "");
	assert_int_equal(p.greeting.len, 12);
	assert_false(p.have_localiphost);
	policy_free(&p);
	write_file("control/smtpgreeting", "\n");
	load(&p, 1, "control/smtpgreeting: line 1 is empty");
	policy_free(&p);
	write_file("control/me", "");
	unlink("control/smtpgreeting");
	load(&p, 1, "control/me: line 1 is empty");
	policy_free(&p);
}

static void numbers(void **state)
{
	static struct { char const *text; uint64_t databytes; unsigned int timeout; char const *note; } const cases[] = {
		{ "0\n", 0, 1, "" },
		{ "10\n", 10, 10, "" },
		{ "007", 7, 7, "" },
		{ "10x\n", 10, 10, "line 1: text behind the number" },
		{ "abc\n", 0, 1200, "line 1: not a number" },
		{ "-5\n", 0, 1200, "line 1: not a number" },
		{ "", 0, 1200, "line 1: not a number" },
		{ "4294967295\n", 4294967295U, 2147483647, "" },
		{ "5000000000\n", 5000000000U, 2147483647, "" },
		{ "18446744073709551615\n", UINT64_MAX, 2147483647, "" },
		{ "18446744073709551616\n", UINT64_MAX, 2147483647, "" },
		{ "99999999999999999999999\n", UINT64_MAX, 2147483647, "" },
	};
	policy p;
	size_t i;

	(void)state;
	write_file("control/me", "mx.example\n");
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		write_file("control/databytes", cases[i].text);
		write_file("control/timeoutsmtpd", cases[i].text);
		write_file("control/timeoutsession", cases[i].text);
		load(&p, 1, cases[i].note);
		assert_true(p.databytes == cases[i].databytes);
		assert_int_equal(p.timeout, cases[i].timeout);
		assert_int_equal(p.session_seconds, cases[i].timeout == 1200 ? 43200 : cases[i].timeout);
		policy_free(&p);
	}
}

static void environment(void **state)
{
	static struct { char const *text; uint64_t databytes; char const *note; } const cases[] = {
		{ "7", 7, "" }, { "0", 0, "" }, { "", 0, "variable DATABYTES" }, { "x", 0, "variable DATABYTES" },
	};
	policy p;
	size_t i;

	(void)state;
	write_file("control/me", "mx.example\n");
	write_file("control/databytes", "1000\n");
	setenv("RELAYCLIENT", "@r", 1);
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		setenv("DATABYTES", cases[i].text, 1);
		load(&p, 1, cases[i].note);
		assert_true(p.databytes == cases[i].databytes);
		assert_string_equal(p.relayclient, "@r");
		policy_free(&p);
	}
}

/* Two names of one limit in files, one in the environment, and the variable that takes it away. */
static void recipients(void **state)
{
	policy p;

	(void)state;
	write_file("control/me", "mx.example\n");
	load(&p, 1, "");
	assert_true(p.recipients == 0);
	policy_free(&p);
	write_file("control/maxrcpt", "5\n");
	load(&p, 1, "");
	assert_true(p.recipients == 5);
	policy_free(&p);
	write_file("control/maxrecipients", "7\n");
	load(&p, 1, "");
	assert_true(p.recipients == 7);
	policy_free(&p);
	setenv("MAXRECIPIENTS", "9", 1);
	load(&p, 1, "");
	assert_true(p.recipients == 9);
	policy_free(&p);
	setenv("MAXRECIPIENTS", "few", 1);
	load(&p, 1, "variable MAXRECIPIENTS");
	policy_free(&p);
	setenv("DISABLE_MAXRCPT", "", 1);
	load(&p, 1, "variable MAXRECIPIENTS");
	assert_true(p.recipients == 0);
	policy_free(&p);
	unsetenv("MAXRECIPIENTS");
	write_file("control/maxrecipients", "few\n");
	load(&p, 1, "control/maxrecipients: line 1: not a number");
	policy_free(&p);
}

static void bare_cr(void **state)
{
	static struct { char const *file; char const *variable; int want; char const *note; } const cases[] = {
		{ 0, 0, 0, "" },
		{ "0\n", 0, 0, "" },
		{ "1\n", 0, 1, "" },
		{ "1\n", "0", 0, "" },
		{ "0\n", "1", 1, "" },
		{ "yes\n", 0, 0, "control/rejectbarecr: line 1: not a number" },
		{ 0, "", 0, "variable REJECTBARECR" },
	};
	policy p;
	size_t i;

	(void)state;
	write_file("control/me", "mx.example\n");
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		unlink("control/rejectbarecr");
		unsetenv("REJECTBARECR");
		if (cases[i].file)
			write_file("control/rejectbarecr", cases[i].file);
		if (cases[i].variable)
			setenv("REJECTBARECR", cases[i].variable, 1);
		load(&p, 1, cases[i].note);
		assert_int_equal(p.reject_bare_cr, cases[i].want);
		policy_free(&p);
	}
}

/* What cannot be read is never taken for absent. */
static void unreadable(void **state)
{
	static char const *const files[] = {
		"control/smtpgreeting", "control/localiphost", "control/timeoutsmtpd", "control/rcpthosts",
		"control/badmailfrom", "control/databytes", "control/timeoutsession", "control/maxrcpt",
		"control/maxrecipients", "control/rejectbarecr",
	};
	policy p;
	size_t i;

	(void)state;
	write_file("control/me", "mx.example\n");
	for (i = 0; i < sizeof files / sizeof files[0]; i++) {
		assert_int_equal(mkdir(files[i], 0755), 0);
		load(&p, 0, files[i]);
		policy_free(&p);
		assert_int_equal(rmdir(files[i]), 0);
	}
	load(&p, 1, "");
	policy_free(&p);
}

static void useless(void **state)
{
	static struct { char const *file; char const *text; char const *note; } const cases[] = {
		{ "control/rcpthosts", "#c\na.example\n.b.example\n", "" },
		{ "control/rcpthosts", "#c\n\na.example\nuser@b.example\nc@d\n", "control/rcpthosts: line 4: no host" },
		{ "control/rcpthosts", "a.example\r\nb.example\r\n", "control/rcpthosts: line 1: no host" },
		{ "control/rcpthosts", "a.example\n b.example\n", "control/rcpthosts: line 2: no host" },
		{ "control/badmailfrom", "a@b.example\n@c.example\n", "" },
		{ "control/badmailfrom", "a@b.example\n@c.example\r\n", "control/badmailfrom: line 2: no sender" },
		{ "control/smtpgreeting", "mx.example\r\n", "control/smtpgreeting: CR in line 1" },
	};
	policy p;
	size_t i;

	(void)state;
	write_file("control/me", "mx.example\n");
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		write_file(cases[i].file, cases[i].text);
		load(&p, 1, cases[i].note);
		policy_free(&p);
		unlink(cases[i].file);
	}
}

static void damaged_cdb(void **state)
{
	policy p;

	(void)state;
	write_file("control/me", "mx.example\n");
	write_file("control/rcpthosts", "ok.example\n");
	write_file("control/morercpthosts.cdb", "junk");
	load(&p, 1, "");
	assert_int_equal(policy_recipient(&p, "a@ok.example", 12), 1);
	assert_int_equal(policy_recipient(&p, "a", 1), 1);
	assert_int_equal(p.notes.len, 0);
	assert_int_equal(policy_recipient(&p, "a@no.example", 12), -1);
	assert_true(p.notes.len > 0);
	policy_free(&p);
	unlink("control/rcpthosts");
	load(&p, 1, "");
	assert_int_equal(policy_recipient(&p, "a@no.example", 12), 1);
	policy_free(&p);
}

static void set(address *a, char const *s)
{
	a->len = strlen(s);
	memcpy(a->s, s, a->len);
}

static void localise(void **state)
{
	policy p;
	address a;

	(void)state;
	write_file("control/me", "mx.example\n");
	write_file("control/localiphost", "lip.example\n");
	load(&p, 1, "");
	set(&a, "a@[127.0.0.1]");
	assert_int_equal(policy_localise(&p, &a), 1);
	assert_int_equal(a.len, 13);
	assert_memory_equal(a.s, "a@lip.example", 13);
	set(&a, "a@[192.0.2.99]");
	assert_int_equal(policy_localise(&p, &a), 1);
	assert_int_equal(a.len, 14);
	memset(a.s, 'x', sizeof a.s);
	a.len = ADDRESS_MAX;
	assert_int_equal(policy_localise(&p, &a), 1);
	a.len = ADDRESS_MAX + 1;
	assert_int_equal(policy_localise(&p, &a), 0);
	/* The limit holds for what comes out. */
	memcpy(a.s + ADDRESS_MAX - 10, "@[127.0.0.1]", 12);
	a.len = ADDRESS_MAX + 2;
	assert_int_equal(policy_localise(&p, &a), 0);
	memcpy(a.s + ADDRESS_MAX - 12, "@[127.0.00.1]", 13);
	a.len = ADDRESS_MAX + 1;
	assert_int_equal(policy_localise(&p, &a), 1);
	assert_int_equal(a.len, ADDRESS_MAX);
	policy_free(&p);
	unlink("control/localiphost");
	unlink("control/me");
	write_file("control/smtpgreeting", "mx\n");
	load(&p, 1, "");
	set(&a, "a@[127.0.0.1]");
	assert_int_equal(policy_localise(&p, &a), 1);
	assert_memory_equal(a.s, "a@[127.0.0.1]", 13);
	policy_free(&p);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test_setup(defaults, each_start),
		cmocka_unit_test_setup(names, each_start),
		cmocka_unit_test_setup(numbers, each_start),
		cmocka_unit_test_setup(environment, each_start),
		cmocka_unit_test_setup(recipients, each_start),
		cmocka_unit_test_setup(bare_cr, each_start),
		cmocka_unit_test_setup(unreadable, each_start),
		cmocka_unit_test_setup(useless, each_start),
		cmocka_unit_test_setup(damaged_cdb, each_start),
		cmocka_unit_test_setup(localise, each_start),
	};
	int failed;

	if (!mkdtemp(home) || chdir(home) < 0)
		return 111;
	failed = cmocka_run_group_tests(tests, 0, 0);
	if (chdir("/") == 0)
		nftw(home, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return failed;
}
