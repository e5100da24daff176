/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/constmap.h"

static void fill(control_list *l, char const *s, size_t n)
{
	size_t line = 1;

	while (n > 0) {
		size_t len = strlen(s) + 1;

		assert_true(stralloc_catb(&l->entries, s, len));
		assert_true(stralloc_catb(&l->lines, (char const *)&line, sizeof line));
		l->n++;
		line++;
		s += len;
		n -= len;
	}
}

static char const *find(constmap const *m, char const *key)
{
	constmap_entry const *e = constmap_find(m, key, strlen(key));

	return e ? e->value : 0;
}

static void map(void **state)
{
	static char const text[] = "a.example:one\0.b.example:two\0no colon\0A.EXAMPLE:three\0:rest\0x:y:z\0empty:\0:last";
	control_list l = CONTROL_LIST_ZERO;
	constmap m = CONSTMAP_ZERO;
	constmap_place p = CONSTMAP_PLACE_ZERO;

	(void)state;
	fill(&l, text, sizeof text);
	assert_true(constmap_map(&m, &l, ':'));
	assert_string_equal(find(&m, "a.example"), "three");
	assert_string_equal(find(&m, "A.eXample"), "three");
	assert_string_equal(find(&m, ".b.example"), "two");
	assert_string_equal(find(&m, "x"), "y:z");
	assert_string_equal(find(&m, "empty"), "");
	assert_string_equal(find(&m, ""), "last");
	assert_null(find(&m, "b.example"));
	assert_null(find(&m, "no colon"));
	assert_null(find(&m, "a.exampl"));
	assert_null(find(&m, "a.example."));
	assert_string_equal(constmap_misfit(&l, ':', &p), "no colon");
	assert_int_equal(control_line(&l, p.index), 3);
	assert_null(constmap_misfit(&l, ':', &p));
	constmap_free(&m);
	control_list_free(&l);
}

/* Each entry is looked at once, however many misfits there are: with a second look at each, this would take minutes. */
static void misfits_all(void **state)
{
	enum { MANY = 300000 };
	control_list l = CONTROL_LIST_ZERO;
	constmap_place p = CONSTMAP_PLACE_ZERO;
	size_t i;

	(void)state;
	for (i = 0; i < MANY; i++)
		assert_true(stralloc_catb(&l.entries, i % 3 ? "xy" : ":z", 3));
	l.n = MANY;
	for (i = 0; constmap_misfit(&l, ':', &p); i++)
		assert_true(p.index % 3 && p.next == p.index + 1);
	assert_int_equal(i, MANY / 3 * 2);
	control_list_free(&l);
}

static void set(void **state)
{
	static char const text[] = "b\0A\0a:b\0b";
	control_list l = CONTROL_LIST_ZERO;
	constmap m = CONSTMAP_ZERO;

	(void)state;
	assert_true(constmap_set(&m, &l));
	assert_null(constmap_find(&m, "", 0));
	fill(&l, text, sizeof text);
	assert_true(constmap_set(&m, &l));
	assert_int_equal(m.n, 3);
	assert_string_equal(find(&m, "a"), "");
	assert_string_equal(find(&m, "B"), "");
	assert_string_equal(find(&m, "A:B"), "");
	assert_null(find(&m, "c"));
	constmap_free(&m);
	control_list_free(&l);
}

/* Keys that are all but equal, of every length: none is taken for another. */
static void neighbours(void **state)
{
	static char const text[] = "\0@\0`\0[\0{\0a[\0A{\0aa\0aA@\0\xc1\0\xe1";
	control_list l = CONTROL_LIST_ZERO;
	constmap m = CONSTMAP_ZERO;

	(void)state;
	fill(&l, text, sizeof text);
	assert_true(constmap_set(&m, &l));
	assert_int_equal(m.n, l.n);
	assert_non_null(find(&m, ""));
	assert_non_null(find(&m, "AA@"));
	assert_non_null(find(&m, "\xe1"));
	assert_null(find(&m, "aa`"));
	assert_null(find(&m, "aaa"));
	constmap_free(&m);
	assert_null(find(&m, "aa"));
	control_list_free(&l);
}

/* Every key of a large map is found, and nothing beside them. */
static void many(void **state)
{
	control_list l = CONTROL_LIST_ZERO;
	constmap m = CONSTMAP_ZERO;
	char entry[16];
	unsigned int i;

	(void)state;
	for (i = 0; i < 5000; i++) {
		int n = snprintf(entry, sizeof entry, "k%u:%u", (i * 7919) % 5000, i);

		fill(&l, entry, (size_t)n + 1);
	}
	assert_true(constmap_map(&m, &l, ':'));
	assert_int_equal(m.n, 5000);
	for (i = 0; i < 5001; i++) {
		snprintf(entry, sizeof entry, "K%u", i);
		assert_int_equal(find(&m, entry) != 0, i < 5000);
	}
	constmap_free(&m);
	control_list_free(&l);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(map),
		cmocka_unit_test(misfits_all),
		cmocka_unit_test(set),
		cmocka_unit_test(neighbours),
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
