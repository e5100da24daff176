/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "remote/client.h"
#include "remote/report.h"

typedef struct row
{
	char const *name;
	char const *replies;    /* all that the server will ever say */
	char const *reports;    /* a NUL shown as | */
	char const *unsure;
} row;

#define HELLO "220 hi\r\n250 hi\r\n"
#define UP_TO_DOT HELLO "250 s\r\n250 r\r\n354 go\r\n"
#define SAID ".\nRemote host said: "
#define DIED "ZConnected to 192.0.2.9 but connection died. "

static row const rows[] = {
	{ "accepted", UP_TO_DOT "250 ok\r\n", "r|K192.0.2.9 accepted message" SAID "250 ok\n|", 0 },
	{ "251 to the dot", UP_TO_DOT "251 ok\r\n", "r|K192.0.2.9 accepted message" SAID "251 ok\n|", 0 },
	{ "greeting of another kind", "250 hi\r\n", "ZConnected to 192.0.2.9 but greeting failed" SAID "250 hi\n|", 0 },
	{ "refused greeting is for now", "554 no\r\n", "ZConnected to 192.0.2.9 but greeting failed" SAID "554 no\n|", 0 },
	{ "refused HELO is for now", "220 hi\r\n550 no\r\n", "ZConnected to 192.0.2.9 but my name was rejected" SAID "550 no\n|", 0 },
	{ "refused sender", HELLO "550 no\r\n", "DConnected to 192.0.2.9 but sender was rejected" SAID "550 no\n|", 0 },
	{ "refused sender, for now", HELLO "450 no\r\n", "ZConnected to 192.0.2.9 but sender was rejected" SAID "450 no\n|", 0 },
	{ "refused recipient", HELLO "250 s\r\n550 no\r\n",
		"h192.0.2.9 does not like recipient" SAID "550 no\n|DGiving up on 192.0.2.9.\n|", 0 },
	{ "refused recipient of a relay that wants a password", HELLO "250 s\r\n550 no\r\n",
		"s192.0.2.9 does not like recipient.\nlog in!\nRemote host said: 550 no\n|ZGiving up on 192.0.2.9.\n|", "log in!\n" },
	{ "refused data", HELLO "250 s\r\n250 r\r\n554 no\r\n", "r|D192.0.2.9 failed on DATA command" SAID "554 no\n|", 0 },
	{ "refused message", UP_TO_DOT "554 no\r\n", "r|D192.0.2.9 failed after I sent the message" SAID "554 no\n|", 0 },
	{ "refused message, for now", UP_TO_DOT "452 no\r\n", "r|Z192.0.2.9 failed after I sent the message" SAID "452 no\n|", 0 },

	/* one reply too many: from there on each stands for the command before */
	{ "out of step", HELLO "250 s\r\n250 s again\r\n250 r\r\n354 go\r\n",
		"r|Z192.0.2.9 failed on DATA command" SAID "250 r\n|", 0 },
	{ "354 to the dot", UP_TO_DOT "354 go\r\n", "r|Z192.0.2.9 failed after I sent the message" SAID "354 go\n|", 0 },
	{ "1xx to a recipient", HELLO "250 s\r\n199 r\r\n", "s192.0.2.9 does not like recipient" SAID "199 r\n|DGiving up on 192.0.2.9.\n|", 0 },
	{ "3xx to the sender", HELLO "354 s\r\n", "ZConnected to 192.0.2.9 but sender was rejected" SAID "354 s\n|", 0 },
	{ "2xx to DATA", HELLO "250 s\r\n250 r\r\n250 go\r\n250 ok\r\n", "r|Z192.0.2.9 failed on DATA command" SAID "250 go\n|", 0 },
	{ "several lines of 2xx to DATA", HELLO "250 s\r\n250 r\r\n250-go\r\n250 on\r\n250 ok\r\n",
		"r|K192.0.2.9 accepted message" SAID "250 ok\n|", 0 },
	{ "399 to DATA", HELLO "250 s\r\n250 r\r\n399 go\r\n250 ok\r\n", "r|K192.0.2.9 accepted message" SAID "250 ok\n|", 0 },
	{ "600 to the sender", HELLO "600 s\r\n", "ZConnected to 192.0.2.9 but sender was rejected" SAID "600 s\n|", 0 },
	{ "999 to a recipient", HELLO "250 s\r\n999 r\r\n", "s192.0.2.9 does not like recipient" SAID "999 r\n|DGiving up on 192.0.2.9.\n|", 0 },
	{ "600 to the dot", UP_TO_DOT "600 x\r\n", "r|Z192.0.2.9 failed after I sent the message" SAID "600 x\n|", 0 },
	{ "000 to the dot", UP_TO_DOT "000 ok\r\n", "r|Z192.0.2.9 failed after I sent the message" SAID "000 ok\n|", 0 },
	{ "199 to the dot", UP_TO_DOT "199 ok\r\n", "r|Z192.0.2.9 failed after I sent the message" SAID "199 ok\n|", 0 },
	{ "300 to the dot", UP_TO_DOT "300 ok\r\n", "r|Z192.0.2.9 failed after I sent the message" SAID "300 ok\n|", 0 },
	{ "no number for the sender", HELLO "what?\r\n", "ZConnected to 192.0.2.9 but sender was rejected" SAID "what?\n|", 0 },
	{ "no number for the message", UP_TO_DOT "what?\r\n", "r|Z192.0.2.9 failed after I sent the message" SAID "what?\n|", 0 },

	{ "gone at once", "", DIED "(#4.4.2)\n|", 0 },
	{ "gone after the sender", HELLO "250 s\r\n", DIED "(#4.4.2)\n|", 0 },
	{ "gone before data", HELLO "250 s\r\n250 r\r\n", "r|" DIED "(#4.4.2)\n|", 0 },
	{ "gone with the message", UP_TO_DOT, "r|" DIED "Possible duplicate! (#4.4.2)\n|", 0 },
	{ "gone in the middle of the last reply", UP_TO_DOT "250-ok\r\n250 o", "r|" DIED "Possible duplicate! (#4.4.2)\n|", 0 },
};

