/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "route/dotfile.h"

static void homes(void **state)
{
	static struct { mode_t mode; dotfile_home_verdict want; } const rows[] = {
		{ 0755, DOTFILE_HOME_OK }, { 0700, DOTFILE_HOME_OK }, { 0775, DOTFILE_HOME_OK }, { 0, DOTFILE_HOME_OK },
		{ 0757, DOTFILE_HOME_WRITABLE }, { 0002, DOTFILE_HOME_WRITABLE }, { 01777, DOTFILE_HOME_WRITABLE },
		{ 01755, DOTFILE_HOME_STICKY }, { 01000, DOTFILE_HOME_STICKY }, { 06755, DOTFILE_HOME_OK },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		dotfile_home_verdict v = dotfile_home(S_IFDIR | rows[i].mode);

		assert_int_equal(v, rows[i].want);
		assert_int_equal(dotfile_home_complaint(v)[0] != 0, v != DOTFILE_HOME_OK);
	}
}

static void files(void **state)
{
	static struct { int error; mode_t mode; dotfile_verdict want; int forward_only; } const rows[] = {
		{ 0, S_IFREG | 0644, DOTFILE_USABLE, 0 }, { 0, S_IFREG | 0600, DOTFILE_USABLE, 0 },
		{ 0, S_IFREG | 0664, DOTFILE_USABLE, 0 }, { 0, S_IFREG | 0744, DOTFILE_USABLE, 1 },
		{ 0, S_IFREG | 0611, DOTFILE_USABLE, 0 }, { 0, S_IFREG | 01644, DOTFILE_USABLE, 0 },
		{ 0, S_IFREG | 0646, DOTFILE_WRITABLE, 0 }, { 0, S_IFREG | 0002, DOTFILE_WRITABLE, 0 },
		{ 0, S_IFDIR | 0777, DOTFILE_ABSENT, 0 }, { 0, S_IFIFO | 0644, DOTFILE_ABSENT, 0 },
		{ ENOENT, 0, DOTFILE_ABSENT, 0 }, { ENOTDIR, 0, DOTFILE_ABSENT, 0 }, { ELOOP, 0, DOTFILE_ABSENT, 0 },
		{ ENAMETOOLONG, 0, DOTFILE_ABSENT, 0 }, { ENXIO, 0, DOTFILE_ABSENT, 0 }, { ENODEV, 0, DOTFILE_ABSENT, 0 },
		{ EACCES, 0, DOTFILE_UNKNOWN, 0 }, { EPERM, 0, DOTFILE_UNKNOWN, 0 }, { EIO, 0, DOTFILE_UNKNOWN, 0 },
		{ EMFILE, S_IFREG | 0644, DOTFILE_UNKNOWN, 0 }, { ESTALE, 0, DOTFILE_UNKNOWN, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(dotfile_judge(rows[i].error, rows[i].mode), rows[i].want);
		if (rows[i].want == DOTFILE_USABLE)
			assert_int_equal(dotfile_forward_only(rows[i].mode), rows[i].forward_only);
	}
}

/* A home with a few names in it: what came of opening each. */
typedef struct entry { char const *name; int error; mode_t mode; } entry;
typedef struct home
{
	entry const *e;
	size_t n;
	stralloc tried;
} home;

static int look(void *data, char const *file, mode_t *mode)
{
	home *h = data;
	size_t i;

	assert_true(stralloc_cats(&h->tried, file) && stralloc_append(&h->tried, ' '));
	for (i = 0; i < h->n; i++)
		if (strcmp(h->e[i].name, file) == 0)
			return *mode = h->e[i].mode, h->e[i].error;
	return ENOENT;
}

static entry const entries[] = {
	{ ".qmail", 0, S_IFREG | 0644 }, { ".qmail-list", 0, S_IFREG | 0700 }, { ".qmail-a-default", 0, S_IFREG | 0644 },
	{ ".qmail-dir", 0, S_IFDIR | 0755 }, { ".qmail-bad-x", 0, S_IFREG | 0666 }, { ".qmail-shut-x", EACCES, 0 },
	{ ".qmail-list-owner", 0, S_IFREG | 0644 }, { ".qmail-verp-owner", 0, S_IFREG | 0644 },
	{ ".qmail-verp-owner-default", 0, S_IFDIR | 0644 }, { ".qmail-wait-owner", EIO, 0 }, { ".qmail-hid-owner", EACCES, 0 },
};

static void release(delivery *d, stralloc *a, stralloc *b)
{
	stralloc_free(&d->rpline);
	stralloc_free(&d->dtline);
	stralloc_free(&d->ufline);
	stralloc_free(&d->newsender);
	stralloc_free(&d->safe);
	stralloc_free(a);
	stralloc_free(b);
}

static void search(void **state)
{
	static struct { char const *dash, *ext; dotfile_verdict want; char const *tried; char const *rest; } const rows[] = {
		{ "", "", DOTFILE_USABLE, ".qmail ", 0 },
		{ "-", "list", DOTFILE_USABLE, ".qmail-list ", 0 },
		{ "-", "LIST", DOTFILE_USABLE, ".qmail-list ", 0 },
		{ "-", "a-B.c", DOTFILE_USABLE, ".qmail-a-b:c .qmail-a-default ", "B.c" },
		{ "-", "a-default", DOTFILE_USABLE, ".qmail-a-default ", "default" },
		{ "-", "dir", DOTFILE_ABSENT, ".qmail-dir .qmail-default ", 0 },
		{ "-", "bad-x", DOTFILE_WRITABLE, ".qmail-bad-x ", 0 },
		{ "-", "shut-x", DOTFILE_UNKNOWN, ".qmail-shut-x ", 0 },
		{ "-", "no-one", DOTFILE_ABSENT, ".qmail-no-one .qmail-no-default .qmail-default ", 0 },
		{ "/", "x", DOTFILE_ABSENT, ".qmail/x .qmail/default ", 0 },
	};
	home h = { .e = entries, .n = sizeof entries / sizeof entries[0], .tried = STRALLOC_ZERO };
	dotfile_found f = DOTFILE_FOUND_ZERO;
	delivery d = DELIVERY_ZERO;
	size_t i;

	(void)state;
	d.local = d.host = d.sender = "";
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		print_message("%s%s\n", rows[i].dash, rows[i].ext);
		d.dash = rows[i].dash;
		d.ext = rows[i].ext;
		h.tried.len = 0;
		assert_true(delivery_lines(&d, 0) && dotfile_find(&f, &d, look, &h) && stralloc_0(&h.tried));
		assert_int_equal(f.verdict, rows[i].want);
		assert_string_equal(h.tried.s, rows[i].tried);
		if (rows[i].rest)
			assert_string_equal(f.default_part, rows[i].rest);
		else
			assert_null(f.default_part);
		assert_int_equal(f.error, f.verdict == DOTFILE_UNKNOWN ? EACCES : f.verdict == DOTFILE_ABSENT ? ENOENT : 0);
		assert_int_equal(f.file.len, strlen(f.file.s));
	}
	release(&d, &h.tried, &f.file);
}

