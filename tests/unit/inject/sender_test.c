/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "inject/recipients.h"
#include "inject/sender.h"

static complete_rules rules = COMPLETE_RULES_ZERO;

static void from_fields(void **state)
{
	static struct row { identity id; char const *want; } const rows[] = {
		{ { .user = "joe" }, "From: joe@h.d\n" },
		{ { .user = "joe", .host = "x" }, "From: joe@x.d\n" },
		{ { .user = "joe", .host = "x.y" }, "From: joe@x.y\n" },
		{ { .user = "joe", .host = "x+" }, "From: joe@x.p\n" },
		{ { .user = "joe", .host = "" }, "From: joe@h.d\n" },
		{ { .user = "joe", .host = "x y" }, "From: joe@x.d, y@h.d\n" },
		{ { .user = "joe", .host = "[1.2.3.4]" }, "From: joe@\\[1.2.3.\"4\\]\"\n" },
		{ { .user = "joe b" }, "From: \"joe b\"@h.d\n" },
		{ { .user = "" }, "From: \"\"@h.d\n" },
		{ { .user = "joe", .name = "Joe" }, "From: \"Joe\" <joe@h.d>\n" },
		{ { .user = "joe", .name = "" }, "From: \"\" <joe@h.d>\n" },
		{ { .user = "joe", .name = "J \"x\" \\ (y)" }, "From: \"J \\\"x\\\" \\\\ \\(y\\)\" <joe@h.d>\n" },
		{ { .user = "joe", .name = "J (x", .name_in_comment = 1 }, "From: joe@h.d (J \\(x)\n" },
		{ { .user = "joe", .name = "J\nBcc: all\r\n" }, "From: \"J Bcc: all  \" <joe@h.d>\n" },
		{ { .user = "joe", .name_in_comment = 1 }, "From: joe@h.d\n" },
	};
	struct row const *r;
	stralloc sa = STRALLOC_ZERO;
	fault f = FAULT_ZERO;

	(void)state;
	UNIT_EACH(r, rows) {
		sa.len = 0;
		assert_true(sender_from(&sa, &r->id, &rules, &f) && stralloc_0(&sa));
		assert_string_equal(sa.s, r->want);
	}
	stralloc_free(&sa);
}

static void default_senders(void **state)
{
	static struct row { identity id; char const *want; } const rows[] = {
		{ { .sender_user = "joe" }, "joe@h.d" },
		{ { .sender_user = "joe", .sender_host = "x" }, "joe@x.d" },
		{ { .sender_user = "" }, "@h.d" },
		{ { .sender_user = "a \"b\"@c" }, "a \"b\"@c@h.d" },
		{ { .sender_user = "joe", .sender_host = "x y" }, "y@h.d" },
		{ { .sender_user = "joe", .per_recipient = 1 }, "joe-@h.d-@[]" },
		{ { .sender_user = "joe", .per_message = 1, .now = 1700000000, .pid = 12 }, "joe-1700000000.12@h.d" },
		{ { .sender_user = "joe", .per_message = 1, .per_recipient = 1, .now = 5, .pid = 12 }, "joe-5.12-@h.d-@[]" },
	};
	struct row const *r;
	stralloc sa = STRALLOC_ZERO;
	fault f = FAULT_ZERO;

	(void)state;
	UNIT_EACH(r, rows) {
		sa.len = 0;
		assert_true(sender_default(&sa, &r->id, &rules, &f) && stralloc_0(&sa));
		assert_string_equal(sa.s, r->want);
	}
	stralloc_free(&sa);
}

static void unparsable(void **state)
{
	identity const id = { .user = "joe", .host = "x>", .sender_user = "joe", .sender_host = "x>" };
	stralloc sa = STRALLOC_ZERO;
	fault f = FAULT_ZERO;

	(void)state;
	assert_false(sender_from(&sa, &id, &rules, &f));
	assert_int_equal(f.kind, FAULT_LINE);
	assert_int_equal(f.text.len, 13);
	assert_memory_equal(f.text.s, "From: joe@x>\n", 13);
	stralloc_free(&sa);
	stralloc_free(&f.text);
}

static void environment(void **state)
{
	identity id;

	(void)state;
	clearenv();
	identity_read(&id);
	assert_string_equal(id.user, "anonymous");
	assert_string_equal(id.sender_user, "anonymous");
	assert_null(id.host);
	assert_null(id.sender_host);
	assert_null(id.name);
	assert_true(id.now > 0 && id.pid > 0);
	assert_false(id.per_message);
	setenv("LOGNAME", "l", 1);
	setenv("NAME", "n", 1);
	setenv("MAILHOST", "mh", 1);
	identity_read(&id);
	assert_string_equal(id.user, "l");
	assert_string_equal(id.sender_host, "mh");
	assert_true(id.nanoseconds >= 0 && id.nanoseconds < 1000000000);
	setenv("USER", "", 1);
	setenv("QMAILSUSER", "", 1);
	setenv("MAILNAME", "mn", 1);
	setenv("QMAILHOST", "qh", 1);
	setenv("QMAILSHOST", "qs", 1);
	setenv("QMAILINJECT", "x csfirm", 1);
	identity_read(&id);
	assert_string_equal(id.user, "l");
	assert_string_equal(id.sender_user, "l");
	assert_string_equal(id.name, "mn");
	assert_string_equal(id.host, "qh");
	assert_string_equal(id.sender_host, "qs");
	assert_true(id.name_in_comment && id.ignore_return_path && id.replace_from && id.replace_message_id
		&& id.per_recipient && id.per_message);
	setenv("MAILUSER", "mu", 1);
	identity_read(&id);
	assert_string_equal(id.user, "mu");
	setenv("QMAILUSER", "qu", 1);
	setenv("QMAILSUSER", "qsu", 1);
	setenv("QMAILNAME", "qn", 1);
	identity_read(&id);
	assert_string_equal(id.user, "qu");
	assert_string_equal(id.sender_user, "qsu");
	assert_string_equal(id.name, "qn");
}

