/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "mail/dotqmail.h"

static struct row
{
	char const *name;
	char const *in;
	size_t n;
	size_t took;
	dotqmail_kind kind;
	char const *arg;        /* null: not compared */
} const rows[] = {
#define ROW(name, in, took, kind, arg) { name, in, sizeof in - 1, took, kind, arg }
	ROW("nothing", "", 0, DOTQMAIL_BLANK, ""),
	ROW("newline", "\n", 1, DOTQMAIL_BLANK, ""),
	ROW("blanks", "  \t \nx", 5, DOTQMAIL_BLANK, ""),
	ROW("blanks unended", " \t", 2, DOTQMAIL_BLANK, ""),
	ROW("comment", "# a\nb", 4, DOTQMAIL_COMMENT, " a"),
	ROW("lone #", "#", 1, DOTQMAIL_COMMENT, ""),
	ROW("mbox", "./Mailbox\n", 10, DOTQMAIL_MBOX, "./Mailbox"),
	ROW("mbox unended", "./Mailbox", 9, DOTQMAIL_MBOX, "./Mailbox"),
	ROW("absolute mbox", "/a/b\n", 5, DOTQMAIL_MBOX, "/a/b"),
	ROW("lone dot", ".\n", 2, DOTQMAIL_MBOX, "."),
	ROW("hidden mbox", ".box\n", 5, DOTQMAIL_MBOX, ".box"),
	ROW("mbox with blanks", "./my box \t\n", 11, DOTQMAIL_MBOX, "./my box"),
	ROW("mbox with CR", "./Mailbox\r\n", 11, DOTQMAIL_MBOX, "./Mailbox\r"),
	ROW("maildir", "./Maildir/\n", 11, DOTQMAIL_MAILDIR, "./Maildir/"),
	ROW("maildir, blanks behind", "./Maildir/ \n", 12, DOTQMAIL_MAILDIR, "./Maildir/"),
	ROW("lone slash", "/\n", 2, DOTQMAIL_MAILDIR, "/"),
	ROW("maildir with CR", "./Maildir/\r\n", 12, DOTQMAIL_BAD, 0),
	ROW("program", "|a b \n", 6, DOTQMAIL_PROGRAM, "a b"),
	ROW("program with space", "| a\n", 4, DOTQMAIL_PROGRAM, " a"),
	ROW("lone |", "|\n", 2, DOTQMAIL_PROGRAM, ""),
	ROW("program with CR", "|a\r\n", 4, DOTQMAIL_PROGRAM, "a\r"),
	ROW("forward", "&a@b\n", 5, DOTQMAIL_FORWARD, "a@b"),
	ROW("bare forward", "a@b\n", 4, DOTQMAIL_FORWARD, "a@b"),
	ROW("forward with space", "& a@b\n", 6, DOTQMAIL_FORWARD, " a@b"),
	ROW("leading space", " ./x/\n", 6, DOTQMAIL_FORWARD, " ./x/"),
	ROW("lone &", "&\n", 2, DOTQMAIL_FORWARD, ""),
	ROW("two &", "&&a\n", 4, DOTQMAIL_FORWARD, "&a"),
	ROW("8-bit", "\xe9@x\n", 4, DOTQMAIL_FORWARD, "\xe9@x"),
	ROW("forward with CR", "a@b\r\n", 5, DOTQMAIL_BAD, 0),
	ROW("& with CR", "&\r\n", 3, DOTQMAIL_BAD, 0),
	ROW("list", "+list\n", 6, DOTQMAIL_LIST, "list"),
	ROW("list, blanks behind", "+list \n", 7, DOTQMAIL_LIST, "list"),
	ROW("list1", "+list1\n", 7, DOTQMAIL_OTHER, "list1"),
	ROW("List", "+List\n", 6, DOTQMAIL_OTHER, "List"),
	ROW("lone +", "+\n", 2, DOTQMAIL_OTHER, ""),
	ROW("NUL first", "\0a@b\n", 5, DOTQMAIL_BAD, 0),
	ROW("NUL alone", "\0", 1, DOTQMAIL_BAD, 0),
	ROW("NUL inside", "./a\0/\nx", 6, DOTQMAIL_BAD, 0),
	ROW("NUL last", "./a\0\n", 5, DOTQMAIL_BAD, 0),
	ROW("blank before NUL", "./a \0b\n", 7, DOTQMAIL_BAD, 0),
	ROW("NUL in a command", "|a\0b\n", 5, DOTQMAIL_BAD, 0),
	ROW("NUL in a forward", "&a@b\0c\n", 7, DOTQMAIL_BAD, 0),
	ROW("NUL in a list mark", "+list\0\n", 7, DOTQMAIL_BAD, 0),
	ROW("NUL in a comment", "#a\0b\n", 5, DOTQMAIL_COMMENT, 0),
	ROW("NUL in the next line", "./a\n\0\n", 4, DOTQMAIL_MBOX, "./a"),
#undef ROW
};