static int file_with(char const *text)
{
	FILE *f = tmpfile();
	int fd;

	assert_non_null(f);
	fd = dup(fileno(f));
	fclose(f);
	assert_true(fd >= 0 && io_writeall(fd, text, strlen(text)) && lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

/* Descriptor 1 is where reports go: for one delivery it is a file of ours. */
static size_t reports_of(client_job const *job, char *buf, size_t room)
{
	int out = file_with("");
	int saved = dup(1);
	ssize_t n;

	fflush(stdout);
	dup2(out, 1);
	if (client_deliver(job) == CLIENT_ELSEWHERE)
		report_flush();
	dup2(saved, 1);
	close(saved);
	n = pread(out, buf, room - 1, 0);
	close(out);
	assert_true(n >= 0);
	buf[n] = 0;
	return (size_t)n;
}

static void dialogue(row const *r)
{
	static char const *const to[] = { "r@h.example", 0 };
	stralloc helo = STRALLOC_ZERO;
	client_job job = { .ip = "192.0.2.9", .helohost = &helo, .sender = "s@h.example", .recipients = to, .n = 1,
		.timeout = 20, .patience = 20, .note = "", .unsure = r->unsure };
	char buf[4096];
	size_t n;
	size_t i;
	int s[2];

	assert_true(stralloc_copys(&helo, "me.example"));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	assert_true(io_writeall(s[1], r->replies, strlen(r->replies)));
	shutdown(s[1], SHUT_WR);
	job.fd = s[0];
	job.message = file_with("Subject: t\n\nbody\n");
	client_limit(&job);
	n = reports_of(&job, buf, sizeof buf);
	for (i = 0; i < n; i++)
		if (!buf[i])
			buf[i] = '|';
	close(job.message);
	close(s[0]);
	close(s[1]);
	stralloc_free(&helo);
	if (strcmp(buf, r->reports) != 0)
		fail_msg("%s: %s", r->name, buf);
}

static void dialogues(void **state)
{
	row const *r;

	(void)state;
	assert_true(io_start());
	UNIT_EACH(r, rows)
		dialogue(r);
}

/* Before HELO is answered a host can be left for another one, and its report with it; later on it cannot. */
static void elsewhere(void **state)
{
	static char const *const to[] = { "r@h.example", 0 };
	static struct { char const *replies; client_result want; } const turned[] = {
		{ "", CLIENT_ELSEWHERE },
		{ "421 busy\r\n", CLIENT_ELSEWHERE },
		{ "554 no\r\n", CLIENT_ELSEWHERE },
		{ "220 hi\r\n", CLIENT_ELSEWHERE },
		{ "220 hi\r\n421 busy\r\n", CLIENT_ELSEWHERE },
		{ "220 hi\r\n550 no\r\n", CLIENT_ELSEWHERE },
		{ HELLO, CLIENT_OVER },
		{ HELLO "421 busy\r\n", CLIENT_OVER },
		{ UP_TO_DOT, CLIENT_OVER },
		{ UP_TO_DOT "250 ok\r\n", CLIENT_OVER },
	};
	stralloc helo = STRALLOC_ZERO;
	size_t i;

	(void)state;
	assert_true(stralloc_copys(&helo, "me.example"));
	for (i = 0; i < sizeof turned / sizeof turned[0]; i++) {
		client_job job = { .ip = "192.0.2.9", .helohost = &helo, .sender = "s@h.example", .recipients = to, .n = 1,
			.timeout = 20, .patience = 20, .note = "", .unsure = 0 };
		int out = file_with("");
		int saved = dup(1);
		int s[2];
		client_result got;

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
		assert_true(io_writeall(s[1], turned[i].replies, strlen(turned[i].replies)));
		shutdown(s[1], SHUT_WR);
		job.fd = s[0];
		job.message = file_with("Subject: t\n\nbody\n");
		client_limit(&job);
		fflush(stdout);
		dup2(out, 1);
		got = client_deliver(&job);
		report_drop();
		report_flush();
		dup2(saved, 1);
		close(saved);
		assert_int_equal(got, turned[i].want);
		assert_int_equal(lseek(out, 0, SEEK_END) > 0, got == CLIENT_OVER);
		assert_int_equal(lseek(job.message, 0, SEEK_CUR) > 0, i >= 8);
		close(out);
		close(job.message);
		close(s[0]);
		close(s[1]);
	}
	stralloc_free(&helo);
}

/* A host that says nothing is left sooner than one that has taken our name. */
static void patience(void **state)
{
	static char const *const to[] = { "r@h.example", 0 };
	stralloc helo = STRALLOC_ZERO;
	client_job job = { .ip = "192.0.2.9", .helohost = &helo, .sender = "s@h.example", .recipients = to, .n = 1,
		.timeout = 30, .patience = 1, .note = "" };
	tain early;
	tain late;
	int s[2];

	(void)state;
	assert_true(io_start() && stralloc_copys(&helo, "me.example"));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	job.fd = s[0];
	job.message = file_with("x\n");
	client_limit(&job);
	io_deadline(&early, 1);
	io_deadline(&late, 5);
	assert_int_equal(client_deliver(&job), CLIENT_ELSEWHERE);
	report_drop();
	tain_now_g();
	assert_true(!tain_future(&early) && tain_future(&late));
	close(job.message);
	close(s[0]);
	close(s[1]);
	stralloc_free(&helo);
}

/* Ten timeouts, one for each recipient, and a second for each 1000 bytes; and nothing overflows. */
static void limits(void **state)
{
	static struct { unsigned int timeout; size_t n; off_t size; unsigned int seconds; } const cases[] = {
		{ 1200, 1, 0, 13200 },
		{ 1, 1, 999, 11 },
		{ 1, 3, 5000000, 13 + 5000 },
		{ 100000000, 100000, 0, INT32_MAX },
	};
	size_t i;

	(void)state;
	assert_true(io_start());
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		client_job job = { .message = file_with(""), .n = cases[i].n, .timeout = cases[i].timeout };
		tain early;
		tain late;

		assert_int_equal(ftruncate(job.message, cases[i].size), 0);
		io_deadline(&early, cases[i].seconds - 1);
		client_limit(&job);
		io_deadline(&late, cases[i].seconds);
		assert_true(tain_less(&early, &job.end) && !tain_less(&late, &job.end));
		close(job.message);
	}
}

/* ---- another message over the same session */

/* Answers each command, and the end of each message, with the next line of s; nothing more: hangs up. */
static void serve(int fd, char const *s)
{
	char last[5] = "";
	int in_message = 0;
	char c;

	while (*s) {
		size_t n = strcspn(s, "\n") + 1;

		assert_true(io_writeall(fd, s, n));
		in_message = *s == '3';
		s += n;
		for (;;) {
			if (read(fd, &c, 1) != 1)
				return;
			memmove(last, last + 1, sizeof last - 1);
			last[sizeof last - 1] = c;
			if (in_message ? !memcmp(last, "\r\n.\r\n", sizeof last) : c == '\n')
				break;
		}
	}
}

#define TWO "220 hi\r\n250 hi\r\n250 s\r\n250 r\r\n354 go\r\n250 ok\r\n"
#define K(said) "K192.0.2.9 accepted message" SAID said "\n|"

typedef struct again_row
{
	char const *name;
	char const *replies;
	unsigned int keep;      /* for the second message */
	client_result want;
	char const *reports;
} again_row;

static again_row const again_rows[] = {
	{ "taken", TWO "250 s\r\n250 r\r\n250 r\r\n354 go\r\n250 two\r\n", 1, CLIENT_KEPT, "r|r|" K("250 two") },
	{ "taken, the last one", TWO "250 s\r\n250 r\r\n250 r\r\n354 go\r\n250 two\r\n", 0, CLIENT_OVER, "r|r|" K("250 two") },
	{ "gone at MAIL", TWO, 1, CLIENT_ELSEWHERE, "" },
	{ "closing", TWO "421 enough\r\n", 1, CLIENT_ELSEWHERE, "" },
	{ "the sender refused", TWO "550 no\r\n", 1, CLIENT_ELSEWHERE, "" },
	{ "a recipient refused", TWO "250 s\r\n250 r\r\n550 r\r\n", 1, CLIENT_ELSEWHERE, "" },
	{ "a recipient refused for now", TWO "250 s\r\n450 r\r\n", 1, CLIENT_ELSEWHERE, "" },
	{ "gone at RCPT", TWO "250 s\r\n250 r\r\n", 1, CLIENT_ELSEWHERE, "" },
	{ "data refused", TWO "250 s\r\n250 r\r\n250 r\r\n554 no\r\n", 1, CLIENT_ELSEWHERE, "" },
	{ "gone at DATA", TWO "250 s\r\n250 r\r\n250 r\r\n", 1, CLIENT_ELSEWHERE, "" },
	{ "the message refused", TWO "250 s\r\n250 r\r\n250 r\r\n354 go\r\n554 no\r\n", 1, CLIENT_ELSEWHERE, "" },
	{ "gone with the message", TWO "250 s\r\n250 r\r\n250 r\r\n354 go\r\n", 1, CLIENT_OVER,
		"r|r|" DIED "Possible duplicate! (#4.4.2)\n|" },
};

static void again_row_test(again_row const *r)
{
	static char const *const to[] = { "r@h.example", "q@h.example", 0 };
	stralloc helo = STRALLOC_ZERO;
	client_job job = { .ip = "192.0.2.9", .helohost = &helo, .sender = "s@h.example", .recipients = to, .n = 1,
		.timeout = 20, .patience = 20, .note = "", .keep = 1 };
	int out = file_with("");
	int saved = dup(1);
	client_result first;
	client_result got = CLIENT_ELSEWHERE;
	char buf[4096];
	ssize_t n;
	off_t at;
	pid_t pid;
	int s[2];

	assert_true(stralloc_copys(&helo, "me.example"));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(s[0]);
		serve(s[1], r->replies);
		_exit(0);
	}
	close(s[1]);
	job.fd = s[0];
	job.message = file_with("Subject: t\n\nbody\n");
	client_limit(&job);
	fflush(stdout);
	dup2(out, 1);
	first = client_deliver(&job);
	at = lseek(out, 0, SEEK_CUR);
	if (first == CLIENT_KEPT) {
		lseek(job.message, 0, SEEK_SET);
		job.n = 2;
		job.keep = r->keep;
		got = client_again(&job);
		report_flush();
	}
	dup2(saved, 1);
	close(saved);
	assert_int_equal(first, CLIENT_KEPT);
	n = pread(out, buf, sizeof buf - 1, at);
	assert_true(n >= 0);
	buf[n] = 0;
	while (n-- > 0)
		if (!buf[n])
			buf[n] = '|';
	if (strcmp(buf, r->reports) != 0 || got != r->want)
		fail_msg("%s: %d %s", r->name, got, buf);
	if (got == CLIENT_KEPT)
		client_quit();
	close(out);
	close(job.message);
	close(s[0]);
	assert_int_equal(waitpid(pid, 0, 0), pid);
	stralloc_free(&helo);
}

