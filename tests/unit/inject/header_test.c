/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "base/io.h"
#include "inject/compose.h"
#include "inject/header.h"
#include "inject/limits.h"

static controls rules = CONTROLS_ZERO;

/* What a message turns into, each part behind its mark: kept fields, body so far, sender, recipients. */
typedef struct result
{
	recipients r;
	fault f;
	stralloc sender;
	header h;
} result;

static void start(result *x, identity const *id)
{
	*x = (result){ .f = FAULT_ZERO };
	x->h.controls = &rules;
	x->h.identity = id;
	x->h.recipients = &x->r;
	x->h.fault = &x->f;
	x->h.sender = &x->sender;
}

static void end(result *x)
{
	int i;

	for (i = 0; i < RECIPIENTS_LISTS; i++) {
		stralloc_free(&x->r.list[i]);
		stralloc_free(&x->r.trouble[i].text);
	}
	stralloc_free(&x->f.text);
	stralloc_free(&x->sender);
	stralloc_free(&x->h.text);
	stralloc_free(&x->h.body);
}

static int read_file(result *x, int fd)
{
	static input in;

	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	input_init(&in, fd);
	return header_read(&x->h, &in);
}

static int temporary(void)
{
	char name[] = "/tmp/unit.XXXXXX";
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	unlink(name);
	return fd;
}

static int read_text(result *x, char const *s, size_t n)
{
	int fd = temporary();
	int ok;

	assert_true(io_writeall(fd, s, n));
	ok = read_file(x, fd);
	close(fd);
	return ok;
}

static void cat_list(stralloc *sa, recipients const *r, recipients_list which)
{
	char const *s;
	size_t i = 0;

	while ((s = recipients_next(r, which, &i)) != 0)
		assert_true(stralloc_cats(sa, s) && stralloc_append(sa, ' '));
}

typedef struct row
{
	char const *name;
	char const *in;
	char const *text;
	char const *body;
	char const *normal, *resent;
} row;

static row const rows[] = {
	{ "nothing", "", "", "", "", "" },
	{ "no header", "\nTo: a\n", "", "\n", "", "" },
	{ "no body", "To: a@b.c", "To: a@b.c\n", "", "a@b.c ", "" },
	{ "all the recipients", "To: a\nCc: b, c\nBcc: d\nApparently-To: e\n\nx\n",
		"To: a@h.d\nCc: b@h.d, c@h.d\nApparently-To: e@h.d\n", "\n", "a@h.d c@h.d b@h.d d@h.d e@h.d ", "" },
	{ "resent", "To: a\nResent-To: b\nResent-Bcc: c\n\n", "To: a@h.d\nResent-To: b@h.d\n", "\n", "a@h.d ", "b@h.d c@h.d " },
	{ "folded", "To: a\n\t, b\nX: y\n z\n", "To: a@h.d, b@h.d\nX: y\n z\n", "", "b@h.d a@h.d ", "" },
	{ "blank line with blanks", "To: a\n \nb\n", "To: a@h.d\n", "\nb\n", "a@h.d ", "" },
	{ "no field", "To: a\nb c\n\nd\n", "To: a@h.d\n", "\nb c\n", "a@h.d ", "" },
	{ "continuation of nothing", " x\nTo: a\n", "", "\n x\n", "", "" },
	{ "From_ line", "From x\n y\nTo: a\n\n", "MBOX-Line: From x\n y\nTo: a@h.d\n", "\n", "a@h.d ", "" },
	{ "From_ line that is a field, too", "From : x\n\n", "MBOX-Line: From : x\n", "\n", "", "" },
	{ "dropped", "Content-Length: 5\nSubject: s\nReturn-Path: <q>\n\n", "Subject: s\n", "\n", "", "" },
	{ "half a recipient field", "To: a:b, c\nCc: (\n\n", "To: a:b, c\nCc: (\n", "\n", "c@h.d b@h.d ", "" },
	{ "empty address", "To: <>, a\n", "To: <>, a@h.d\n", "", "a@h.d ", "" },
	{ "CR LF", "To: a\r\nX: y\r\n\tz\rz\r\n\r\nx\r\n", "To: a@h.d\nX: y\n\tz\rz\n", "\n", "a@h.d ", "" },
	{ "CR LF, but not where the header ends", "X: y\r\nTo: a\r\n\nx\n", "X: y\r\nTo: a@h.d\n", "\n", "a@h.d ", "" },
	{ "CR LF at the end only", "To: a\nX: y\n\r\n", "To: a@h.d\nX: y\n", "\n", "a@h.d ", "" },
	{ "CR LF, no field", "X: y\r\nb c\r\n", "X: y\r\n", "\nb c\r\n", "", "" },
};

