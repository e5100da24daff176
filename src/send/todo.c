/* SPDX-License-Identifier: ISC */

#include "send/todo.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/stralloc.h>
#include <skalibs/types.h>

#include "base/io.h"
#include "base/sync.h"
#include "base/text.h"
#include "base/trigger.h"
#include "proto/info.h"
#include "proto/recips.h"
#include "proto/todo.h"
#include "send/bounce.h"
#include "send/cleaner.h"
#include "send/controls.h"
#include "send/log.h"
#include "send/queuefile.h"
#include "send/schedule.h"

enum {
	BATCH_MAX = 32,                 /* messages */
	BATCH_BYTES = 1 << 20,          /* of envelopes: a batch ends with the one that goes over it */
	RESCAN_SECONDS = 1500,
	OTHER_FDS = 64,                 /* descriptors that a batch leaves to everybody else */
};

/* The files a message gets, in the order they are made durable. */
enum { INFO, LOCAL, REMOTE, FILES };
static qpath_kind const kinds[FILES] = { QPATH_INFO, QPATH_LOCAL, QPATH_REMOTE };

typedef struct entry
{
	uint64_t id;
	int fds[FILES];         /* -1: no such file, or done with */
	int has[FILES];
	int failed;
	stralloc lines;         /* for the log, when its turn comes */
} entry;

static entry batch[BATCH_MAX];
static unsigned int batch_limit;
static unsigned int n_batch;            /* entries that wait for qmail-clean, from answered on */
static unsigned int answered;

static int trigger = -1;
static DIR *dir;                        /* null: no scan under way */
static unsigned int subdir;             /* of a queue with a split todo */
static int64_t rescan;

/* ---- one message ---------------------------------------------------------------------------------- */

/* A file being written: a block of its bytes. Only one message is written at a time. */
typedef struct outfile
{
	int *fd;
	size_t n;
	char block[8192];
} outfile;

static outfile out[FILES];

static void add_text(entry *e, char const *s)
{
	while (!stralloc_cats(&e->lines, s))
		log_nomem();
}

static void add_number(entry *e, uint64_t n)
{
	char s[UINT64_FMT];

	while (!stralloc_catb(&e->lines, s, uint64_fmt(s, n)))
		log_nomem();
}

/* The message stays in todo for the next scan. Returns 0. */
static int give_up(entry *e, char const *what, qpath_kind k)
{
	log_raw(e->lines.s, e->lines.len);
	log_line(what, queuefile_name(k, e->id), 0);
	e->lines.len = 0;
	return 0;
}

static int flush(entry *e, int file)
{
	outfile *o = &out[file];
	size_t n = o->n;

	o->n = 0;
	if (n && !io_writeall(*o->fd, o->block, n))
		return give_up(e, "warning: trouble writing to ", kinds[file]);
	return 1;
}

static int put(entry *e, int file, stralloc const *record)
{
	outfile *o = &out[file];
	size_t pos = 0;

	while (pos < record->len) {
		size_t room = sizeof o->block - o->n;
		size_t n = record->len - pos < room ? record->len - pos : room;

		memcpy(o->block + o->n, record->s + pos, n);
		o->n += n;
		pos += n;
		if (o->n == sizeof o->block && !flush(e, file))
			return 0;
	}
	return 1;
}

static int create(entry *e, int file)
{
	out[file].fd = &e->fds[file];
	out[file].n = 0;
	e->fds[file] = queuefile_open(kinds[file], e->id, O_WRONLY | O_CREAT | O_EXCL);
	if (e->fds[file] < 0)
		return give_up(e, "warning: unable to create ", kinds[file]);
	e->has[file] = 1;
	return 1;
}

/* What an interrupted attempt left. A bounce beside no info belongs to an earlier message of this number
 * whose end a power cut has half undone; if it cannot be removed now, trouble with the bounce directory is
 * no reason to keep the message waiting. */
static int remove_leftovers(entry *e)
{
	int info_was_there;

	if (!queuefile_remove(QPATH_LOCAL, e->id))
		return give_up(e, "warning: unable to unlink ", QPATH_LOCAL);
	if (!queuefile_remove(QPATH_REMOTE, e->id))
		return give_up(e, "warning: unable to unlink ", QPATH_REMOTE);
	info_was_there = queuefile_exists(QPATH_INFO, e->id, 0);
	if (info_was_there && !queuefile_remove(QPATH_INFO, e->id))
		return give_up(e, "warning: unable to unlink ", QPATH_INFO);
	if (!info_was_there)
		(void)queuefile_remove(QPATH_BOUNCE, e->id);
	return 1;
}

