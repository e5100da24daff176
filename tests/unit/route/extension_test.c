/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "route/extension.h"

static struct search
{
	char const *name;
	char const *dash;
	char const *ext;
	char const *files[8];   /* all names in order */
	char const *defaults[8];        /* what $DEFAULT would be; null: unset */
} const searches[] = {
	{ "plain user", "", "", { ".qmail", ".qmaildefault" }, { 0, "" } },
	{ "dash, empty extension", "-", "", { ".qmail-", ".qmail-default" }, { 0, "" } },
	{ "one part", "-", "a", { ".qmail-a", ".qmail-default" }, { 0, "a" } },
	{ "three parts", "-", "a-b-c", { ".qmail-a-b-c", ".qmail-a-b-default", ".qmail-a-default", ".qmail-default" },
		{ 0, "c", "b-c", "a-b-c" } },
	{ "dash at the end", "-", "a-", { ".qmail-a-", ".qmail-a-default", ".qmail-default" }, { 0, "", "a-" } },
	{ "dashes in a row", "-", "a--b", { ".qmail-a--b", ".qmail-a--default", ".qmail-a-default", ".qmail-default" },
		{ 0, "b", "-b", "a--b" } },
	{ "only a dash", "-", "-", { ".qmail--", ".qmail--default", ".qmail-default" }, { 0, "", "-" } },
	{ "case and dots", "-", "Up.Per-X.y", { ".qmail-up:per-x:y", ".qmail-up:per-default", ".qmail-default" },
		{ 0, "X.y", "Up.Per-X.y" } },
	{ "other dash", "-x/", "joe", { ".qmail-x/joe", ".qmail-x/default" }, { 0, "joe" } },
	{ "no dash, extension", "", "x", { ".qmailx", ".qmaildefault" }, { 0, "x" } },
	{ "the word spelt out", "-", "list-DEFAULT", { ".qmail-list-default", ".qmail-list-default", ".qmail-default" },
		{ "DEFAULT", "DEFAULT", "list-DEFAULT" } },
	{ "a word that ends so", "-", "mydefault", { ".qmail-mydefault", ".qmail-default" }, { "default", "mydefault" } },
	{ "a longer word", "-", "defaults", { ".qmail-defaults", ".qmail-default" }, { 0, "defaults" } },
	{ "climbing", "-", "../x", { ".qmail-::/x", ".qmail-default" }, { 0, "../x" } },
	{ "8-bit", "-", "\xc9-z", { ".qmail-\xc9-z", ".qmail-\xc9-default", ".qmail-default" }, { 0, "z", "\xc9-z" } },
};

static void search_order(void **state)
{
	struct search const *c;
	stralloc safe = STRALLOC_ZERO;
	stralloc file = STRALLOC_ZERO;

	(void)state;
	UNIT_EACH (c, searches) {
		extension_search x;
		size_t i;

		print_message("%s\n", c->name);
		safe.len = 0;
		assert_true(extension_safe(&safe, c->ext, strlen(c->ext)));
		extension_start(&x, c->dash, strlen(c->dash), safe.s, safe.len);
		for (i = 0; c->files[i]; i++) {
			size_t offset = 0;

			assert_true(extension_next(&x));
			assert_true(extension_file(&x, &file));
			assert_string_equal(file.s, c->files[i]);
			assert_int_equal(file.len, strlen(c->files[i]));
			assert_int_equal(extension_default(&x, &offset), c->defaults[i] != 0);
			if (c->defaults[i])
				assert_string_equal(c->ext + offset, c->defaults[i]);
		}
		assert_false(extension_next(&x));
		assert_false(extension_next(&x));
	}
	stralloc_free(&safe);
	stralloc_free(&file);
}

static void parts(void **state)
{
	static struct { char const *ext; char const *want[4]; } const rows[] = {
		{ "", { "", "", "", "" } },
		{ "a", { "a", "", "", "" } },
		{ "a-", { "a-", "", "", "" } },
		{ "a-b", { "a-b", "b", "", "" } },
		{ "a--b", { "a--b", "-b", "b", "" } },
		{ "-a-b", { "-a-b", "a-b", "b", "" } },
		{ "a-b-c-d-e", { "a-b-c-d-e", "b-c-d-e", "c-d-e", "d-e" } },
		{ "a.b+c", { "a.b+c", "", "", "" } },
	};
	size_t i;
	unsigned int k;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (k = 0; k < 4; k++)
			assert_string_equal(rows[i].ext + extension_after(rows[i].ext, strlen(rows[i].ext), k), rows[i].want[k]);
}

static void hosts(void **state)
{
	static struct { char const *host; size_t want[3]; } const rows[] = {
		{ "", { 0, 0, 0 } },
		{ "a", { 1, 1, 1 } },
		{ "b.example", { 1, 1, 1 } },
		{ "mail.test.example", { 9, 4, 4 } },
		{ "a.b.c.d.e", { 7, 5, 3 } },
		{ "..x..", { 4, 3, 1 } },
		{ ".", { 0, 0, 0 } },
	};
	size_t i;
	unsigned int k;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (k = 0; k < 3; k++)
			assert_int_equal(extension_host(rows[i].host, strlen(rows[i].host), k + 1), rows[i].want[k]);
}

static void senders(void **state)
{
	stralloc sa = STRALLOC_ZERO;

	(void)state;
	assert_true(extension_keeps_sender(""));
	assert_true(extension_keeps_sender("#@[]"));
	assert_false(extension_keeps_sender("#@[]x"));
	assert_false(extension_keeps_sender("a@b"));
	assert_true(extension_owner(&sa, "-", "list", 4, 0));
	assert_string_equal(sa.s, ".qmail-list-owner");
	assert_true(extension_owner(&sa, "-", "list", 4, 1));
	assert_string_equal(sa.s, ".qmail-list-owner-default");
	assert_true(extension_owner(&sa, "", "", 0, 0));
	assert_string_equal(sa.s, ".qmail-owner");
	assert_true(extension_newsender(&sa, "foo-list", "h.example", 0));
	assert_string_equal(sa.s, "foo-list-owner@h.example");
	assert_true(extension_newsender(&sa, "foo-list", "h.example", 1));
	assert_string_equal(sa.s, "foo-list-owner-@h.example-@[]");
	assert_int_equal(sa.len, strlen(sa.s));
	stralloc_free(&sa);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(search_order),
		cmocka_unit_test(parts),
		cmocka_unit_test(hosts),
		cmocka_unit_test(senders),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