static void table(void **state)
{
	struct row const *c;

	(void)state;
	UNIT_EACH (c, rows) {
		dotqmail d = { .kind = DOTQMAIL_BAD, .arg = 0, .len = 0 };

		if (c->n == 0) {
			assert_int_equal(dotqmail_next(&d, c->in, 0), 0);
			continue;
		}
		print_message("%s\n", c->name);
		assert_int_equal(dotqmail_next(&d, c->in, c->n), c->took);
		assert_int_equal(d.kind, c->kind);
		if (c->arg) {
			assert_int_equal(d.len, strlen(c->arg));
			assert_memory_equal(d.arg, c->arg, d.len);
		} else if (d.kind == DOTQMAIL_BAD) {
			assert_int_equal(d.len, strlen(d.arg));
		}
	}
}

/* Cut anywhere, in memory of its own that a sanitizer watches: the loop ends and sees every byte once. */
static void cut_at_every_byte(void **state)
{
	static char const text[] = "# c\n./Mailbox\n./Maildir/\n|prog\n&a@b\nb@c\n\n+list\n \n./x/\r\na\0b\n.";
	size_t n;

	(void)state;
	for (n = 0; n < sizeof text; n++) {
		char *s = malloc(n ? n : 1);
		size_t seen = 0;
		dotqmail d;

		assert_non_null(s);
		memcpy(s, text, n);
		while (seen < n) {
			size_t took = dotqmail_next(&d, s + seen, n - seen);

			assert_true(took > 0 && took <= n - seen);
			if (d.kind != DOTQMAIL_BAD)
				assert_true(d.arg >= s + seen && d.arg + d.len <= s + seen + took);
			seen += took;
		}
		assert_int_equal(seen, n);
		free(s);
	}
}

static void address_limit(void **state)
{
	static char line[DOTQMAIL_ADDRESS_MAX + 3];
	dotqmail d;
	size_t n;

	(void)state;
	memset(line, 'a', sizeof line);
	for (n = DOTQMAIL_ADDRESS_MAX - 1; n <= DOTQMAIL_ADDRESS_MAX + 1; n++) {
		dotqmail_kind want = n <= DOTQMAIL_ADDRESS_MAX ? DOTQMAIL_FORWARD : DOTQMAIL_BAD;

		line[0] = 'a';
		assert_int_equal(dotqmail_next(&d, line, n), n);
		assert_int_equal(d.kind, want);
		line[0] = '&';
		assert_int_equal(dotqmail_next(&d, line, n + 1), n + 1);
		assert_int_equal(d.kind, want);
		line[0] = '.';
		assert_int_equal(dotqmail_next(&d, line, n + 1), n + 1);
		assert_int_equal(d.kind, DOTQMAIL_MBOX);
	}
}

/* What each line of a text comes to: . pass, o obey, and a letter for each refusal. */
static void judged(void **state)
{
	static struct { char const *text; int forward_only; char const *want; } const texts[] = {
		{ "./Mailbox\n|x\n&a\nb\n", 0, "oooo" }, { "./Mailbox\n|x\n&a\nb\n./d/\n", 1, "fpoof" },
		{ "\n./Mailbox\n", 0, "no" }, { " \n", 0, "n" }, { "#\n\n./Mailbox\n", 0, "..o" }, { "+list\n./a\n&b\n", 0, ".fo" },
		{ "+other\n./a\n", 0, ".o" }, { "./d/\r\n./e\n", 0, "mo" }, { "", 0, "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		dotqmail_run r = { .line = 0, .forward_only = texts[i].forward_only };
		char const *s = texts[i].text;
		char got[16];
		dotqmail d;

		print_message("%s\n", s);
		while (*s) {
			dotqmail_verdict v;

			s += dotqmail_next(&d, s, strlen(s));
			v = dotqmail_judge(&r, &d);
			got[r.line - 1] = ".onfpm"[v];
			assert_int_equal(dotqmail_complaint(v)[0] != 0,
				v == DOTQMAIL_NOTHING || v == DOTQMAIL_NO_FILE || v == DOTQMAIL_NO_PROGRAM);
		}
		got[r.line] = 0;
		assert_string_equal(got, texts[i].want);
	}
}

static void ahead(void **state)
{
	static struct { char const *text; size_t want; } const texts[] = {
		{ "", 0 }, { "./a\n", 0 }, { "./d/\r\n", 1 }, { "./a\n\n#x\n&a\r\n", 4 }, { "./a\n|x\n&a\r\n", 0 },
		{ "|x\n./d/\r\n", 0 }, { "&a\r", 1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		dotqmail d;

		assert_int_equal(dotqmail_ahead(&d, texts[i].text, strlen(texts[i].text)), texts[i].want);
		if (texts[i].want)
			assert_int_equal(d.kind, DOTQMAIL_BAD);
	}
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(cut_at_every_byte),
		cmocka_unit_test(address_limit),
		cmocka_unit_test(judged),
		cmocka_unit_test(ahead),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
