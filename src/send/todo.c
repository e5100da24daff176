/* SPDX-License-Identifier: ISC */

#include "send/todo.h"

#include <dirent.h>
#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/sync.h"
#include "base/syncall.h"
#include "base/trigger.h"
#include "send/bounce.h"
#include "send/cleaner.h"
#include "send/damage.h"
#include "send/log.h"
#include "send/preprocess.h"
#include "send/queuefile.h"
#include "send/schedule.h"
#include "send/straight.h"

enum {
	BATCH_MAX = 32,                 /* messages */
	BATCH_BYTES = 1 << 20,          /* of envelopes: a batch ends with the one that goes over it */
	RESCAN_SECONDS = 1500,
	UNTRIGGERED_SECONDS = 10,       /* the same while nobody can wake us */
	PUT_OFF_SECONDS = 2,            /* at most, for bounces */
	OTHER_FDS = 64,                 /* descriptors that a batch leaves to everybody else */
	TOGETHER_MIN = 8,               /* files for which one flush of all is better than one for each */
};

static preprocess own[BATCH_MAX];       /* those that are no first attempts */
static unsigned int n_own;
static preprocess *batch[BATCH_MAX];
static unsigned int batch_limit;
static unsigned int n_batch;            /* entries that wait for qmail-clean, from answered on */
static unsigned int answered;

static int trigger = -1;
static DIR *dir;                        /* null: no scan under way */
static int again;                       /* something that the scan met could not be written */
static int careful = 1;                 /* there may be files of a message that is in todo, since a scan began */
static int careful_scan;
static unsigned int subdir;             /* of a queue with a split todo */
static int64_t rescan;
static int looking;                     /* for new mail, in this turn */
static int64_t put_off;                 /* since when bounces have kept us from looking for new mail; 0: they do not */

/* ---- a batch -------------------------------------------------------------------------------------- */

static void fail(preprocess *e, char const *name)
{
	if (e->failed)
		return;
	e->failed = 1;
	again = 1;
	careful = 1;
	log_raw(e->lines.s, e->lines.len);
	log_line("warning: trouble fsyncing ", name, 0);
}

/* How many files there are, if they are all on one file system. The first of them was opened before anything was
 * written to any, so that no failure is older than it. */
static unsigned int count_files(int *first)
{
	unsigned int n = 0;
	unsigned int i;
	struct stat st;
	dev_t dev = 0;
	int file;

	for (i = 0; i < n_batch; i++)
		for (file = 0; file < PREPROCESS_FILES; file++) {
			if (batch[i]->fds[file] < 0)
				continue;
			if (fstat(batch[i]->fds[file], &st) < 0 || (n && st.st_dev != dev))
				return 0;
			if (n++)
				continue;
			*first = batch[i]->fds[file];
			dev = st.st_dev;
		}
	return n;
}

static void write_files(int (*write_out)(int))
{
	unsigned int i;
	int file;

	for (i = 0; i < n_batch; i++)
		for (file = 0; file < PREPROCESS_FILES; file++)
			if (batch[i]->fds[file] >= 0 && !write_out(batch[i]->fds[file]))
				fail(batch[i], queuefile_name(preprocess_kinds[file], batch[i]->id));
}

static void close_files(void)
{
	unsigned int i;

	for (i = 0; i < n_batch; i++)
		preprocess_close(batch[i]);
}

static void sync_files(void)
{
	unsigned int i;
	int file;

	for (i = 0; i < n_batch; i++)
		for (file = 0; file < PREPROCESS_FILES; file++)
			if (batch[i]->fds[file] >= 0 && !sync_file(batch[i]->fds[file]))
				fail(batch[i], queuefile_name(preprocess_kinds[file], batch[i]->id));
}

/* A directory's flush waits for a commit of its own while others are at work in the queue: dozens of them in a row
 * keep everybody else waiting, where one for all does as well. The data is written out before, for whoever flushes a
 * whole file system is not told of each file that could not be. */
static int sync_together(void)
{
	syncall_status st;
	unsigned int i;
	int first = -1;

	if (count_files(&first) < TOGETHER_MIN || !syncall_is_cheap(first))
		return 0;
	write_files(sync_wait);
	st = syncall(first);
	for (i = 0; st == SYNCALL_FAILED && i < n_batch; i++)
		fail(batch[i], "queue");
	return st != SYNCALL_UNTRIED;
}

