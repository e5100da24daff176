/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/selfpipe.h>
#include <skalibs/sig.h>

#include "base/conf.h"
#include "base/fds.h"
#include "base/sandbox.h"
#include "base/syncall.h"
#include "send/bounce.h"
#include "send/cleaner.h"
#include "send/controls.h"
#include "send/damage.h"
#include "send/delivery.h"
#include "send/finish.h"
#include "send/held.h"
#include "send/injector.h"
#include "send/inventory.h"
#include "send/job.h"
#include "send/log.h"
#include "send/pass.h"
#include "send/queuefile.h"
#include "send/schedule.h"
#include "send/straight.h"
#include "send/sweep.h"
#include "send/todo.h"
#include "send/turn.h"

char const *PROG = "qmail-send";

enum { EXIT_TEMP = 111 };

/* What qmail-start has given us (descriptor 0 is the log). */
enum { LOCAL_COMMANDS = 1, LOCAL_REPORTS, REMOTE_COMMANDS, REMOTE_REPORTS, CLEAN_REQUESTS, CLEAN_REPLIES };

static int signals_fd;
static int mutex_fd;

static int start_signals(void)
{
	sigset_t set;

	signals_fd = selfpipe_init();
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGALRM);
	sigaddset(&set, SIGHUP);
	return signals_fd >= 0 && sig_ignore(SIGPIPE) >= 0 && sig_ignore(SIGXFSZ) >= 0 && sig_restore(SIGCHLD) >= 0 && selfpipe_trapset(&set) >= 0;
}