/* What is wrong is said of the variable that it comes from. */
static void checked(void **state)
{
	static struct row { char const *variable; char const *value; char const *want; } const rows[] = {
		{ "USER", "joe", 0 },
		{ "QMAILHOST", "", 0 },
		{ "QMAILSHOST", "h+", 0 },
		{ "MAILHOST", "h>", 0 },
		{ "USER", "joe b", 0 },
		{ "MAILHOST", "h i", "MAILHOST does not hold a host name: h i (set" },
		{ "QMAILHOST", "h\ti", "QMAILHOST does not hold a host name: h\ti (set" },
		{ "QMAILSHOST", " ", "QMAILSHOST does not hold a host name:   (set" },
		{ "LOGNAME", "j\no", "LOGNAME has a control character in it: j o (set" },
		{ "QMAILUSER", "j\x01", "QMAILUSER has a control character in it: j\x01 (set" },
		{ "QMAILSUSER", "\r", "QMAILSUSER has a control character in it:   (set" },
	};
	struct row const *r;

	(void)state;
	UNIT_EACH(r, rows) {
		identity id;
		fault f = FAULT_ZERO;

		clearenv();
		setenv(r->variable, r->value, 1);
		identity_read(&id);
		assert_int_equal(identity_check(&id, &f), r->want == 0);
		if (r->want) {
			assert_int_equal(f.kind, FAULT_VARIABLE);
			assert_true(f.text.len > strlen(r->want));
			assert_memory_equal(f.text.s, r->want, strlen(r->want));
		}
		stralloc_free(&f.text);
	}
}

static void arguments(void **state)
{
	static struct row { char const *in; char const *want; } const rows[] = {
		{ "", "" },
		{ "a", "a@h.d" },
		{ "a b", "a b@h.d" },
		{ "a b@x.y", "a b@x.y" },
		{ "\"a b\"@x.y", "\"a b\"@x.y" },
		{ "<a@x.y>", "a@x.y" },
		{ "Ann B. <a b@x>", "a b@x.d" },
		{ "<>", "" },
		{ "a<b>c@x", "a<b>c@x.d" },
		{ "a@b@x.y", "a@b@x.y" },
		{ "@x.y", "@x.y" },
		{ "a@h+", "a@h.p" },
		{ "a@x(c)", "a@x.d" },
		{ "#@[]", "#@[]" },
		{ "a,b@x.y", "a,b@x.y" },
	};
	static char const *const bad[] = { "<a@x", "a@x>", "<<a@x>>", "a@x>y", "a@x<y", "a@x y", "a@x y.z", "a\nb@x", "a@x\n", "a\tb",
		"\x01@x", "<a\n>" };
	struct row const *r;
	char const *const *s;
	stralloc sa = STRALLOC_ZERO;
	fault f = FAULT_ZERO;

	(void)state;
	UNIT_EACH(r, rows) {
		sa.len = 0;
		assert_true(recipients_argument(&sa, r->in, &rules, FAULT_ADDRESS, &f) && stralloc_0(&sa));
		assert_string_equal(sa.s, r->want);
	}
	UNIT_EACH(s, bad) {
		if (recipients_argument(&sa, *s, &rules, FAULT_ADDRESS, &f))
			fail_msg("%s", *s);
		assert_int_equal(f.kind, FAULT_ADDRESS);
		f.kind = FAULT_NONE;
	}
	assert_false(recipients_argument(&sa, "a b@x(y", &rules, FAULT_ADDRESS, &f));
	assert_int_equal(f.kind, FAULT_ADDRESS);
	assert_int_equal(f.text.len, 7);
	f.kind = FAULT_NONE;
	assert_false(recipients_argument(&sa, "a b@x(y", &rules, FAULT_LINE, &f));
	assert_int_equal(f.kind, FAULT_LINE);
	assert_int_equal(f.text.len, 9);
	stralloc_free(&sa);
	stralloc_free(&f.text);
}

static int setup(void **state)
{
	(void)state;
	return complete_host_set(&rules.defaulthost, '@', "h", 1) == TOKEN822_OK
		&& complete_host_set(&rules.defaultdomain, '.', "d", 1) == TOKEN822_OK
		&& complete_host_set(&rules.plusdomain, '.', "p", 1) == TOKEN822_OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	complete_free(&rules);
	return 0;
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(from_fields),
		cmocka_unit_test(default_senders),
		cmocka_unit_test(unparsable),
		cmocka_unit_test(environment),
		cmocka_unit_test(checked),
		cmocka_unit_test(arguments),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
