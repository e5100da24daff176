/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <string.h>

#include "base/control.h"
#include "route/rewrite.h"

/* A control file as control_readlist gives it, without the file: entries divided by newlines. */
static void fill(control_list *l, char const *text)
{
	size_t i;

	*l = (control_list)CONTROL_LIST_ZERO;
	while (*text) {
		size_t n = strcspn(text, "\n");

		i = l->n++;
		assert_true(stralloc_catb(&l->entries, text, n) && stralloc_0(&l->entries));
		assert_true(stralloc_catb(&l->lines, (char const *)&i, sizeof i));
		text += n + (text[n] == '\n');
	}
}

typedef struct site
{
	control_list locals, percenthack, virtualdomains;
	rewrite_tables t;
} site;

static void set_up(site *s, char const *locals, char const *percenthack, char const *virtualdomains)
{
	fill(&s->locals, locals);
	fill(&s->percenthack, percenthack);
	fill(&s->virtualdomains, virtualdomains);
	s->t = (rewrite_tables){ .envnoathost = "mail.test.example" };
	s->t.envnoathostlen = strlen(s->t.envnoathost);
	assert_true(constmap_set(&s->t.locals, &s->locals) && constmap_set(&s->t.percenthack, &s->percenthack)
		&& constmap_map(&s->t.virtualdomains, &s->virtualdomains, ':'));
}

static void tear_down(site *s)
{
	constmap_free(&s->t.locals);
	constmap_free(&s->t.percenthack);
	constmap_free(&s->t.virtualdomains);
	control_list_free(&s->locals);
	control_list_free(&s->percenthack);
	control_list_free(&s->virtualdomains);
}

typedef struct row
{
	char const *address;
	rewrite_route route;
	char const *want;
} row;

static void check(site const *s, row const *rows, size_t n)
{
	stralloc sa = STRALLOC_ZERO;
	size_t i;

	for (i = 0; i < n; i++) {
		print_message("%s\n", rows[i].address);
		assert_int_equal(rewrite_address(&s->t, &sa, rows[i].address, strlen(rows[i].address)), rows[i].route);
		assert_int_equal(stralloc_0(&sa), 1);
		assert_string_equal(sa.s, rows[i].want);
	}
	stralloc_free(&sa);
}

#define CHECK(s, rows) check((s), (rows), sizeof (rows) / sizeof (rows)[0])

/* The example of the manual: a line of each kind. */
static char const example[] =
	"example.com:foo\n.example.com:foo-bar\ntwo.example.com:baz\nwaldo@domain.com:qux\ndomain.com:\n:garply\n";

static void every_kind_of_line(void **state)
{
	static row const rows[] = {
		{ "user@example.com", REWRITE_LOCAL, "foo-user@example.com" },
		{ "postmaster@example.com", REWRITE_LOCAL, "foo-postmaster@example.com" },
		{ "a-b-c-d@Example.COM", REWRITE_LOCAL, "foo-a-b-c-d@Example.COM" },
		{ "user@something.example.com", REWRITE_LOCAL, "foo-bar-user@something.example.com" },
		{ "a@x.two.example.com", REWRITE_LOCAL, "foo-bar-a@x.two.example.com" },
		{ "user@two.example.com", REWRITE_LOCAL, "baz-user@two.example.com" },
		{ "waldo@domain.com", REWRITE_LOCAL, "qux-waldo@domain.com" },
		{ "WALDO@DOMAIN.COM", REWRITE_LOCAL, "qux-WALDO@DOMAIN.COM" },
		{ "other@domain.com", REWRITE_REMOTE, "other@domain.com" },
		{ "x@sub.domain.com", REWRITE_LOCAL, "garply-x@sub.domain.com" },
		{ "someone@somewhere.org", REWRITE_LOCAL, "garply-someone@somewhere.org" },
		{ "nobody@", REWRITE_LOCAL, "garply-nobody@" },
		{ "@", REWRITE_LOCAL, "garply-@" },
		{ "foo@mail.test.example", REWRITE_LOCAL, "foo@mail.test.example" },
		{ "nohost", REWRITE_LOCAL, "nohost@mail.test.example" },
		{ "", REWRITE_LOCAL, "@mail.test.example" },
		{ "x@example.com.", REWRITE_LOCAL, "garply-x@example.com." },
		{ "x@.example.com", REWRITE_LOCAL, "foo-bar-x@.example.com" },
		{ "a@b@example.com", REWRITE_LOCAL, "foo-a@b@example.com" },
		{ "waldo@domain.com@example.com", REWRITE_LOCAL, "foo-waldo@domain.com@example.com" },
	};
	site s;

	(void)state;
	set_up(&s, "mail.test.example\n", "", example);
	CHECK(&s, rows);
	tear_down(&s);
}