static int share_directory(int file, uint64_t a, uint64_t b)
{
	unsigned int split = queuefile_layout()->split;

	return file == PREPROCESS_BOUNCE || a % split == b % split;
}

/* Each directory once, also of a file that a message does not have: what an earlier one of its number had there is gone,
 * but as long as that is not on disk, a power cut may bring it back, other people's recipients among them. */
static void sync_directory(unsigned int from, int file)
{
	uint64_t id = batch[from]->id;
	char name[QPATH_FMT];
	unsigned int i;
	int ok;

	for (i = 0; i < from; i++)
		if (share_directory(file, batch[i]->id, id))
			return;
	qpath_dir_fmt(name, queuefile_layout(), preprocess_kinds[file], id);
	ok = sync_dir(name);
	for (i = from; !ok && i < n_batch; i++)
		if (share_directory(file, batch[i]->id, id))
			fail(batch[i], name);
}

static void sync_directories(void)
{
	unsigned int i;
	int file;

	for (i = 0; i < n_batch; i++)
		for (file = 0; file < PREPROCESS_FILES; file++)
			sync_directory(i, file);
}

static void drop_failed(int64_t now)
{
	unsigned int kept = 0;
	unsigned int i;

	for (i = 0; i < n_batch; i++)
		if (!batch[i]->failed)
			batch[kept++] = batch[i];
		else if (batch[i]->straight)
			straight_written(batch[i], 0, now);
	n_batch = kept;
}

/* A message that is not a first attempt straight from todo. */
static void take_over(preprocess const *e, int64_t now)
{
	if (e->has[PREPROCESS_LOCAL])
		schedule_wait(CHANNEL_LOCAL, SCHEDULE_NEW, now, e->id);
	if (e->has[PREPROCESS_REMOTE])
		schedule_wait(CHANNEL_REMOTE, SCHEDULE_NEW, now, e->id);
	if (!e->has[PREPROCESS_LOCAL] && !e->has[PREPROCESS_REMOTE])
		schedule_add(SCHEDULE_DONE, now, e->id);
}

/* qmail-clean has removed todo/N (or not): the message is ours (or stays where it is). */
static void take_answer(uint64_t id, int reply, int64_t now)
{
	preprocess *e = batch[answered++];
	int ok = reply == CLEAN_DONE;

	(void)id;
	if (answered == n_batch) {
		answered = 0;
		n_batch = 0;
	}
	if (e->straight) {
		straight_written(e, ok, now);
		return;
	}
	log_raw(e->lines.s, e->lines.len);
	if (ok) {
		take_over(e, now);
	} else {
		again = 1;
		careful = 1;
	}
}

/* The promise of qmail-queue changes hands here. todo/N is what keeps it until info, local and remote are on
 * disk: first their contents, then their names, of all that are in the batch; only then may todo/N go, which
 * need not be flushed, since a todo file that comes back after a crash is only done again. A message for
 * which any flush failed stays in todo, and is written anew, not flushed again. */
static void commit(int64_t now)
{
	unsigned int i;

	write_files(sync_start);
	if (!sync_together()) {
		sync_files();
		sync_directories();
	}
	close_files();
	drop_failed(now);
	for (i = 0; i < n_batch; i++)
		cleaner_ask(CLEAN_TODO, batch[i]->id, take_answer);
}

/* ---- the directory -------------------------------------------------------------------------------- */

static void open_dir(void)
{
	char name[QPATH_FMT];

	qpath_dir_fmt(name, queuefile_layout(), QPATH_TODO, subdir);
	while (!(dir = opendir(name)))
		log_pause("alert: unable to opendir ", name, ", sleeping...");
}

/* The next message number in todo; 0 when the scan is over. */
static int next_id(uint64_t *id)
{
	struct dirent *e;

	for (;;) {
		while ((errno = 0, e = readdir(dir))) {
			if (qpath_scan(e->d_name, id))
				return 1;
			if (e->d_name[0] != '.')
				damage_note_name("todo", e->d_name, "is not named as a message: passed over");
		}
		if (errno)
			careful = again = 1;
		closedir(dir);
		dir = 0;
		if (!queuefile_layout()->big_todo || ++subdir >= queuefile_layout()->split)
			return 0;
		open_dir();
	}
}

static int arm(void)
{
	int ok = trigger_arm(&trigger, "lock/trigger");

	if (!ok)
		log_line("warning: unable to open ", "lock/trigger", 0);
	return ok;
}

