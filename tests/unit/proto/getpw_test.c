/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/getpw.h"
#include "proto/report.h"

static char dir[] = "/tmp/getpw_test.XXXXXX";

/* The program that is asked: a script. */
static void program(char const *text)
{
	static char const path[] = "bin/qmail-getpw";
	FILE *f;

	unlink(path);
	if (!text)
		return;
	f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs("#!/bin/sh\n", f) >= 0 && fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0755), 0);
}

static void answers(void **state)
{
	static struct { char const *name, *text; int want; char const *record; } const rows[] = {
		{ "a record", "printf '%s\\0' \"$1\" 1 2", 0, "some-one" },
		{ "nothing", "exit 0", 0, 0 },
		{ "its own code", "exit 116", REPORT_NOALIAS, 0 },
		{ "another code", "printf x; exit 115", REPORT_NFS, 0 },
		{ "a signal", "kill -9 $$", REPORT_TEMP, 0 },
		{ "the loader", "exit 127", REPORT_EXEC_GETPW, 0 },
		{ "not there", 0, REPORT_EXEC_GETPW, 0 },
		{ "too much", "exec head -c 300000 /dev/zero", REPORT_TEMP, 0 },
		{ "no message to read", "[ -z \"$(cat)\" ]", 0, 0 },
	};
	stralloc record = STRALLOC_ZERO;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		print_message("%s\n", rows[i].name);
		program(rows[i].text);
		assert_int_equal(getpw_ask(&record, "some-one", 0), rows[i].want);
		if (rows[i].record)
			assert_string_equal(record.s, rows[i].record);
		else if (rows[i].want == 0)
			assert_int_equal(record.len, 0);
	}
	stralloc_free(&record);
}

static int set_up(void **state)
{
	(void)state;
	return !mkdtemp(dir) || chdir(dir) < 0 || mkdir("bin", 0755) < 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink("bin/qmail-getpw");
	rmdir("bin");
	return chdir("/") < 0 || rmdir(dir) < 0;
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(answers),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