static void locals_come_first(void **state)
{
	static row const rows[] = {
		{ "x@example.com", REWRITE_LOCAL, "x@example.com" },
		{ "x@EXAMPLE.com", REWRITE_LOCAL, "x@EXAMPLE.com" },
		{ "x@a.example.com", REWRITE_LOCAL, "foo-bar-x@a.example.com" },
	};
	site s;

	(void)state;
	set_up(&s, "example.com\n", "", example);
	CHECK(&s, rows);
	tear_down(&s);
}

static void order_of_keys(void **state)
{
	static row const rows[] = {
		{ "x@a.b.c", REWRITE_LOCAL, "exact-x@a.b.c" },
		{ "x@z.b.c", REWRITE_LOCAL, "bc-x@z.b.c" },
		{ "x@y.z.b.c", REWRITE_LOCAL, "bc-x@y.z.b.c" },
		{ "x@b.c", REWRITE_LOCAL, "c-x@b.c" },
		{ "x@c", REWRITE_REMOTE, "x@c" },
		{ "x@out.b.c", REWRITE_REMOTE, "x@out.b.c" },           /* empty prepend: looking ends there */
		{ "x@in.out.b.c", REWRITE_REMOTE, "x@in.out.b.c" },
		{ "one@a.b.c", REWRITE_LOCAL, "one-one@a.b.c" },        /* the address beats everything */
		{ "two@a.b.c", REWRITE_REMOTE, "two@a.b.c" },
		{ "x.b.c@d", REWRITE_REMOTE, "x.b.c@d" },               /* dots of the box are none of the domain */
	};
	site s;

	(void)state;
	set_up(&s, "l\n", "", ".c:c\n.b.c:bc\na.b.c:exact\nout.b.c:\n.out.b.c:\n"
		"one@a.b.c:one\ntwo@a.b.c:\nd.b:no\none@:no\none:no\n");
	CHECK(&s, rows);
	tear_down(&s);
}

static void odd_lines(void **state)
{
	static row const rows[] = {
		{ "x@nocolon", REWRITE_REMOTE, "x@nocolon" },
		{ "x@two", REWRITE_LOCAL, "a:b-x@two" },
		{ "x@twice", REWRITE_LOCAL, "last-x@twice" },
		{ "x@blank", REWRITE_LOCAL, " p-x@blank" },
		{ "x@[127.0.0.1]", REWRITE_LOCAL, "lit-x@[127.0.0.1]" },
	};
	site s;

	(void)state;
	set_up(&s, "", "", "nocolon\ntwo:a:b\ntwice:first\nTWICE:last\nblank: p\n[127.0.0.1]:lit\n");
	CHECK(&s, rows);
	tear_down(&s);
}

static void percent(void **state)
{
	static row const rows[] = {
		{ "a%far@hack", REWRITE_REMOTE, "a@far" },
		{ "a%l@hack", REWRITE_LOCAL, "a@l" },
		{ "a%b%c@hack", REWRITE_REMOTE, "a%b@c" },
		{ "a%far%hack@Hack", REWRITE_REMOTE, "a@far" },         /* on to the next such domain */
		{ "a%far%hack2@hack", REWRITE_REMOTE, "a@far" },
		{ "a@hack", REWRITE_REMOTE, "a@hack" },
		{ "%@hack", REWRITE_REMOTE, "@" },
		{ "a%@hack", REWRITE_REMOTE, "a@" },
		{ "%far@hack", REWRITE_REMOTE, "@far" },
		{ "a%far@sub.hack", REWRITE_REMOTE, "a%far@sub.hack" },
		{ "a%b", REWRITE_REMOTE, "a%b@mail.test.example" },
		{ "a@b%c@hack", REWRITE_REMOTE, "a@b@c" },
		{ "a%v@hack", REWRITE_LOCAL, "p-a@v" },
	};
	site s;

	(void)state;
	set_up(&s, "l\n", "hack\nhack2\n", "v:p\n");
	CHECK(&s, rows);
	tear_down(&s);
}

