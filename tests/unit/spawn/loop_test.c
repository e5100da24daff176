/* SPDX-License-Identifier: ISC */

#include "spawn/loop.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/conf.h"
#include "proto/spawn.h"

/* A loop in a process of its own; the "delivery program" does what the sender's address says. */

static void act(loop_job const *job)
{
	char const *s = job->sender;
	char block[1000];
	int i;

	memset(block, 'x', sizeof block);
	close(1);               /* the loop's, which a real program does not have */
	if (!strcmp(s, "fail"))
		_exit(100);
	if (!strcmp(s, "crash"))
		raise(SIGKILL);
	if (!strcmp(s, "long"))
		for (i = 0; i < 3; i++)
			if (write(job->output, block, sizeof block) < 0)
				_exit(99);
	if (!strcmp(s, "slow"))
		(void)poll(0, 0, 300);
	if (!strcmp(s, "behind") && fork() == 0) {
		(void)poll(0, 0, 300);
		(void)!write(job->output, "late", 4);
	}
	if (!strcmp(s, "for ever") && fork() == 0)
		(void)poll(0, 0, 6000);
	if (!strcmp(s, "chatter") && fork() == 0)
		for (i = 0; i < 600 && write(job->output, "x", 1) == 1; i++)
			(void)poll(0, 0, 10);
	_exit(0);
}

/* A qmail-remote, which says first how many it was started for: the local parts are what becomes of recipients. */
static void act_remote(loop_job const *job)
{
	char out[4096];
	size_t n = 0;
	size_t i;

	close(1);
	if (!strcmp(job->sender, "crash"))
		raise(SIGKILL);
	for (i = 0; i < job->n; i++) {
		char const *s = job->recipients[i];

		if (!strncmp(s, "left@", 5))
			continue;
		n += (size_t)snprintf(out + n, sizeof out - n, "%s", *s == 'h' ? "hno" : *s == 's' ? "slater" : "r") + 1;
	}
	n += (size_t)snprintf(out + n, sizeof out - n, "%s%zu", job->sender, job->n) + 1;
	if (write(job->output, out, n) != (ssize_t)n)
		_exit(99);
	_exit(0);
}

static pid_t start_remote(loop_job const *job, char const **refusal)
{
	pid_t pid = fork();

	if (pid == 0)
		act_remote(job);
	*refusal = "Zno fork\n";
	return pid > 0 ? pid : 0;
}

/* A process that says that it is done and stays. What is asked of it next is how it ends: it never has a word for
 * that, and no output. */
static int to_stayer[2];
static int from_stayer[2];
static pid_t stayer;
static int stayer_idle;

static void act_stayer(loop_job const *job)
{
	char c = 0;

	close(1);
	if (write(job->output, "r\0Kdone", 8) != 8 || write(from_stayer[1], "d", 1) != 1)
		_exit(99);
	close(job->output);
	close(to_stayer[1]);
	if (read(to_stayer[0], &c, 1) == 1 && c == 'x')
		raise(SIGKILL);
	_exit(0);
}

static pid_t start_stayer(loop_job const *job, char const **refusal)
{
	*refusal = "Zno fork\n";
	if (stayer && stayer_idle && !job->fresh) {
		stayer_idle = 0;
		*job->reused = 1;
		return write(to_stayer[1], job->sender, 1) == 1 ? stayer : 0;
	}
	if (stayer)
		return 0;
	if (pipe2(to_stayer, O_CLOEXEC) < 0 || pipe2(from_stayer, O_CLOEXEC | O_NONBLOCK) < 0)
		return 0;
	stayer = fork();
	if (stayer == 0)
		act_stayer(job);
	close(to_stayer[0]);
	close(from_stayer[1]);
	return stayer > 0 ? stayer : 0;
}

static int stays(pid_t pid)
{
	char c;

	if (pid != stayer || stayer_idle)
		return 0;
	stayer_idle = read(from_stayer[0], &c, 1) == 1;
	return stayer_idle;
}

static void gone(pid_t pid)
{
	assert_int_equal(pid, stayer);
	close(to_stayer[1]);
	close(from_stayer[0]);
	stayer = 0;
	stayer_idle = 0;
}