static void table(void **state)
{
	identity const id = { .user = "u" };
	stralloc sa = STRALLOC_ZERO;
	row const *r;

	(void)state;
	UNIT_EACH(r, rows) {
		result x;

		start(&x, &id);
		assert_true(read_text(&x, r->in, strlen(r->in)));
		assert_true(stralloc_0(&x.h.text) && stralloc_0(&x.h.body));
		if (strcmp(x.h.text.s, r->text) || strcmp(x.h.body.s, r->body))
			fail_msg("%s: %s---%s", r->name, x.h.text.s, x.h.body.s);
		sa.len = 0;
		cat_list(&sa, &x.r, RECIPIENTS_HEADER);
		assert_true(stralloc_append(&sa, '/'));
		cat_list(&sa, &x.r, RECIPIENTS_RESENT);
		assert_true(stralloc_0(&sa));
		if (strncmp(sa.s, r->normal, strlen(r->normal)) || sa.s[strlen(r->normal)] != '/'
		 || strcmp(sa.s + strlen(r->normal) + 1, r->resent))
			fail_msg("%s: %s", r->name, sa.s);
		end(&x);
	}
	stralloc_free(&sa);
}

/* What keeps the recipients of a field from being used, while others are. */
static void unusable(void **state)
{
	static struct { char const *in; fault_kind normal, resent; char const *field; } const cases[] = {
		{ "To: a\n", FAULT_NONE, FAULT_NONE, "" },
		{ "To:\nCc: ,\nBcc: (c)\nApparently-To: g:;\n", FAULT_NONE, FAULT_NONE, "" },
		{ "To: a:b, c\nCc: x@y>\nBcc: @r:z\n", FAULT_NONE, FAULT_NONE, "" },
		{ "To: \"\"@x\n", FAULT_NONE, FAULT_NONE, "" },
		{ "X: y\nTo: a, \"b\nCc: c\n", FAULT_LINE, FAULT_NONE, "To: a, \"b\n" },
		{ "Cc: (\n", FAULT_LINE, FAULT_NONE, "Cc: (\n" },
		{ "Bcc: a@[1\n", FAULT_LINE, FAULT_NONE, "Bcc: a@[1\n" },
		{ "Apparently-To: a, b: c\n", FAULT_LINE, FAULT_NONE, "Apparently-To: a, b: c\n" },
		{ "To: <a\n", FAULT_LINE, FAULT_NONE, "To: <a\n" },
		{ "To: a\\\n b\n", FAULT_LINE, FAULT_NONE, "To: a\\\n b\n" },
		{ "Resent-Bcc: (\nTo: a\n", FAULT_NONE, FAULT_LINE, "Resent-Bcc: (\n" },
		{ "To: a, <>\nCc: (\n", FAULT_NOBODY, FAULT_NONE, "To: a, <>\n" },
		{ "To: @x.y\n", FAULT_NOBODY, FAULT_NONE, "To: @x.y\n" },
		{ "Bcc: .\n", FAULT_NOBODY, FAULT_NONE, "Bcc: .\n" },
		{ "To: <(c)>\n", FAULT_NOBODY, FAULT_NONE, "To: <(c)>\n" },
		{ "Resent-To: <@a:>\n", FAULT_NONE, FAULT_NOBODY, "Resent-To: <@a:>\n" },
		{ "To: a\x01@b\n", FAULT_BYTE, FAULT_NONE, "To: \"a\x01\"@b.d\n" },
		{ "To: \"a\\\n b\"@c\n", FAULT_BYTE, FAULT_NONE, "To: \"a\\\n b\"@c\n" },
		{ "To: \"a\n b\"@c, \"\x01\" <d>\n", FAULT_NONE, FAULT_NONE, "" },
		{ "From: \x01\nReply-To: <>\nSender: <>\n", FAULT_NONE, FAULT_NONE, "" },
	};
	identity const id = { .user = "u" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		result x;
		fault *f;

		start(&x, &id);
		assert_true(read_text(&x, cases[i].in, strlen(cases[i].in)));
		if (x.r.trouble[RECIPIENTS_HEADER].kind != cases[i].normal || x.r.trouble[RECIPIENTS_RESENT].kind != cases[i].resent)
			fail_msg("%s", cases[i].in);
		f = &x.r.trouble[cases[i].resent ? RECIPIENTS_RESENT : RECIPIENTS_HEADER];
		assert_int_equal(x.f.kind, FAULT_NONE);
		assert_true(stralloc_0(&f->text));
		if (cases[i].normal != FAULT_BYTE)
			assert_string_equal(f->text.s, cases[i].field);
		end(&x);
	}
}