static void again(void **state)
{
	again_row const *r;

	(void)state;
	assert_true(io_start());
	UNIT_EACH(r, again_rows)
		again_row_test(r);
}

/* A session is not kept for nothing, after a refusal, or when the server says more than it was asked. */
static void not_kept(void **state)
{
	static char const *const to[] = { "r@h.example", 0 };
	static struct { char const *replies; unsigned int keep; client_result want; } const cases[] = {
		{ UP_TO_DOT "250 ok\r\n", 2, CLIENT_KEPT },
		{ UP_TO_DOT "250 ok\r\n", 0, CLIENT_OVER },
		{ UP_TO_DOT "250 ok\r\n421 bye\r\n", 2, CLIENT_OVER },
		{ UP_TO_DOT "450 no\r\n", 2, CLIENT_OVER },
		{ HELLO "250 s\r\n550 no\r\n", 2, CLIENT_OVER },
	};
	stralloc helo = STRALLOC_ZERO;
	size_t i;

	(void)state;
	assert_true(stralloc_copys(&helo, "me.example"));
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		client_job job = { .ip = "192.0.2.9", .helohost = &helo, .sender = "s@h.example", .recipients = to, .n = 1,
			.timeout = 20, .patience = 20, .note = "", .keep = cases[i].keep };
		int out = file_with("");
		int saved = dup(1);
		client_result got;
		int s[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
		assert_true(io_writeall(s[1], cases[i].replies, strlen(cases[i].replies)));
		job.fd = s[0];
		job.message = file_with("Subject: t\n\nbody\n");
		client_limit(&job);
		fflush(stdout);
		dup2(out, 1);
		got = client_deliver(&job);
		dup2(saved, 1);
		close(saved);
		assert_int_equal(got, cases[i].want);
		close(out);
		close(job.message);
		close(s[0]);
		close(s[1]);
	}
	stralloc_free(&helo);
}

static void addresses(void **state)
{
	(void)state;
	assert_true(client_address_ok(""));
	assert_true(client_address_ok("a\tb\\@\xff"));
	assert_false(client_address_ok("a\rb@h"));
	assert_false(client_address_ok("a@h\n"));
}

int main(void)
{
	static struct CMUnitTest const tests[] = { cmocka_unit_test(dialogues), cmocka_unit_test(elsewhere),
		cmocka_unit_test(patience), cmocka_unit_test(limits), cmocka_unit_test(again), cmocka_unit_test(not_kept),
		cmocka_unit_test(addresses) };

	return cmocka_run_group_tests(tests, 0, 0);
}
