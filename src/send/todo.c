/* SPDX-License-Identifier: ISC */

#include "send/todo.h"

#include <dirent.h>
#include <sys/resource.h>

#include "base/sync.h"
#include "base/trigger.h"
#include "send/bounce.h"
#include "send/cleaner.h"
#include "send/damage.h"
#include "send/log.h"
#include "send/preprocess.h"
#include "send/queuefile.h"
#include "send/schedule.h"

enum {
	BATCH_MAX = 32,                 /* messages */
	BATCH_BYTES = 1 << 20,          /* of envelopes: a batch ends with the one that goes over it */
	RESCAN_SECONDS = 1500,
	UNTRIGGERED_SECONDS = 10,       /* the same while nobody can wake us */
	OTHER_FDS = 64,                 /* descriptors that a batch leaves to everybody else */
};

static preprocess batch[BATCH_MAX];
static unsigned int batch_limit;
static unsigned int n_batch;            /* entries that wait for qmail-clean, from answered on */
static unsigned int answered;

static int trigger = -1;
static DIR *dir;                        /* null: no scan under way */
static int again;                       /* something that the scan met could not be written */
static unsigned int subdir;             /* of a queue with a split todo */
static int64_t rescan;

/* ---- a batch -------------------------------------------------------------------------------------- */

static void fail(preprocess *e, char const *name)
{
	if (e->failed)
		return;
	e->failed = 1;
	again = 1;
	log_raw(e->lines.s, e->lines.len);
	log_line("warning: trouble fsyncing ", name, 0);
}

static void sync_files(void)
{
	unsigned int i;
	int file;

	for (i = 0; i < n_batch; i++)
		for (file = 0; file < PREPROCESS_FILES; file++)
			if (batch[i].fds[file] >= 0)
				sync_start(batch[i].fds[file]);
	for (i = 0; i < n_batch; i++) {
		for (file = 0; file < PREPROCESS_FILES; file++)
			if (batch[i].fds[file] >= 0 && !sync_file(batch[i].fds[file]))
				fail(&batch[i], queuefile_name(preprocess_kinds[file], batch[i].id));
		preprocess_close(&batch[i]);
	}
}

/* Each directory that got a name, once. */
static void sync_directory(unsigned int from, int file)
{
	unsigned int split = queuefile_layout()->split;
	uint64_t id = batch[from].id;
	char name[QPATH_FMT];
	unsigned int i;
	int ok;

	for (i = 0; i < from; i++)
		if (batch[i].has[file] && batch[i].id % split == id % split)
			return;
	qpath_dir_fmt(name, queuefile_layout(), preprocess_kinds[file], id);
	ok = sync_dir(name);
	for (i = from; !ok && i < n_batch; i++)
		if (batch[i].has[file] && batch[i].id % split == id % split)
			fail(&batch[i], name);
}

static void sync_directories(void)
{
	unsigned int i;
	int file;

	for (i = 0; i < n_batch; i++)
		for (file = 0; file < PREPROCESS_FILES; file++)
			if (batch[i].has[file])
				sync_directory(i, file);
}

static void drop_failed(void)
{
	unsigned int kept = 0;
	unsigned int i;

	for (i = 0; i < n_batch; i++)
		if (!batch[i].failed) {
			preprocess e = batch[kept];

			batch[kept++] = batch[i];
			batch[i] = e;   /* keeps its memory for the next batch */
		}
	n_batch = kept;
}

/* qmail-clean has removed todo/N (or not): the message is ours (or stays where it is). */
static void take_answer(uint64_t id, int reply, int64_t now)
{
	preprocess *e = &batch[answered++];

	if (answered == n_batch) {
		answered = 0;
		n_batch = 0;
	}
	log_raw(e->lines.s, e->lines.len);
	if (reply != CLEAN_DONE) {
		again = 1;
		return;
	}
	if (e->has[PREPROCESS_LOCAL])
		schedule_wait(CHANNEL_LOCAL, SCHEDULE_NEW, now, id);
	if (e->has[PREPROCESS_REMOTE])
		schedule_wait(CHANNEL_REMOTE, SCHEDULE_NEW, now, id);
	if (!e->has[PREPROCESS_LOCAL] && !e->has[PREPROCESS_REMOTE])
		schedule_add(SCHEDULE_DONE, now, id);
}

/* The promise of qmail-queue changes hands here. todo/N is what keeps it until info, local and remote are on
 * disk: first their contents, then their names, of all that are in the batch; only then may todo/N go, which
 * need not be flushed, since a todo file that comes back after a crash is only done again. A message for
 * which any flush failed stays in todo, and is written anew, not flushed again. */
static void commit(void)
{
	unsigned int i;

	sync_files();
	sync_directories();
	drop_failed();
	for (i = 0; i < n_batch; i++)
		cleaner_ask(CLEAN_TODO, batch[i].id, take_answer);
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
		while ((e = readdir(dir))) {
			if (qpath_scan(e->d_name, id))
				return 1;
			if (e->d_name[0] != '.')
				damage_note_name("todo", e->d_name, "is not named as a message: passed over");
		}
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
	open_dir();
}

/* Attempts are counted, not successes: thousands that fail must not keep everybody else waiting. */
static void fill_batch(void)
{
	unsigned int tried = 0;
	size_t bytes = 0;
	uint64_t id;

	while (tried++ < batch_limit && bytes < BATCH_BYTES && next_id(&id)) {
		size_t n = preprocess_write(&batch[n_batch], id);

		bytes += n;
		n_batch += n > 0;
		again |= n == 0 && batch[n_batch].again;
	}
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
static int can_work(int64_t now)
{
	return !turn_stopping() && !n_batch && cleaner_room() >= batch_limit && !bounce_fresh(now);
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
	hurry(t->now);
	if (turn_stopping() || n_batch)
		return;
	if (bounce_fresh(t->now)) {
		turn_wake(t, t->now + 1);
		return;
	}
	turn_watch(t, trigger, POLLIN);
	turn_wake(t, rescan);
	if (dir)
		turn_now(t);
}

void todo_do(turn const *t)
{
	if (!can_work(t->now))
		return;
	if (!dir && (turn_ready(t, trigger) || t->now >= rescan))
		start_scan(t->now);
	if (!dir)
		return;
	fill_batch();
	commit();
}