/* A NUL in an address does not cut it short. */
static void nul(void **state)
{
	identity const id = { .user = "u" };
	result x;

	(void)state;
	start(&x, &id);
	assert_true(read_text(&x, "To: a\0b@c, d\n", 13));
	assert_int_equal(x.r.trouble[RECIPIENTS_HEADER].kind, FAULT_BYTE);
	assert_int_equal(x.r.list[RECIPIENTS_HEADER].len, 6);
	end(&x);
	start(&x, &id);
	assert_false(read_text(&x, "Return-Path: a\0b@c\n", 19));
	assert_int_equal(x.f.kind, FAULT_BYTE);
	end(&x);
}

static void senders(void **state)
{
	static struct { char const *in; identity id; char const *want; int taken; } const cases[] = {
		{ "Return-Path: <a>\nReturn-Path: <b>\n", { .user = "u" }, "a@h.d", 1 },
		{ "Return-Path: a, b\n", { .user = "u" }, "b@h.d", 1 },
		{ "Return-Path: <>\n", { .user = "u" }, "", 1 },
		{ "Return-Path: <a>\n", { .user = "u", .per_recipient = 1 }, "a@h.d-@[]", 1 },
		{ "Return-Path: <a>\n", { .user = "u", .per_message = 1 }, "a@h.d", 1 },
		{ "Return-Path: <a\n", { .user = "u", .ignore_return_path = 1 }, "", 0 },
		{ "Return-Path:\n", { .user = "u" }, "", 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		result x;

		start(&x, &cases[i].id);
		assert_true(read_text(&x, cases[i].in, strlen(cases[i].in)));
		assert_true(stralloc_0(&x.sender));
		assert_string_equal(x.sender.s, cases[i].want);
		assert_int_equal(x.h.sender == 0, cases[i].taken);
		assert_int_equal(x.h.text.len, 0);
		end(&x);
	}
}

static void faults(void **state)
{
	static struct { char const *in; char const *line; } const cases[] = {
		{ "From: \"a\n b\nTo: c\n", "From: \"a\n b\n" },
		{ "To: a\nSender: (", "Sender: (\n" },
		{ "Return-Path: a>\n\n", "Return-Path: a>\n" },
		{ "Resent-From: x:y\n\n", "Resent-From: x:y\n" },
		{ "Return-Path: <a\n", "Return-Path: <a\n" },
		{ "From: a\\\n b\n", "From: a\\\n b\n" },
	};
	identity const id = { .user = "u" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		result x;

		start(&x, &id);
		assert_false(read_text(&x, cases[i].in, strlen(cases[i].in)));
		assert_int_equal(x.f.kind, FAULT_LINE);
		assert_int_equal(fault_code(&x.f), 100);
		assert_true(stralloc_0(&x.f.text));
		assert_string_equal(x.f.text.s, cases[i].line);
		end(&x);
	}
}

/* start, then one byte again and again up to n bytes in all, then rest. */
static fault_kind big(char const *first, char fill, size_t n, char const *rest)
{
	identity const id = { .user = "u" };
	char *s = malloc(n + strlen(rest));
	result x;
	fault_kind kind;

	assert_non_null(s);
	memset(s, fill, n);
	memcpy(s, first, strlen(first));
	memcpy(s + n, rest, strlen(rest));
	start(&x, &id);
	kind = read_text(&x, s, n + strlen(rest)) ? FAULT_NONE : x.f.kind;
	end(&x);
	free(s);
	return kind;
}

static void limits(void **state)
{
	(void)state;
	assert_int_equal(big("X: ", 'x', LIMIT_HEADER - 1, "\n"), FAULT_NONE);
	assert_int_equal(big("X: ", 'x', LIMIT_HEADER - 1, "\n\n"), FAULT_NONE);
	assert_int_equal(big("X: ", 'x', LIMIT_HEADER, "\n"), FAULT_HEADER_LONG);
	assert_int_equal(big("X: ", 'x', LIMIT_HEADER - 1, "\nY: z\n"), FAULT_HEADER_LONG);
	assert_int_equal(big("X: ", 'x', LIMIT_HEADER - 1, "\n z\n"), FAULT_HEADER_LONG);
	assert_int_equal(big("X: ", 'x', LIMIT_HEADER + 5, "y\nY: z\n"), FAULT_HEADER_LONG);
	assert_int_equal(big("", 'x', LIMIT_HEADER + 5, "y\nY: z\n"), FAULT_NONE);
	/* the header grows beyond its limit by what is added, not by what is read */
	assert_int_equal(big("From ", 'x', LIMIT_HEADER - 1, "\n y\n"), FAULT_HEADER_LONG);
	assert_int_equal(big("From ", 'x', LIMIT_HEADER - 1, "\nX: y\n"), FAULT_HEADER_LONG);
	assert_int_equal(big("X: ", 'x', LIMIT_HEADER - 7, "\nTo:a\nX: y\n"), FAULT_HEADER_LONG);
	assert_int_equal(big("To: ", ',', LIMIT_FIELD - 1, "\n"), FAULT_NONE);
	assert_int_equal(big("To: ", ',', LIMIT_FIELD, "\n"), FAULT_FIELD_LONG);
	assert_int_equal(big("To: ", '<', LIMIT_FIELD - 1, "\n"), FAULT_NONE);
	assert_int_equal(big("From: ", '<', LIMIT_FIELD - 2, "\n"), FAULT_LINE);
	assert_int_equal(big("Bcc: ", '<', LIMIT_FIELD - 1, "\n"), FAULT_NONE);
	/* each [] of these 4 MiB becomes []@h.d and needs more than the addresses may take */
	assert_int_equal(big("To: ", '"', LIMIT_FIELD - 2, "\n"), FAULT_RECIPIENTS_LONG);
}

/* Who reads the message about a long field knows it by its start. */
static void long_trouble(void **state)
{
	identity const id = { .user = "u" };
	static char text[5000];
	result x;

	(void)state;
	memset(text, ',', sizeof text);
	memcpy(text, "To: (", 5);
	start(&x, &id);
	assert_true(read_text(&x, text, sizeof text));
	assert_int_equal(x.r.trouble[RECIPIENTS_HEADER].kind, FAULT_LINE);
	assert_int_equal(x.r.trouble[RECIPIENTS_HEADER].text.len, 4096);
	end(&x);
}

/* The fields that are missing. */
static void composed(void **state)
{
	static struct { char const *in; identity id; char const *want; } const cases[] = {
		{ "", { .user = "u", .now = 0, .pid = 7 }, "Date: 1 Jan 1970 00:00:00 -0000\n"
			"Message-ID: <19700101000000.7000000000.qmail@id>\nFrom: u@h.d\nCc: recipient list not shown: ;\n" },
		{ "Date: x\nMessage-ID: x\nFrom: x\nTo: x\n", { .user = "u" }, "" },
		{ "From: x\nMessage-ID: y\nDate: x\nCc:\n", { .user = "u", .replace_from = 1, .replace_message_id = 1, .pid = 7 },
			"Message-ID: <19700101000000.7000000000.qmail@id>\nFrom: u@h.d\n" },
		{ "Resent-Date: x\nTo: x\n", { .user = "u", .pid = 7 },
			"Resent-Message-ID: <19700101000000.7000000000.qmail@id>\nResent-From: u@h.d\nResent-Cc: recipient list not shown: ;\n" },
		{ "Date: x\nMessage-ID: x\nFrom: x\nTo: LIST@l.x, a\nCc: b\n", { .user = "u" },
			"Mail-Followup-To: b@h.d,\n  LIST@l.x,\n  a@h.d\n" },
		{ "Date: x\nMessage-ID: x\nFrom: x\nTo: list@l.x\nMail-Followup-To:\n", { .user = "u" }, "" },
		{ "Date: x\nMessage-ID: x\nFrom: x\nTo: a\nBcc: list@l.x\n", { .user = "u" }, "" },
	};
	stralloc sa = STRALLOC_ZERO;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		result x;

		sa.len = 0;
		start(&x, &cases[i].id);
		assert_true(read_text(&x, cases[i].in, strlen(cases[i].in)));
		assert_true(compose_header(&sa, &x.h) && stralloc_0(&sa));
		assert_string_equal(sa.s, cases[i].want);
		end(&x);
	}
	sa.len = 0;
	assert_true(compose_return_path(&sa, "") && compose_return_path(&sa, "a b") && compose_return_path(&sa, "a b@c"));
	assert_true(stralloc_0(&sa));
	assert_string_equal(sa.s, "Return-Path: <>\nReturn-Path: <\"a b\">\nReturn-Path: <\"a b\"@c>\n");
	stralloc_free(&sa);
}

static int setup(void **state)
{
	(void)state;
	rules.lists.n = 1;
	return io_start()
		&& complete_host_set(&rules.rules.defaulthost, '@', "h", 1) == TOKEN822_OK
		&& complete_host_set(&rules.rules.defaultdomain, '.', "d", 1) == TOKEN822_OK
		&& complete_host_set(&rules.rules.plusdomain, '.', "p", 1) == TOKEN822_OK
		&& stralloc_copys(&rules.idhost, "id")
		&& stralloc_copyb(&rules.lists.entries, "list@l.x", 9)
		&& stralloc_copyb(&rules.lists.lines, (char const *)&(size_t){ 1 }, sizeof (size_t))
		&& constmap_set(&rules.list_map, &rules.lists) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	complete_free(&rules.rules);
	stralloc_free(&rules.idhost);
	constmap_free(&rules.list_map);
	control_list_free(&rules.lists);
	return 0;
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(unusable),
		cmocka_unit_test(nul),
		cmocka_unit_test(senders),
		cmocka_unit_test(faults),
		cmocka_unit_test(limits),
		cmocka_unit_test(long_trouble),
		cmocka_unit_test(composed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
