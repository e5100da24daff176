/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "base/conf.h"
#include "send/bounce.h"
#include "send/controls.h"
#include "send/injector.h"
#include "send/queuefile.h"

static char dir[] = "/tmp/bounce_test.XXXXXX";
static char program[64];
static char copy[64];
static int log_fd;

/* A queue program that keeps what it gets. */
static int script(char const *body)
{
	static char text[256];
	size_t n = 0;
	char const *parts[] = { "#!/bin/sh\n", body, "\n" };
	size_t i;

	for (i = 0; i < 3; i++) {
		memcpy(text + n, parts[i], strlen(parts[i]));
		n += strlen(parts[i]);
	}
	unlink(program);
	return openwritenclose_unsafe(program, text, n) && chmod(program, 0755) == 0;
}

static int put(char const *name, char const *text)
{
	return openwritenclose_unsafe(name, text, strlen(text));
}

static int set_up(void **state)
{
	int l[2];

	(void)state;
	if (!mkdtemp(dir) || chdir(dir) < 0 || chmod(dir, 0755) < 0)
		return -1;
	if (mkdir("mess", 0755) < 0 || mkdir("mess/0", 0755) < 0 || mkdir("bounce", 0755) < 0 || !queuefile_detect())
		return -1;
	memcpy(program, dir, sizeof dir - 1);
	memcpy(program + sizeof dir - 1, "/q", 3);
	memcpy(copy, dir, sizeof dir - 1);
	memcpy(copy + sizeof dir - 1, "/copy", 6);
	setenv("QMAILQUEUE", program, 1);
	setenv("COPY", copy, 1);
	stralloc_copys(&controls.bouncefrom, "MAILER-DAEMON");
	stralloc_copys(&controls.bouncehost, "h");
	if (pipe(l) < 0 || dup2(l[1], 0) < 0)
		return -1;
	log_fd = l[0];
	return injector_start(0) ? fcntl(log_fd, F_SETFL, O_NONBLOCK) : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return chdir("/") == 0 && rm_rf(dir) == 0 ? 0 : -1;
}

static struct { int ok; unsigned int times; } end;

static void ended(uint64_t id, int ok, int64_t now)
{
	(void)now;
	assert_int_equal(id, 5);
	end.ok = ok;
	end.times++;
}

/* Turns, from the time now on, until the bounce is over. */
static void run(int64_t now)
{
	turn t;

	while (bounce_busy()) {
		turn_start(&t);
		bounce_selprep(&t);
		poll(t.fds, t.n, 5000);
		t.now = now;
		bounce_do(&t);
	}
}

static char const *letter(void)
{
	static stralloc sa = STRALLOC_ZERO;

	sa.len = 0;
	assert_true(openslurpclose(&sa, copy) && stralloc_0(&sa));
	return sa.s;
}

static void send_one(int ok)
{
	end.times = 0;
	unlink(copy);
	assert_true(put("bounce/5", "<a@b>:\nno\n\n"));
	bounce_inject(5, "s@x", 3, ended, 1000);
	assert_int_equal(bounce_busy(), ok);
	run(1001);
	assert_int_equal(end.times, 1);
	assert_int_equal(end.ok, ok);
	assert_int_equal(access("bounce/5", F_OK), ok ? -1 : 0);
}

static void how_much_of_the_message(void **state)
{
	static struct row { char const *name; unsigned int max; char const *mess; char const *tail; } const rows[] = {
		{ "no limit", 0, "Subject: x\n\nbody", ">\nSubject: x\n\nbody" },
		{ "more than there is", 17, "Subject: x\n\nbody", ">\nSubject: x\n\nbody" },
		{ "as much as there is", 16, "Subject: x\n\nbody", ">\nSubject: x\n\nbody" },
		{ "less", 15, "Subject: x\n\nbody", ">\nSubject: x\n\nbod\n--- The message was longer: 16 bytes in all.\n" },
		{ "one byte", 1, "ab", ">\na\n--- The message was longer: 2 bytes in all.\n" },
		{ "empty", 1, "", ">\n" },
		{ "missing", 0, 0, ">\n\n--- The text of the message is lost: there is no copy of it in the queue.\n" },
	};
	struct row const *c;

	(void)state;
	if (access(conf_home, X_OK) < 0)
		skip();
	assert_true(script("cat > \"$COPY\"; cat <&1 >/dev/null"));
	UNIT_EACH (c, rows) {
		char const *s;

		print_message("%s\n", c->name);
		controls.bouncemaxbytes = c->max;
		assert_true(injector_start(0));
		unlink("mess/0/5");
		assert_true(!c->mess || put("mess/0/5", c->mess));
		send_one(1);
		s = letter();
		assert_true(strlen(s) > strlen(c->tail));
		assert_string_equal(s + strlen(s) - strlen(c->tail), c->tail);
		assert_non_null(strstr(s, "\n<a@b>:\nno\n\n--- Below this line"));
	}
}

/* A fifo or a link is not the message, but may stand for it: nothing is sent and nothing removed. */
static void odd_message(void **state)
{
	(void)state;
	if (access(conf_home, X_OK) < 0)
		skip();
	unlink("mess/0/5");
	assert_int_equal(mkfifo("mess/0/5", 0644), 0);
	send_one(0);
	unlink("mess/0/5");
	assert_int_equal(symlink("/etc/passwd", "mess/0/5"), 0);
	send_one(0);
	unlink("mess/0/5");
}

/* The queue program that wrote its number, once it has. */
static pid_t started(void)
{
	static struct timespec const moment = { .tv_nsec = 10000000 };
	struct stat st;

	while (stat(copy, &st) < 0 || st.st_size == 0)
		nanosleep(&moment, 0);
	return (pid_t)atol(letter());
}