static void senders(void **state)
{
	static struct { char const *ext, *sender; dotfile_sender want; char const *newsender; } const rows[] = {
		{ "list", "s@x", DOTFILE_SENDER_SET, "foo-list-owner@h" }, { "list", "", DOTFILE_SENDER_SET, "" },
		{ "list", "#@[]", DOTFILE_SENDER_SET, "#@[]" }, { "verp", "s@x", DOTFILE_SENDER_SET, "foo-list-owner-@h-@[]" },
		{ "other", "s@x", DOTFILE_SENDER_SET, "s@x" }, { "hid", "s@x", DOTFILE_SENDER_SET, "s@x" },
		{ "wait", "s@x", DOTFILE_SENDER_UNKNOWN, "s@x" },
	};
	home h = { .e = entries, .n = sizeof entries / sizeof entries[0], .tried = STRALLOC_ZERO };
	stralloc file = STRALLOC_ZERO;
	delivery d = DELIVERY_ZERO;
	size_t i;

	(void)state;
	d.local = "foo-list";
	d.host = "h";
	d.dash = "-";
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int error = 0;

		print_message("%s %s\n", rows[i].ext, rows[i].sender);
		d.ext = rows[i].ext;
		d.sender = rows[i].sender;
		assert_true(delivery_lines(&d, 0));
		assert_int_equal(dotfile_newsender(&d, look, &h, &file, &error), rows[i].want);
		assert_string_equal(d.newsender.s, rows[i].newsender);
		assert_int_equal(d.newsender.len, strlen(d.newsender.s));
		if (rows[i].want == DOTFILE_SENDER_UNKNOWN) {
			assert_int_equal(error, EIO);
			assert_string_equal(file.s, ".qmail-wait-owner");
		}
	}
	release(&d, &h.tried, &file);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(homes),
		cmocka_unit_test(files),
		cmocka_unit_test(search),
		cmocka_unit_test(senders),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