static int is_strained;

static size_t most(char const *host)
{
	return is_strained ? 1 : !strcmp(host, "two") ? 2 : 100;
}

static void strained(char const *host)
{
	is_strained = !strcmp(host, "host");
}

static pid_t start(loop_job const *job, char const **refusal)
{
	pid_t pid = fork();

	if (pid == 0)
		act(job);
	*refusal = "Zno fork\n";
	return pid > 0 ? pid : 0;
}

typedef struct partner
{
	pid_t pid;
	int to;
	int from;
	stralloc out;           /* requests for one write */
	spawn_report report;
	char buf[4096];
	size_t pos;
	size_t n;
} partner;

static char dir[] = "/tmp/loopXXXXXX";

static loop_kind const local = { .start = start, .feed = report_local_feed, .put = report_local_put, .linger = 2 };
static loop_company const company = { .most = most, .strained = strained };
static loop_kind const remote = { .start = start_remote, .feed = report_remote_feed, .put = report_remote_put,
	.linger = 2, .company = &company };

static loop_company const staying_company = { .most = most, .strained = strained, .stays = stays, .gone = gone };
static loop_kind const staying = { .start = start_stayer, .feed = report_remote_feed, .put = report_remote_put,
	.linger = 2, .company = &staying_company };

static void partner_start(partner *p, loop_kind const *kind)
{
	static partner const zero = { .out = STRALLOC_ZERO, .report = SPAWN_REPORT_ZERO };
	int in[2];
	int out[2];
	char greeting;

	*p = zero;
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	p->pid = fork();
	assert_true(p->pid >= 0);
	if (p->pid == 0) {
		if (dup2(in[0], 0) < 0 || dup2(out[1], 1) < 0 || chdir(dir) < 0)
			_exit(99);
		close(in[1]);
		close(out[0]);
		close(in[0]);
		close(out[1]);
		alarm(30);
		_exit(loop_run(kind, getuid()));
	}
	close(in[0]);
	close(out[1]);
	p->to = in[1];
	p->from = out[0];
	assert_int_equal(read(p->from, &greeting, 1), 1);
	assert_int_equal((unsigned char)greeting, conf_spawn);
}

static void ask(partner *p, unsigned int number, char const *what)
{
	assert_true(spawn_request_put(&p->out, number, "1", what, strlen(what), "joe@host", 8));
}

static void ask_remote(partner *p, unsigned int number, char const *sender, char const *recipient)
{
	assert_true(spawn_request_put(&p->out, number, "1", sender, strlen(sender), recipient, strlen(recipient)));
}

static void flush(partner *p)
{
	size_t done = 0;

	while (done < p->out.len) {
		ssize_t w = write(p->to, p->out.s + done, p->out.len - done);

		assert_true(w > 0);
		done += (size_t)w;
	}
	p->out.len = 0;
}

/* 1 and a report in p->report, or 0: end of file. */
static int next(partner *p)
{
	for (;;) {
		ssize_t r;

		if (p->pos < p->n) {
			int got = spawn_report_feed(&p->report, p->buf, p->n, &p->pos);

			assert_true(got >= 0);
			if (got)
				return 1;
		}
		r = read(p->from, p->buf, sizeof p->buf);
		assert_true(r >= 0);
		if (r == 0)
			return 0;
		p->pos = 0;
		p->n = (size_t)r;
	}
}

static void expect(partner *p, unsigned int number, char letter, char const *text)
{
	assert_true(next(p));
	assert_int_equal(p->report.number, number);
	assert_int_equal(p->report.letter, letter);
	assert_int_equal(p->report.text.len, strlen(text));
	assert_memory_equal(p->report.text.s ? p->report.text.s : "", text, strlen(text));
}

static void partner_end(partner *p, int code)
{
	int status;

	close(p->from);
	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), code);
	stralloc_free(&p->out);
	stralloc_free(&p->report.text);
}