static int ends(pid_t pid)
{
	static struct timespec const moment = { .tv_nsec = 10000000 };
	unsigned int i;

	for (i = 0; i < 500 && kill(pid, 0) == 0; i++)
		nanosleep(&moment, 0);
	return i < 500;
}

/* It is given an hour, then nothing is queued and the next one has its turn. */
static void hanging_program(void **state)
{
	char s[256];
	ssize_t n;
	turn t;
	pid_t pid;

	(void)state;
	if (access(conf_home, X_OK) < 0)
		skip();
	unlink(copy);
	assert_true(script("cat >/dev/null; echo $$ >\"$COPY\"; sleep 1000") && put("mess/0/5", "x") && put("bounce/5", "y\n"));
	while (read(log_fd, s, sizeof s) > 0)
		;
	end.times = 0;
	bounce_inject(5, "s@x", 3, ended, 1000);
	turn_start(&t);
	t.now = 1000;
	t.wake = 100000;
	bounce_selprep(&t);
	assert_int_equal(t.wake, 4600);
	t.now = 4599;
	bounce_do(&t);
	assert_true(bounce_busy());
	pid = started();
	run(4600);
	assert_true(ends(pid));
	assert_int_equal(end.times, 1);
	assert_false(end.ok);
	assert_int_equal(access("bounce/5", F_OK), 0);
	n = read(log_fd, s, sizeof s - 1);
	assert_true(n > 0);
	s[n] = 0;
	assert_string_equal(s, "warning: the program that queues bounces takes too long: killed\n"
		"warning: trouble injecting bounce message, will try later\n");
}

/* Whatever is in the place of the notes, we do not wait for it to go away. */
static void notes_behind_what_a_crash_left(void **state)
{
	static struct row { char const *name; char const *left; char const *notes; } const rows[] = {
		{ "whole notes", "<c@d>:\nno\n\n", "<c@d>:\nno\n\n<a@b>:\nno\n\n" },
		{ "half a note", "<a@b>:\nn", "<a@b>:\nn\n<a@b>:\nno\n\n" },
		{ "nothing", "", "<a@b>:\nno\n\n" },
	};
	static stralloc sa = STRALLOC_ZERO;
	struct row const *c;

	(void)state;
	UNIT_EACH (c, rows) {
		print_message("%s\n", c->name);
		assert_true(put("bounce/5", c->left));
		assert_true(bounce_append(5, "a@b", 3, "no\n", 3));
		sa.len = 0;
		assert_true(openslurpclose(&sa, "bounce/5") && stralloc_0(&sa));
		assert_string_equal(sa.s, c->notes);
	}
	assert_int_equal(unlink("bounce/5"), 0);
}

static void odd_notes(void **state)
{
	(void)state;
	unlink("bounce/5");
	assert_true(bounce_append(5, "a@b", 3, "no\n", 3));
	assert_true(bounce_append(5, "c@d", 3, "no\n", 3));
	unlink("bounce/5");
	assert_int_equal(mkdir("bounce/5", 0700), 0);
	assert_false(bounce_append(5, "a@b", 3, "no\n", 3));
	assert_int_equal(rmdir("bounce/5"), 0);
	assert_int_equal(mkfifo("bounce/5", 0600), 0);
	assert_false(bounce_append(5, "a@b", 3, "no\n", 3));
	assert_int_equal(unlink("bounce/5"), 0);
	assert_int_equal(symlink("elsewhere", "bounce/5"), 0);
	assert_false(bounce_append(5, "a@b", 3, "no\n", 3));
	assert_int_equal(access("elsewhere", F_OK), -1);
	assert_int_equal(unlink("bounce/5"), 0);
	assert_int_equal(symlink("/dev/null", "bounce/5"), 0);
	assert_false(bounce_append(5, "a@b", 3, "no\n", 3));
	assert_int_equal(unlink("bounce/5"), 0);
}

/* What is queued is not queued again because its notes withstand being removed. */
static void notes_that_stay(void **state)
{
	(void)state;
	if (access(conf_home, X_OK) < 0)
		skip();
	assert_true(script("cd \"${COPY%copy}bounce\" && rm 5 && mkdir 5; echo >> \"$COPY\"; cat >/dev/null; cat <&1 >/dev/null"));
	end.times = 0;
	unlink(copy);
	assert_true(put("bounce/5", "<a@b>:\nno\n\n"));
	bounce_inject(5, "s@x", 3, ended, 1000);
	run(1001);
	assert_int_equal(end.times, 1);
	assert_int_equal(end.ok, 0);
	bounce_inject(5, "s@x", 3, ended, 1200);
	assert_false(bounce_busy());
	assert_int_equal(end.times, 2);
	assert_int_equal(end.ok, 0);
	assert_int_equal(rmdir("bounce/5"), 0);
	bounce_inject(5, "s@x", 3, ended, 1400);
	assert_false(bounce_busy());
	assert_int_equal(end.times, 3);
	assert_int_equal(end.ok, 1);
	assert_string_equal(letter(), "\n");
	/* the next message of that number is another one */
	assert_true(script("cat > \"$COPY\"; cat <&1 >/dev/null"));
	send_one(1);
}

int main(void)
{
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(how_much_of_the_message),
		cmocka_unit_test(odd_message),
		cmocka_unit_test(hanging_program),
		cmocka_unit_test(notes_behind_what_a_crash_left),
		cmocka_unit_test(odd_notes),
		cmocka_unit_test(notes_that_stay),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