/* Open and lock the mutex; the descriptor stays open for our life. */
static int open_mutex(void)
{
	mutex_fd = open("lock/sendmutex", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	return mutex_fd >= 0;
}

static int lock_mutex(void)
{
	return flock(mutex_fd, LOCK_EX | LOCK_NB) == 0;
}

static struct timespec time_now(void)
{
	struct timespec now = { .tv_sec = 0 };

	clock_gettime(CLOCK_REALTIME, &now);
	return now;
}

/* The time of the mutex is when we began to read the tables that are in use now (qmail-domain waits for that). It
 * changes each time, and on a file system that keeps whole seconds rather back than forward. Whoever waits for a sign
 * that could not be given says so. */
static void show_tables(struct timespec read)
{
	struct timespec times[2] = { read, read };
	struct stat before;
	struct stat after;

	if (fstat(mutex_fd, &before) < 0 || futimens(mutex_fd, times) < 0 || fstat(mutex_fd, &after) < 0)
		return;
	if (after.st_mtim.tv_sec != before.st_mtim.tv_sec || after.st_mtim.tv_nsec != before.st_mtim.tv_nsec)
		return;
	times[1].tv_sec--;
	futimens(mutex_fd, times);
}

/* A spawner's greeting: how many deliveries it runs at once, of those that are wanted. */
static int read_limit(int fd, unsigned int *limit, unsigned int wanted)
{
	unsigned char c;
	ssize_t r;

	do
		r = read(fd, &c, 1);
	while (r < 0 && errno == EINTR);
	if (r == 1)
		*limit = c < wanted ? c : wanted;
	return r == 1;
}

static void refuse_unless(int ok, char const *text)
{
	if (ok)
		return;
	log_line("alert: cannot start: ", text, 0);
	_exit(EXIT_TEMP);
}

/* Everything is open that is not in the queue or in control, and the injector starts the only program that we need.
 * Returns what the kernel lacks, which afterwards cannot be asked. */
static char const *give_up_rights(char *name)
{
	char const *missing = sandbox_missing();

	refuse_unless(injector_start(name), "unable to start the process that queues bounces");
	syncall_open();
	refuse_unless(sandbox_enter(SANDBOX_SEND), "unable to enter the sandbox");
	return missing;
}

static void start_channels(void)
{
	unsigned int const *wanted = controls.concurrency;
	unsigned int limits[CHANNELS];

	refuse_unless(read_limit(LOCAL_REPORTS, &limits[CHANNEL_LOCAL], wanted[CHANNEL_LOCAL])
		&& read_limit(REMOTE_REPORTS, &limits[CHANNEL_REMOTE], wanted[CHANNEL_REMOTE]), "hath the daemon spawn no fire?");
	job_init(limits[CHANNEL_LOCAL] + limits[CHANNEL_REMOTE] + CHANNELS * (PASS_MAX + 1) + HELD_MAX);
	refuse_unless(delivery_init(CHANNEL_LOCAL, LOCAL_COMMANDS, LOCAL_REPORTS, limits[CHANNEL_LOCAL], wanted[CHANNEL_LOCAL])
		&& delivery_init(CHANNEL_REMOTE, REMOTE_COMMANDS, REMOTE_REPORTS, limits[CHANNEL_REMOTE], wanted[CHANNEL_REMOTE])
		&& cleaner_init(CLEAN_REQUESTS, CLEAN_REPLIES), "unable to set up pipes");
}

static void start(char *name)
{
	struct timespec began = time_now();
	char const *missing;

	fds_cloexec_from(0);
	refuse_unless(start_signals(), "unable to catch signals");
	refuse_unless(chdir(conf_home) == 0, "unable to switch to home directory");
	refuse_unless(controls_load(), "unable to read controls");
	umask(077);
	missing = give_up_rights(name);
	refuse_unless(chdir("queue") == 0 && queuefile_detect(), "unable to switch to queue directory");
	refuse_unless(open_mutex(), "unable to open mutex");
	refuse_unless(lock_mutex(), "qmail-send is already running");
	show_tables(began);
	start_channels();
	bounce_init();
	inventory_load();
	delivery_status();
	if (missing)
		log_line("warning: this kernel lacks ", missing, "; programs keep rights that they do not need");
	todo_init();
}

static void hurry(int64_t now)
{
	schedule_hurry(now);
	straight_hurry(now);
	held_hurry(now);
}

static void reload(int64_t now)
{
	struct timespec began = time_now();

	if (!controls_reload())
		return;
	held_reload(now);
	show_tables(began);
}

static void take_signals(int64_t now)
{
	int s;

	while ((s = selfpipe_read()) > 0) {
		if (s == SIGTERM)
			turn_stop();
		else if (s == SIGALRM)
			hurry(now);
		else if (s == SIGHUP)
			reload(now);
	}
}

/* Who waits for a time that was a minute away must not wait until the clock shows it again. */
static void follow_clock(turn const *t)
{
	if (!t->jump)
		return;
	log_text("warning: the clock was set ");
	log_text(t->jump < 0 ? "back by " : "forward by ");
	log_number((uint64_t)(t->jump < 0 ? -t->jump : t->jump));
	log_text(" seconds");
	log_end();
	sweep_follow(t->jump);
	if (t->jump > 0)
		return;
	schedule_set_back(-t->jump);
	todo_set_back(-t->jump);
}

static void prepare(turn *t)
{
	turn_start(t);
	follow_clock(t);
	turn_watch(t, signals_fd, POLLIN);
	delivery_selprep(t);
	cleaner_selprep(t);
	straight_selprep(t);
	todo_selprep(t);
	pass_selprep(t);
	held_selprep(t);
	inventory_selprep(t);
	bounce_selprep(t);
	finish_selprep(t);
	sweep_selprep(t);
	controls_selprep(t);
	damage_selprep(t);
}

/* The order decides what the log shows when several things are ready: it is qmail's. */
static void work(turn const *t)
{
	if (turn_ready(t, signals_fd))
		take_signals(t->now);
	delivery_do(t);
	bounce_do(t);
	cleaner_do(t);
	straight_do(t);
	todo_do(t);
	pass_do(t);
	held_do(t);
	inventory_do(t);
	finish_do(t);
	sweep_do(t);
	controls_do(t);
	damage_do(t);
	cleaner_write(t);
}

static int may_leave(void)
{
	return turn_stopping() && delivery_idle() && cleaner_idle() && !bounce_busy() && !straight_busy();
}

int main(int argc, char **argv)
{
	turn t;

	start(argc > 0 ? argv[0] : 0);
	while (!may_leave()) {
		prepare(&t);
		if (!turn_wait(&t))
			log_pause("warning: trouble in select", 0, 0);
		log_hold();
		follow_clock(&t);
		work(&t);
		log_let_go();
	}
	straight_give_up();
	inventory_save();
	log_line("status: exiting", 0, 0);
	return 0;
}