static void answers(void **state)
{
	partner p;

	(void)state;
	partner_start(&p, &local);
	ask(&p, 0, "ok");
	flush(&p);
	expect(&p, 0, 'K', "");
	ask(&p, conf_spawn - 1, "fail");
	flush(&p);
	expect(&p, conf_spawn - 1, 'D', "");
	ask(&p, 3, "crash");
	flush(&p);
	expect(&p, 3, 'Z', "qmail-local crashed.\n");
	ask(&p, 4, "behind");
	flush(&p);
	expect(&p, 4, 'K', "late");
	ask(&p, conf_spawn, "ok");
	flush(&p);
	if (conf_spawn < 255)
		expect(&p, conf_spawn, 'Z', "Internal error: delnum too big. (#4.3.5)\n");
	ask(&p, 5, "slow");
	ask(&p, 5, "ok");
	ask(&p, 6, "ok");
	flush(&p);
	expect(&p, 5, 'Z', "Internal error: delnum in use. (#4.3.5)\n");
	expect(&p, 6, 'K', "");
	expect(&p, 5, 'K', "");
	close(p.to);
	assert_false(next(&p));
	partner_end(&p, 0);
}

/* What a program leaves behind cannot keep its delivery from being reported: not by holding the output open,
 * and not by writing to it. What it printed itself is there. */
static void left_behind(void **state)
{
	partner p;
	struct timespec a;
	struct timespec b;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &a);
	partner_start(&p, &local);
	ask(&p, 1, "for ever");
	ask(&p, 2, "chatter");
	ask(&p, 3, "ok");
	flush(&p);
	expect(&p, 3, 'K', "");
	close(p.to);
	assert_true(next(&p));
	assert_true(next(&p));
	assert_int_equal(p.report.letter, 'K');
	assert_false(next(&p));
	clock_gettime(CLOCK_MONOTONIC, &b);
	assert_in_range(b.tv_sec - a.tv_sec, 1, 4);
	partner_end(&p, 0);
}

/* What is running at the end of file is still reported; half a request is not carried out. */
static void end_of_file(void **state)
{
	partner p;

	(void)state;
	partner_start(&p, &local);
	ask(&p, 1, "slow");
	ask(&p, 2, "ok");
	p.out.len--;
	flush(&p);
	close(p.to);
	expect(&p, 1, 'K', "");
	assert_false(next(&p));
	partner_end(&p, 0);
}

/* A sender that does not read while it writes: more reports pile up than a pipe holds, and yet every
 * request is taken and every one is answered. */
static void full_pipe(void **state)
{
	partner p;
	unsigned int i;
	size_t total = 0;
	int dealt[2] = { 0, 0 };

	(void)state;
	partner_start(&p, &local);
	assert_true(fcntl(p.from, F_SETPIPE_SZ, 4096) >= 0);
	for (i = 0; i < conf_spawn; i++)
		ask(&p, i, "long");
	for (i = 0; i < 20000; i++)
		assert_true(spawn_request_put(&p.out, 0, "x", "", 0, "joe@host", 8));
	flush(&p);
	close(p.to);
	while (next(&p)) {
		total++;
		dealt[p.report.letter == 'K']++;
	}
	assert_int_equal(total, conf_spawn + 20000);
	assert_int_equal(dealt[1], conf_spawn);
	partner_end(&p, 0);
}

/* Who asks may have more at once than a byte can tell, as many as the limits allow; the programs have the limits that
 * we were started with. */
static void many_more(void **state)
{
	enum { WANTED = 600 };
	static char seen[WANTED + 1];
	struct rlimit before;
	struct rlimit low = { .rlim_cur = 64, .rlim_max = 0 };
	partner p;
	unsigned int i;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	low.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	partner_start(&p, &local);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	ask(&p, 300, "ok");
	flush(&p);
	expect(&p, 300, 'Z', "Internal error: delnum too big. (#4.3.5)\n");
	assert_true(spawn_ask_put(&p.out, WANTED));
	flush(&p);
	assert_true(next(&p));
	assert_int_equal(p.report.number, SPAWN_WIDE);
	if (before.rlim_max < WANTED + 200)
		skip();
	assert_int_equal(p.report.offer, WANTED);
	assert_int_equal(p.report.text.len, 0);
	for (i = 0; i <= WANTED; i++)
		if (i != SPAWN_WIDE)
			ask(&p, i, "slow");
	ask(&p, WANTED + 1, "ok");
	flush(&p);
	expect(&p, WANTED + 1, 'Z', "Internal error: delnum too big. (#4.3.5)\n");
	for (i = 0; i < WANTED; i++) {
		assert_true(next(&p));
		if (p.report.letter != 'K')
			fail_msg("%u: %.*s", p.report.number, (int)p.report.text.len, p.report.text.s);
		assert_in_range(p.report.number, 0, WANTED);
		assert_int_equal(seen[p.report.number]++, 0);
	}
	assert_int_equal(seen[SPAWN_WIDE], 0);
	ask(&p, 600, "ok");
	ask(&p, 256, "fail");
	flush(&p);
	assert_true(next(&p) && next(&p));
	close(p.to);
	assert_false(next(&p));
	partner_end(&p, 0);
}

