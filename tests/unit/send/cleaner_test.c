/* SPDX-License-Identifier: ISC */

#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "send/cleaner.h"

/* We sit at the other ends: of the log, of the requests, of the replies. */
static int log_fd, requests, replies;

static struct { uint64_t id; int reply; } answers[64];
static unsigned int n_answers;

static void note(uint64_t id, int reply, int64_t now)
{
	assert_int_equal(now, 77);
	answers[n_answers].id = id;
	answers[n_answers++].reply = reply;
}

static int set_up(void **state)
{
	int l[2], q[2], r[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	if (pipe(l) < 0 || pipe(q) < 0 || pipe(r) < 0 || dup2(l[1], 0) < 0)
		return -1;
	log_fd = l[0];
	requests = q[0];
	replies = r[1];
	fcntl(log_fd, F_SETFL, O_NONBLOCK);
	fcntl(requests, F_SETFL, O_NONBLOCK);
	return cleaner_init(q[1], r[0]) ? 0 : -1;
}

/* One turn, without waiting. */
static void turn_once(void)
{
	turn t;

	turn_start(&t);
	cleaner_selprep(&t);
	poll(t.fds, t.n, 0);
	t.now = 77;
	cleaner_do(&t);
	cleaner_write(&t);
}

static void expect(int fd, char const *want, size_t n)
{
	char s[4096];
	ssize_t r = read(fd, s, sizeof s);

	if (n == 0) {
		assert_true(r <= 0);
		return;
	}
	assert_int_equal(r, n);
	assert_memory_equal(s, want, n);
}

static void requests_run_ahead(void **state)
{
	static char const want[] = "todo/1\0foop/2\0todo/3\0foop/18446744073709551615";

	(void)state;
	assert_int_equal(cleaner_idle(), 1);
	turn_once();
	expect(requests, "", 0);
	cleaner_ask(CLEAN_TODO, 1, note);
	cleaner_ask(CLEAN_FOOP, 2, 0);
	cleaner_ask(CLEAN_TODO, 3, note);
	cleaner_ask(CLEAN_FOOP, UINT64_MAX, 0);
	turn_once();
	expect(requests, want, sizeof want);
	assert_int_equal(cleaner_idle(), 0);
}

/* Answers belong to the requests in order. */
static void replies_in_order(void **state)
{
	static char const warnings[] = "warning: qmail-clean unable to clean up foop/2\n"
		"warning: qmail-clean unable to clean up todo/3\n";

	(void)state;
	assert_int_equal(write(replies, "+!xy", 3), 3);
	turn_once();
	assert_int_equal(n_answers, 2);
	assert_int_equal(answers[0].id, 1);
	assert_int_equal(answers[0].reply, '+');
	assert_int_equal(answers[1].id, 3);
	assert_int_equal(answers[1].reply, 'x');
	expect(log_fd, warnings, sizeof warnings - 1);
	assert_int_equal(cleaner_idle(), 0);
	assert_int_equal(write(replies, "+", 1), 1);
	turn_once();
	assert_int_equal(cleaner_idle(), 1);
	expect(log_fd, "", 0);
}

/* More than a pipe holds: nothing is lost, and room says when to stop. */
static void full(void **state)
{
	unsigned int asked = 0;
	unsigned int i;
	char s[8192];

	(void)state;
	n_answers = 0;
	while (cleaner_room()) {
		cleaner_ask(CLEAN_FOOP, UINT64_MAX - asked, 0);
		asked++;
	}
	assert_true(asked > 64);
	cleaner_ask(CLEAN_FOOP, 5, 0);          /* there is no room: not taken */
	turn_once();
	assert_int_equal(read(requests, s, sizeof s), 26 * asked);
	for (i = 0; i < asked; i++)
		assert_int_equal(write(replies, "+", 1), 1);
	while (!cleaner_idle())
		turn_once();
	assert_int_equal(cleaner_room(), asked);
	expect(log_fd, "", 0);
}

/* A request is known until its reply is here, whatever else waits. */
static void known(void **state)
{
	char s[256];

	(void)state;
	assert_false(cleaner_has(7));
	cleaner_ask(CLEAN_FOOP, 6, 0);
	cleaner_ask(CLEAN_FOOP, 7, 0);
	assert_true(cleaner_has(6));
	assert_true(cleaner_has(7));
	assert_false(cleaner_has(5));
	turn_once();
	assert_true(read(requests, s, sizeof s) > 0);
	assert_int_equal(write(replies, "+", 1), 1);
	turn_once();
	assert_false(cleaner_has(6));
	assert_true(cleaner_has(7));
	assert_int_equal(write(replies, "+", 1), 1);
	turn_once();
	assert_false(cleaner_has(7));
	assert_true(cleaner_idle());
}

static void lost(void **state)
{
	static char const alert[] = "alert: oh no! lost qmail-clean connection! dying...\n";

	(void)state;
	n_answers = 0;
	cleaner_ask(CLEAN_TODO, 8, note);
	cleaner_ask(CLEAN_TODO, 9, note);
	turn_once();
	close(replies);
	turn_once();
	assert_int_equal(n_answers, 1);         /* the request that was under way */
	assert_int_equal(answers[0].id, 8);
	assert_int_equal(answers[0].reply, CLEANER_LOST);
	expect(log_fd, alert, sizeof alert - 1);
	assert_int_equal(turn_stopping(), 1);
	assert_int_equal(cleaner_idle(), 1);
	assert_int_equal(cleaner_room(), 0);
	cleaner_ask(CLEAN_TODO, 10, note);
	turn_once();
	assert_int_equal(cleaner_idle(), 1);
}

int main(void)
{
	/* One story: the later ones start where the earlier ones end. */
	static struct CMUnitTest const tests[] = {
		cmocka_unit_test(requests_run_ahead),
		cmocka_unit_test(replies_in_order),
		cmocka_unit_test(full),
		cmocka_unit_test(known),
		cmocka_unit_test(lost),
	};

	return cmocka_run_group_tests(tests, set_up, 0);
}
