/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "mail/complete.h"

static complete_rules rules = COMPLETE_RULES_ZERO;

static void set(char const *host, char const *domain, char const *plus)
{
	assert_int_equal(complete_host_set(&rules.defaulthost, '@', host, strlen(host)), TOKEN822_OK);
	assert_int_equal(complete_host_set(&rules.defaultdomain, '.', domain, strlen(domain)), TOKEN822_OK);
	assert_int_equal(complete_host_set(&rules.plusdomain, '.', plus, strlen(plus)), TOKEN822_OK);
}

/* The text of the one address that s is, completed. */
static char const *completed(char const *s, int comments)
{
	static stralloc sa = STRALLOC_ZERO;
	static token822_list l = TOKEN822_LIST_ZERO;
	addrlist_address a = { .n = 1 };

	sa.len = 0;
	assert_int_equal(token822_parse(&l, s, strlen(s)), TOKEN822_OK);
	a.run[0] = (addrlist_run){ .list = &l, .from = 0, .to = l.count, .comments = comments };
	complete_address(&a, &rules);
	assert_true(addrlist_text(&sa, &a) && stralloc_0(&sa));
	return sa.s;
}

typedef struct row
{
	char const *in;
	char const *want;
} row;

static void check(row const *rows, size_t n, int comments)
{
	size_t i;

	for (i = 0; i < n; i++) {
		char const *got = completed(rows[i].in, comments);

		if (strcmp(got, rows[i].want))
			fail_msg("%s: %s, not %s", rows[i].in, got, rows[i].want);
	}
}

static void table(void **state)
{
	static row const rows[] = {
		{ "", "" },
		{ "a", "a@host.test.example" },
		{ "b@c", "b@c.test.example" },
		{ "d@e.f", "d@e.f" },
		{ "g@h+", "g@h.plus.example" },
		{ "g@h.i+", "g@h.i.plus.example" },
		{ "g@+", "g@.plus.example" },
		{ "g@h\\+", "g@h.plus.example" },
		{ "g@\"h+\"", "g@h+.test.example" },
		{ "g+", "g+@host.test.example" },
		{ "@r1,@r2:z@w", "z@w.test.example" },
		{ "@a:b:c", "b:c@host.test.example" },
		{ "@at@x", "" },
		{ "@a:", "" },
		{ "@", "" },
		{ ".", "" },
		{ "..", ".@host.test.example" },
		{ "@.", "" },
		{ "a.b.@c.", "a.b.@c.test.example" },
		{ "a@", "a@host.test.example" },
		{ "a@.", "a@host.test.example" },
		{ "a@b@", "a@b.test.example" },
		{ "a@@", "a@.test.example" },
		{ "a@b@c", "a@b@c.test.example" },
		{ "i@[1.2.3.4]", "i@[1.2.3.4]" },
		{ "i@x[1]", "i@x[1]" },
		{ "[1]", "[1]@host.test.example" },
		{ "x@[]", "x@[]" },
		{ "x-@host-@[]", "x-@host-@[]" },
		{ "x@[].", "x@[]" },
		{ "\"\"", "@host.test.example" },
		{ "<a", "<a@host.test.example" },
	};

	(void)state;
	set("host", "test.example", "plus.example");
	check(rows, sizeof rows / sizeof rows[0], 0);
	check(rows, sizeof rows / sizeof rows[0], 1);
}

/* Comments are in nobody's way where they are printed elsewhere; where they belong to the address they are
 * tokens like others. */
static void comments(void **state)
{
	static row const apart[] = {
		{ "a@b.(c)", "a@b.test.example" },
		{ "a(c)@(c)h+(c)", "a@h.plus.example" },
		{ "(c)@r(c):a", "a@host.test.example" },
		{ "x@(c)[](c)", "x@[]" },
		{ "(c)", "" },
	};
	static row const inside[] = {
		{ "a@b.(c)", "a@b." },
		{ "a@h+(c)", "a@h+.test.example" },
		{ "(c)@r:a", "@r:a.test.example" },
		{ "(c)", "" },
	};

	(void)state;
	set("host", "test.example", "plus.example");
	check(apart, sizeof apart / sizeof apart[0], 0);
	check(inside, sizeof inside / sizeof inside[0], 1);
}

static void odd_rules(void **state)
{
	static row const empty[] = { { "a", "a@." }, { "a@b", "a@b." }, { "a@b+", "a@b." } };
	static row const plus[] = { { "a", "a@h.p" }, { "a@b", "a@b.d+" } };
	static row const full[] = { { "a", "a@h.e" }, { "a@b", "a@b.[1]" } };

	(void)state;
	set("", "", "");
	check(empty, 3, 0);
	set("h+", "d+", "p");
	check(plus, 2, 0);
	set("h.e", "[1]", "p");
	check(full, 2, 0);
	assert_int_equal(complete_host_set(&rules.defaulthost, '@', "(x", 2), TOKEN822_BAD);
	assert_int_equal(rules.defaulthost.text.len, 3);
	assert_memory_equal(rules.defaulthost.text.s, "@(x", 3);
	complete_free(&rules);
}

static void names(void **state)
{
	static char const *const good[] = { "h", "mail.example.org", "h.example.", "[192.0.2.1]", "[IPv6.1]", "h+", "a_b", "\xe4.example" };
	static char const *const bad[] = { "", " ", "a b", "a\tb", "a\nb", "a\x7f", "# x", "#x", "a@b", "a,b", "(x", "\"x", "a>", "a\\b" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_true(complete_name_ok(good[i], strlen(good[i])));
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (complete_name_ok(bad[i], strlen(bad[i])))
			fail_msg("%s", bad[i]);
	assert_false(complete_name_ok("a\0b", 3));
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(comments),
		cmocka_unit_test(odd_rules),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