/* As many as there are descriptors for, and it says so. */
static void not_so_many(void **state)
{
	struct rlimit low = { .rlim_cur = 64, .rlim_max = 500 };
	partner p;
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		if (setrlimit(RLIMIT_NOFILE, &low) < 0)
			_exit(2);
		partner_start(&p, &local);
		assert_true(spawn_ask_put(&p.out, 5000));
		flush(&p);
		assert_true(next(&p));
		if (p.report.offer < conf_spawn || p.report.offer >= 500 || !p.report.text.len)
			_exit(3);
		close(p.to);
		partner_end(&p, 0);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Those of one message, sender and host run together, in the order they came; who is refused for good in company,
 * or left out, runs again. */
static void together(void **state)
{
	static struct { char letter; char const *text; } const two[] = { [1] = { 'D', "no" }, [2] = { 'K', "2" }, [3] = { 'K', "1" } };
	partner p;
	unsigned int seen = 0;
	int i;

	(void)state;
	partner_start(&p, &remote);
	ask_remote(&p, 9, "K", "a@host");
	ask_remote(&p, 3, "K", "b@host");
	ask_remote(&p, 200, "K", "x@host");
	ask_remote(&p, 5, "K", "c@host");
	flush(&p);
	if (conf_spawn <= 200)
		expect(&p, 200, 'Z', "Internal error: delnum too big. (#4.3.5)\n");
	expect(&p, 9, 'K', "3");
	expect(&p, 3, 'K', "3");
	expect(&p, 5, 'K', "3");
	ask_remote(&p, 1, "K", "h@two");
	ask_remote(&p, 2, "K", "b@two");
	ask_remote(&p, 3, "K", "c@two");
	flush(&p);
	/* by two programs, of which either may be the first to end */
	for (i = 0; i < 3; i++) {
		assert_true(next(&p));
		assert_in_range(p.report.number, 1, 3);
		assert_int_equal(p.report.letter, two[p.report.number].letter);
		assert_int_equal(p.report.text.len, strlen(two[p.report.number].text));
		assert_memory_equal(p.report.text.s, two[p.report.number].text, p.report.text.len);
		seen |= 1U << p.report.number;
	}
	assert_int_equal(seen, 0xe);
	ask_remote(&p, 1, "K", "a@host");
	ask_remote(&p, 2, "K", "h@host");
	ask_remote(&p, 3, "K", "left@host");
	flush(&p);
	expect(&p, 1, 'K', "3");
	assert_true(next(&p));
	assert_true(next(&p));
	ask_remote(&p, 1, "K", "a@host");
	ask_remote(&p, 2, "Kother", "b@host");
	flush(&p);
	assert_true(next(&p));
	assert_true(next(&p));
	assert_memory_equal(p.report.text.s + p.report.text.len - 1, "1", 1);
	close(p.to);
	assert_false(next(&p));
	partner_end(&p, 0);
}

/* A message that is refused for good in company is refused to each alone, and one that fails for now to nobody else. */
static void refused_together(void **state)
{
	partner p;

	(void)state;
	partner_start(&p, &remote);
	ask_remote(&p, 0, "D", "a@host");
	ask_remote(&p, 1, "D", "b@host");
	flush(&p);
	assert_true(next(&p));
	assert_int_equal(p.report.letter, 'D');
	assert_memory_equal(p.report.text.s, "1", 1);
	assert_true(next(&p));
	assert_memory_equal(p.report.text.s, "1", 1);
	/* and that host has had enough of it */
	ask_remote(&p, 0, "K", "a@host");
	ask_remote(&p, 1, "K", "b@host");
	flush(&p);
	assert_true(next(&p));
	assert_memory_equal(p.report.text.s, "1", 1);
	assert_true(next(&p));
	assert_memory_equal(p.report.text.s, "1", 1);
	close(p.to);
	assert_false(next(&p));
	partner_end(&p, 0);
}

static void crash_together(void **state)
{
	partner p;

	(void)state;
	partner_start(&p, &remote);
	ask_remote(&p, 0, "crash", "a@host");
	ask_remote(&p, 1, "crash", "b@host");
	flush(&p);
	expect(&p, 0, 'Z', "qmail-remote crashed.\n");
	expect(&p, 1, 'Z', "qmail-remote crashed.\n");
	close(p.to);
	assert_false(next(&p));
	partner_end(&p, 0);
}

/* Every number, over and over, in whatever company: each request is answered once. */
static void many_together(void **state)
{
	static char const *const fates[] = { "a@host", "h@host", "left@host", "s@two", "b@two", "left@two" };
	partner p;
	unsigned int i;
	unsigned int round;

	(void)state;
	partner_start(&p, &remote);
	for (round = 0; round < 6; round++) {
		unsigned char seen[256] = { 0 };

		for (i = 0; i < conf_spawn; i++)
			ask_remote(&p, i, "K", fates[(i * 7 + round) % 6]);
		flush(&p);
		for (i = 0; i < conf_spawn; i++) {
			assert_true(next(&p));
			assert_int_equal(seen[p.report.number]++, 0);
		}
	}
	close(p.to);
	assert_false(next(&p));
	partner_end(&p, 0);
}

/* The end of its output and its word for it are the end of a delivery. One that stayed and does not take the next
 * delivery is replaced, one that dies of it has crashed. */
static void staying_behind(void **state)
{
	partner p;

	(void)state;
	partner_start(&p, &staying);
	ask_remote(&p, 1, "s", "a@host");
	flush(&p);
	expect(&p, 1, 'K', "done");
	ask_remote(&p, 2, "s", "a@host");
	flush(&p);
	expect(&p, 2, 'K', "done");
	ask_remote(&p, 5, "x", "a@host");
	flush(&p);
	expect(&p, 5, 'Z', "qmail-remote crashed.\n");
	ask_remote(&p, 6, "s", "a@host");
	flush(&p);
	expect(&p, 6, 'K', "done");
	/* (it idles when we go) */
	close(p.to);
	assert_false(next(&p));
	partner_end(&p, 0);
}

/* Nobody reads our reports any more: no new delivery, and an end. */
static void reader_gone(void **state)
{
	partner p;

	(void)state;
	partner_start(&p, &local);
	close(p.from);
	p.from = -1;
	ask(&p, 1, "ok");
	flush(&p);
	partner_end(&p, 111);
	close(p.to);
}

static int make_message(void **state)
{
	char name[sizeof dir + 2];
	int fd;

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(name, sizeof name, "%s/1", dir);
	fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	close(fd);
	return signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -1 : 0;
}

static int remove_message(void **state)
{
	char name[sizeof dir + 2];

	(void)state;
	snprintf(name, sizeof name, "%s/1", dir);
	unlink(name);
	return rmdir(dir);
}

int main(void)
{
	static struct CMUnitTest const tests[] =
	{
		cmocka_unit_test(answers),
		cmocka_unit_test(left_behind),
		cmocka_unit_test(end_of_file),
		cmocka_unit_test(full_pipe),
		cmocka_unit_test(many_more),
		cmocka_unit_test(not_so_many),
		cmocka_unit_test(together),
		cmocka_unit_test(refused_together),
		cmocka_unit_test(crash_together),
		cmocka_unit_test(many_together),
		cmocka_unit_test(staying_behind),
		cmocka_unit_test(reader_gone),
	};

	return cmocka_run_group_tests(tests, make_message, remove_message);
}
