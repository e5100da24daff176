/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "route/pattern.h"

static void sender(void **state)
{
	static struct { char const *name; char const *s; int has; size_t n; } const cases[] = {
		{ "plain", "joe@example.com", 1, 15 }, { "empty", "", 0, 0 }, { "user", "joe", 0, 3 },
		{ "verp", "l-return-@example.com-@[]", 1, 21 }, { "verp of nobody", "-@[]", 0, 0 },
		{ "double bounce", "#@[]", 0, 4 }, { "no host", "joe@", 0, 4 }, { "at", "@", 0, 1 },
		{ "two", "joe@a@b", 1, 7 }, { "verp without a domain", "l-return--@[]", 0, 9 },
		{ "almost", "joe@[]x", 1, 7 }, { "twice", "joe@[]-@[]", 0, 6 }, { "almost verp", "joe@b.c@[]", 0, 10 },
	}, *c;

	(void)state;
	UNIT_EACH(c, cases) {
		size_t n = strlen(c->s);
		int has = pattern_sender(c->s, &n);

		if (has != c->has || n != c->n)
			fail_msg("%s: %d %zu", c->name, has, n);
	}
}

static void fill(control_list *l, constmap *m, char const *text)
{
	assert_true(control_list_parse(l, text, strlen(text)));
	assert_true(constmap_map(m, l, ':'));
}

static void find(void **state)
{
	static char const text[] = "example.com:1\n.example.com:2\ntwo.example.com:3\nwaldo@domain.com:4\ndomain.com:\n:6\nx@y.z:7\n";
	static struct { char const *s; char const *value; } const cases[] = {
		{ "user@example.com", "1" }, { "A@Example.COM", "1" }, { "user@a.example.com", "2" }, { "user@a.b.example.com", "2" },
		{ "u@two.example.com", "3" }, { "a@x.two.example.com", "2" }, { "WALDO@DOMAIN.COM", "4" }, { "other@domain.com", "" },
		{ "someone@somewhere.org", "6" }, { "a@b@y.z", "6" }, { "x@y.z", "7" }, { "example.com", "1" },
		{ "a.example.com", "2" }, { "waldo", "6" }, { "", "6" }, { "@example.com", "1" },
	}, *c;
	control_list l = CONTROL_LIST_ZERO;
	constmap m = CONSTMAP_ZERO;

	(void)state;
	assert_null(pattern_find(&m, "a@b", 3));
	fill(&l, &m, text);
	UNIT_EACH(c, cases) {
		constmap_entry const *e = pattern_find(&m, c->s, strlen(c->s));

		if (!e || strcmp(e->value, c->value) != 0)
			fail_msg("%s: %s", c->s, e ? e->value : "none");
	}
	constmap_free(&m);
	control_list_free(&l);
}

static void misfit(void **state)
{
	static char const text[] = "example.com 1\n.example.com=2\nwaldo@domain.com /bin/x\nexample.org\nok.example:x\n:6\n";
	static struct { char const *s; size_t known; int index; } const cases[] = {
		{ "user@example.com", 0, 0 }, { "example.com", 0, 0 }, { "u@a.Example.Com", 0, 1 }, { "waldo@domain.com", 0, 2 },
		{ "x@domain.com", 0, -1 }, { "xwaldo@domain.com", 0, -1 }, { "u@example.org", 0, -1 }, { "u@myexample.com", 0, -1 },
		{ "user@example.com", 11, -1 }, { "user@example.com", 10, 0 }, { "", 0, -1 }, { "u@", 0, -1 },
		{ "u.example.com@z", 0, -1 },
	}, *c;
	control_list l = CONTROL_LIST_ZERO;
	constmap m = CONSTMAP_ZERO;

	(void)state;
	fill(&l, &m, text);
	UNIT_EACH(c, cases) {
		size_t index = 99;
		int r = pattern_misfit(&index, &l, c->s, strlen(c->s), c->known);

		if (r != (c->index >= 0) || (r && (int)index != c->index))
			fail_msg("%s: %d %zu", c->s, r, index);
	}
	constmap_free(&m);
	control_list_free(&l);
}

static void choose(void **state)
{
	static char const text[] = "a.example:1\n.example:2\nb.example 3\n*:4\n";
	static struct { char const *sender; int star; pattern_choice choice; size_t index; } const cases[] = {
		{ "x@a.example", 0, PATTERN_FOUND, 0 }, { "x@a.example-@[]", 1, PATTERN_FOUND, 0 }, { "x@c.example", 1, PATTERN_FOUND, 1 },
		{ "x@b.example", 1, PATTERN_NOCOLON, 2 }, { "x@else", 1, PATTERN_FOUND, 3 }, { "x@else", 0, PATTERN_NOTHING, 0 },
		{ "", 1, PATTERN_FOUND, 3 }, { "", 0, PATTERN_NOTHING, 0 }, { "#@[]", 1, PATTERN_FOUND, 3 }, { "x", 0, PATTERN_NOTHING, 0 },
	}, *c;
	control_list l = CONTROL_LIST_ZERO;
	constmap m = CONSTMAP_ZERO;

	(void)state;
	fill(&l, &m, text);
	UNIT_EACH(c, cases) {
		constmap_entry const *e;
		size_t index = 0;
		pattern_choice choice = pattern_choose(&e, &index, &l, &m, c->sender, strlen(c->sender), c->star);

		if (choice != c->choice || (choice == PATTERN_FOUND ? e->index != c->index : index != c->index))
			fail_msg("%s: %d", c->sender, (int)choice);
	}
	constmap_free(&m);
	control_list_free(&l);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(sender),
		cmocka_unit_test(find),
		cmocka_unit_test(misfit),
		cmocka_unit_test(choose),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