typedef struct origin
{
	uint64_t size;
	uint64_t qp;
	uint64_t uid;
} origin;

static int take_sender(entry *e, origin const *o, char const *sender, size_t n)
{
	static stralloc record = STRALLOC_ZERO;

	record.len = 0;
	while (!info_put(&record, sender, n)) {
		if (errno != ENOMEM)
			return give_up(e, "warning: trouble reading ", QPATH_TODO);
		log_nomem();
	}
	add_text(e, "info msg ");
	add_number(e, e->id);
	add_text(e, ": bytes ");
	add_number(e, o->size);
	add_text(e, " from <");
	while (!text_safe(&e->lines, sender, n))
		log_nomem();
	add_text(e, "> qp ");
	add_number(e, o->qp);
	add_text(e, " uid ");
	add_number(e, o->uid);
	add_text(e, "\n");
	return put(e, INFO, &record);
}

static int take_recipient(entry *e, char const *recipient, size_t n)
{
	static stralloc address = STRALLOC_ZERO;
	static stralloc record = STRALLOC_ZERO;
	rewrite_route route;
	int file;

	while ((route = rewrite_address(&controls.tables, &address, recipient, n)) == REWRITE_NOMEM)
		log_nomem();
	file = route == REWRITE_LOCAL ? LOCAL : REMOTE;
	record.len = 0;
	while (!recips_put(&record, address.s, address.len)) {
		if (errno != ENOMEM)
			return give_up(e, "warning: recipient too long after rewriting in ", QPATH_TODO);
		log_nomem();
	}
	if (!e->has[file] && !create(e, file))
		return 0;
	return put(e, file, &record);
}

/* One block of the todo file. */
static int take_records(entry *e, todo_reader *r, origin *o, char const *block, size_t n)
{
	size_t pos = 0;

	for (;;) {
		int ok = 1;

		switch (todo_next(r, block, n, &pos)) {
		case TODO_NOMEM: log_nomem(); break;
		case TODO_BAD: return give_up(e, "warning: unknown record type in ", QPATH_TODO);
		case TODO_MORE: return 1;
		case TODO_UID: o->uid = r->number; break;
		case TODO_PID: o->qp = r->number; break;
		case TODO_SENDER: ok = take_sender(e, o, r->address, r->len); break;
		case TODO_RECIPIENT: ok = take_recipient(e, r->address, r->len); break;
		}
		if (!ok)
			return 0;
	}
}

/* Returns how many bytes the envelope had, 0 after trouble. */
static size_t rewrite(entry *e, int todo, origin *o)
{
	static todo_reader reader = TODO_READER_ZERO;
	char block[4096];
	size_t total = 0;
	ssize_t n;
	int file;

	todo_reset(&reader);
	while ((n = io_read(todo, block, sizeof block, 0)) > 0) {
		if (!take_records(e, &reader, o, block, (size_t)n))
			return 0;
		total += (size_t)n;
	}
	/* A last record that is not ended is passed over; but without a sender nobody would hear of a failure. */
	if (n < 0 || !reader.sender_seen) {
		give_up(e, "warning: trouble reading ", QPATH_TODO);
		return 0;
	}
	for (file = 0; file < FILES; file++)
		if (e->has[file] && !flush(e, file))
			return 0;
	return total;
}

static void close_files(entry *e)
{
	int file;

	for (file = 0; file < FILES; file++) {
		if (e->fds[file] >= 0)
			close(e->fds[file]);
		e->fds[file] = -1;
	}
}

/* Write the files of message id, not durable yet. Returns as rewrite. */
static size_t prepare(entry *e, uint64_t id)
{
	origin o = { 0, 0, 0 };
	struct stat st;
	size_t n = 0;
	int file;
	int todo;

	e->id = id;
	e->failed = 0;
	e->lines.len = 0;
	for (file = 0; file < FILES; file++) {
		e->fds[file] = -1;
		e->has[file] = 0;
	}
	todo = queuefile_open(QPATH_TODO, id, O_RDONLY);
	if (todo < 0) {
		give_up(e, "warning: unable to open ", QPATH_TODO);
		return 0;
	}
	if (stat(queuefile_name(QPATH_MESS, id), &st) < 0) {
		give_up(e, "warning: unable to stat ", QPATH_MESS);
	} else if (remove_leftovers(e) && create(e, INFO)) {
		o.size = (uint64_t)st.st_size;
		add_text(e, "new msg ");
		add_number(e, id);
		add_text(e, "\n");
		n = rewrite(e, todo, &o);
	}
	close(todo);
	if (!n)
		close_files(e);
	return n;
}