static void any_bytes(void **state)
{
	static char const address[] = "a\0\377\n@\0b";
	site s;
	stralloc sa = STRALLOC_ZERO;

	(void)state;
	set_up(&s, "", "", "");
	assert_int_equal(rewrite_address(&s.t, &sa, address, sizeof address - 1), REWRITE_REMOTE);
	assert_int_equal(sa.len, sizeof address - 1);
	assert_memory_equal(sa.s, address, sa.len);
	stralloc_free(&sa);
	tear_down(&s);
}

/* Doing it again to a remote address changes nothing. */
static void remote_stays_remote(void **state)
{
	static char const *const rows[] = { "x@far", "x@", "other@domain.com", "a%b@c" };
	stralloc sa = STRALLOC_ZERO;
	stralloc again = STRALLOC_ZERO;
	site s;
	size_t i;

	(void)state;
	set_up(&s, "l\n", "hack\n", "domain.com:\n");
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(rewrite_address(&s.t, &sa, rows[i], strlen(rows[i])), REWRITE_REMOTE);
		assert_int_equal(rewrite_address(&s.t, &again, sa.s, sa.len), REWRITE_REMOTE);
		assert_int_equal(sa.len, again.len);
		assert_memory_equal(sa.s, again.s, sa.len);
	}
	stralloc_free(&sa);
	stralloc_free(&again);
	tear_down(&s);
}

static void undo(void **state)
{
	static struct { char const *recipient; size_t want; } const rows[] = {
		{ "foo-user@example.com", 4 },
		{ "foo-user@EXAMPLE.com", 4 },
		{ "foo-bar-user@x.example.com", 8 },
		{ "garply-x@else.org", 7 },
		{ "Foo-user@example.com", 0 },          /* case counts */
		{ "foouser@example.com", 0 },
		{ "foo@example.com", 0 },
		{ "foo-@example.com", 4 },
		{ "bar-user@example.com", 0 },
		{ "garply-x@domain.com", 0 },           /* the first hit decides, also with an empty prepend */
		{ "qux-waldo@domain.com", 0 },          /* an address key is never looked at */
		{ "garply", 0 },
		{ "garply-", 0 },
		{ "", 0 },
		{ "garply-@", 7 },
	};
	site s;
	size_t i;

	(void)state;
	set_up(&s, "mail.test.example\n", "", example);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		print_message("%s\n", rows[i].recipient);
		assert_int_equal(rewrite_undo(&s.t, rows[i].recipient, strlen(rows[i].recipient)), rows[i].want);
	}
	tear_down(&s);
}

static void note(void *data, rewrite_reason why, constmap_entry const *e, char const *address, size_t n)
{
	static char const *const names[] = { "noat", "percent", "locals", "virtual", "untouched", "empty", "else" };
	stralloc *sa = data;

	assert_true(stralloc_cats(sa, names[why]) && stralloc_append(sa, '[')
		&& (!e || stralloc_catb(sa, e->key, e->keylen)) && stralloc_cats(sa, "] ")
		&& stralloc_catb(sa, address, n) && stralloc_cats(sa, "; "));
}

/* What the watcher is told, and that the answer is the same without him. */
static void reasons(void **state)
{
	static struct { char const *address; char const *want; } const rows[] = {
		{ "user@Example.com", "virtual[example.com] user@Example.com; " },
		{ "user@a.example.com", "virtual[.example.com] user@a.example.com; " },
		{ "waldo@domain.com", "virtual[waldo@domain.com] waldo@domain.com; " },
		{ "other@domain.com", "untouched[domain.com] other@domain.com; " },
		{ "x@else.org", "virtual[] x@else.org; " },
		{ "nohost", "noat[] nohost@mail.test.example; locals[mail.test.example] nohost@mail.test.example; " },
		{ "a%b@HACK.example", "percent[hack.example] a@b; virtual[] a@b; " },
		{ "a%b%hack.example@hack.example",
			"percent[hack.example] a%b@hack.example; percent[hack.example] a@b; virtual[] a@b; " },
		{ "a@hack.example", "virtual[] a@hack.example; " },
		{ "", "noat[] @mail.test.example; locals[mail.test.example] @mail.test.example; " },
	};
	stralloc why = STRALLOC_ZERO;
	stralloc out = STRALLOC_ZERO;
	stralloc plain = STRALLOC_ZERO;
	site s;
	size_t i;

	(void)state;
	set_up(&s, "mail.test.example\n", "hack.example\n", example);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t n = strlen(rows[i].address);

		why.len = 0;
		assert_int_equal(rewrite_watched(&s.t, &out, rows[i].address, n, note, &why),
			rewrite_address(&s.t, &plain, rows[i].address, n));
		assert_int_equal(out.len, plain.len);
		assert_memory_equal(out.s, plain.s, out.len);
		assert_true(stralloc_0(&why));
		assert_string_equal(why.s, rows[i].want);
	}
	tear_down(&s);
	set_up(&s, "", "", "");
	why.len = 0;
	assert_int_equal(rewrite_watched(&s.t, &out, "a@b", 3, note, &why), REWRITE_REMOTE);
	assert_true(stralloc_0(&why));
	assert_string_equal(why.s, "else[] a@b; ");
	tear_down(&s);
	stralloc_free(&why);
	stralloc_free(&out);
	stralloc_free(&plain);
}