static void start_scan(int64_t now)
{
	rescan = now + (arm() ? RESCAN_SECONDS : UNTRIGGERED_SECONDS);
	subdir = 0;
	careful_scan = careful;
	careful = 0;
	open_dir();
}

static void add(preprocess *e)
{
	batch[n_batch++] = e;
}

/* First attempts that have to be written now. */
static void add_leaving(int64_t now)
{
	preprocess *e;

	while (n_batch < batch_limit && (e = straight_leaving(now)))
		if (preprocess_write(e))
			add(e);
		else
			straight_written(e, 0, now);
}

/* It could not be read or written. */
static void stays(preprocess const *e)
{
	careful |= e->has[PREPROCESS_INFO];
	again |= e->again;
}

/* Straight from todo goes a message of which nothing else can be there, but what a power cut has left of an earlier one
 * of its number, which does no harm until it is written (preprocess_write). What was there when we started, or when
 * something could not be written, may have been begun before: it is made durable before its first attempt, so that
 * whatever ends us then does not have it delivered over and over. Returns the size of the envelope. */
static size_t take_up(uint64_t id, int64_t now)
{
	preprocess *e = &own[n_own];
	size_t n = preprocess_read(e, id);

	if (!n) {
		stays(e);
	} else if (careful_scan || careful || !straight_take(e, now)) {
		n_own++;
		add(e);
	}
	return n;
}

/* Once all are read, so that one flush of todo does for them (preprocess.c). */
static void write_small(void)
{
	unsigned int kept = 0;
	unsigned int i;

	for (i = 0; i < n_batch; i++)
		if (batch[i]->straight || !batch[i]->small || preprocess_write(batch[i]))
			batch[kept++] = batch[i];
		else
			stays(batch[i]);
	n_batch = kept;
}

/* Attempts are counted, not successes: thousands that fail must not keep everybody else waiting. */
static void fill_batch(int64_t now)
{
	unsigned int tried = 0;
	size_t bytes = 0;
	uint64_t id;

	while (tried++ < BATCH_MAX && n_batch < batch_limit && bytes < BATCH_BYTES && next_id(&id))
		if (!straight_has(id))
			bytes += take_up(id, now);
	write_small();
}

void todo_init(void)
{
	struct rlimit r;

	batch_limit = BATCH_MAX;
	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur != RLIM_INFINITY && r.rlim_cur < OTHER_FDS + PREPROCESS_FILES * BATCH_MAX)
		batch_limit = r.rlim_cur < OTHER_FDS + PREPROCESS_FILES ? 1 : (unsigned int)(r.rlim_cur - OTHER_FDS) / PREPROCESS_FILES;
	arm();
}

/* A batch that waits for qmail-clean comes first: its files are still in todo, and must not be found there
 * a second time. */
static int can_write(void)
{
	return !n_batch && cleaner_room() >= batch_limit;
}

/* A bounce that was just begun comes first in the log; but where one follows the other, new mail does not wait for
 * the last of them. */
static int is_put_off(int64_t now)
{
	if (!bounce_fresh(now))
		return 0;
	if (!put_off || put_off > now)
		put_off = now;
	return now - put_off < PUT_OFF_SECONDS;
}

void todo_set_back(int64_t by)
{
	rescan -= by;
}

/* A full disk, a qmail-clean that cannot: what has been accepted need not wait for the next message to come. */
static void hurry(int64_t now)
{
	if (again && rescan > now + SCHEDULE_TROUBLE)
		rescan = now + SCHEDULE_TROUBLE;
	again = 0;
}

void todo_selprep(turn *t)
{
	int64_t when;

	looking = 0;
	hurry(t->now);
	if (!can_write())
		return;
	if (straight_next(&when))
		turn_wake(t, when);
	if (turn_stopping())
		return;
	if (is_put_off(t->now)) {
		turn_wake(t, t->now + 1);
		return;
	}
	looking = 1;
	turn_watch(t, trigger, POLLIN);
	turn_wake(t, rescan);
	if (dir)
		turn_now(t);
}

static void scan(turn const *t)
{
	if (!dir && (turn_ready(t, trigger) || t->now >= rescan))
		start_scan(t->now);
	if (dir)
		fill_batch(t->now);
	if (!dir)
		put_off = 0;            /* we have looked */
}

void todo_do(turn const *t)
{
	if (!can_write())
		return;
	n_own = 0;
	add_leaving(t->now);
	if (looking && !turn_stopping() && !is_put_off(t->now))
		scan(t);
	if (n_batch)
		commit(t->now);
}