/* ---- a batch -------------------------------------------------------------------------------------- */

static void fail(entry *e, char const *name)
{
	if (e->failed)
		return;
	e->failed = 1;
	log_raw(e->lines.s, e->lines.len);
	log_line("warning: trouble fsyncing ", name, 0);
}

static void sync_files(void)
{
	unsigned int i;
	int file;

	for (i = 0; i < n_batch; i++)
		for (file = 0; file < FILES; file++)
			if (batch[i].fds[file] >= 0)
				sync_start(batch[i].fds[file]);
	for (i = 0; i < n_batch; i++) {
		for (file = 0; file < FILES; file++)
			if (batch[i].fds[file] >= 0 && !sync_file(batch[i].fds[file]))
				fail(&batch[i], queuefile_name(kinds[file], batch[i].id));
		close_files(&batch[i]);
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
	qpath_dir_fmt(name, queuefile_layout(), kinds[file], id);
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
		for (file = 0; file < FILES; file++)
			if (batch[i].has[file])
				sync_directory(i, file);
}

static void drop_failed(void)
{
	unsigned int kept = 0;
	unsigned int i;

	for (i = 0; i < n_batch; i++)
		if (!batch[i].failed) {
			entry e = batch[kept];

			batch[kept++] = batch[i];
			batch[i] = e;   /* keeps its memory for the next batch */
		}
	n_batch = kept;
}

/* qmail-clean has removed todo/N (or not): the message is ours (or stays where it is). */
static void take_answer(uint64_t id, int reply, int64_t now)
{
	entry *e = &batch[answered++];

	if (answered == n_batch) {
		answered = 0;
		n_batch = 0;
	}
	log_raw(e->lines.s, e->lines.len);
	if (reply != CLEAN_DONE)
		return;
	if (e->has[LOCAL])
		schedule_wait(CHANNEL_LOCAL, SCHEDULE_NEW, now, id);
	if (e->has[REMOTE])
		schedule_wait(CHANNEL_REMOTE, SCHEDULE_NEW, now, id);
	if (!e->has[LOCAL] && !e->has[REMOTE])
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
		while ((e = readdir(dir)))
			if (qpath_scan(e->d_name, id))
				return 1;
		closedir(dir);
		dir = 0;
		if (!queuefile_layout()->big_todo || ++subdir >= queuefile_layout()->split)
			return 0;
		open_dir();
	}
}

static void start_scan(int64_t now)
{
	if (!trigger_arm(&trigger, "lock/trigger"))
		log_line("warning: unable to open ", "lock/trigger", 0);
	subdir = 0;
	open_dir();
	rescan = now + RESCAN_SECONDS;
}

static void fill_batch(void)
{
	size_t bytes = 0;
	uint64_t id;

	while (n_batch < batch_limit && bytes < BATCH_BYTES && next_id(&id)) {
		size_t n = prepare(&batch[n_batch], id);

		bytes += n;
		n_batch += n > 0;
	}
}

void todo_init(void)
{
	struct rlimit r;

	batch_limit = BATCH_MAX;
	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur != RLIM_INFINITY && r.rlim_cur < OTHER_FDS + FILES * BATCH_MAX)
		batch_limit = r.rlim_cur < OTHER_FDS + FILES ? 1 : (unsigned int)(r.rlim_cur - OTHER_FDS) / FILES;
	if (!trigger_arm(&trigger, "lock/trigger"))
		log_line("warning: unable to open ", "lock/trigger", 0);
}

/* A batch that waits for qmail-clean comes first: its files are still in todo, and must not be found there
 * a second time. */
static int can_work(int64_t now)
{
	return !turn_stopping() && !n_batch && cleaner_room() >= batch_limit && !bounce_fresh(now);
}

void todo_selprep(turn *t)
{
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