/* control/emptyprefixlocal: an empty prepend is as good as a line in locals, and changes nothing else. */
static void empty_is_local(void **state)
{
	static struct { char const *address; rewrite_route route; char const *want; char const *why; } const rows[] = {
		{ "Other@Domain.com", REWRITE_LOCAL, "Other@Domain.com", "empty[domain.com] Other@Domain.com; " },
		{ "waldo@domain.com", REWRITE_LOCAL, "qux-waldo@domain.com", "virtual[waldo@domain.com] waldo@domain.com; " },
		{ "x@a.domain.com", REWRITE_REMOTE, "x@a.domain.com", "else[] x@a.domain.com; " },
		{ "x@mail.test.example", REWRITE_LOCAL, "x@mail.test.example", "locals[mail.test.example] x@mail.test.example; " },
	};
	stralloc why = STRALLOC_ZERO;
	stralloc out = STRALLOC_ZERO;
	site s;
	size_t i;

	(void)state;
	set_up(&s, "mail.test.example\n", "", "domain.com:\nwaldo@domain.com:qux\n");
	s.t.empty_is_local = 1;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		why.len = 0;
		assert_int_equal(rewrite_watched(&s.t, &out, rows[i].address, strlen(rows[i].address), note, &why), rows[i].route);
		assert_true(stralloc_0(&why) && stralloc_0(&out));
		assert_string_equal(out.s, rows[i].want);
		assert_string_equal(why.s, rows[i].why);
	}
	tear_down(&s);
	set_up(&s, "", "", ":");
	s.t.empty_is_local = 1;
	assert_int_equal(rewrite_address(&s.t, &out, "a@anywhere", 10), REWRITE_LOCAL);
	tear_down(&s);
	stralloc_free(&why);
	stralloc_free(&out);
}

static void search(void **state)
{
	static struct { char const *address; char const *want; } const rows[] = {
		{ "waldo@domain.com", "waldo@domain.com,domain.com,," }, { "x@domain.com", "domain.com,," },
		{ "a@b.example.com", ".example.com,," }, { "a@example.com", "example.com,," },
		{ "a@two.example.com", "two.example.com,.example.com,," }, { "x@", "," }, { "@", "," },
	};
	stralloc got = STRALLOC_ZERO;
	site s;
	size_t i;

	(void)state;
	set_up(&s, "", "", example);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		rewrite_search r;
		constmap_entry const *e;

		print_message("%s\n", rows[i].address);
		got.len = 0;
		rewrite_search_start(&r, rows[i].address, strlen(rows[i].address));
		while ((e = rewrite_search_next(&r, &s.t)))
			assert_true(stralloc_catb(&got, e->key, e->keylen) && stralloc_append(&got, ','));
		assert_true(stralloc_0(&got));
		assert_string_equal(got.s, rows[i].want);
	}
	tear_down(&s);
	stralloc_free(&got);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(every_kind_of_line),
		cmocka_unit_test(locals_come_first),
		cmocka_unit_test(order_of_keys),
		cmocka_unit_test(odd_lines),
		cmocka_unit_test(percent),
		cmocka_unit_test(any_bytes),
		cmocka_unit_test(remote_stays_remote),
		cmocka_unit_test(undo),
		cmocka_unit_test(reasons),
		cmocka_unit_test(empty_is_local),
		cmocka_unit_test(search),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
