/* SPDX-License-Identifier: ISC */

#include "send/preprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/types.h>

#include "base/io.h"
#include "base/sync.h"
#include "base/text.h"
#include "proto/info.h"
#include "proto/recips.h"
#include "proto/todo.h"
#include "send/controls.h"
#include "send/damage.h"
#include "send/log.h"
#include "send/queuefile.h"

qpath_kind const preprocess_kinds[PREPROCESS_FILES] = { QPATH_INFO, QPATH_LOCAL, QPATH_REMOTE, QPATH_BOUNCE };

/* Records that are not small are written in blocks of so many bytes, or a little more. */
enum { BLOCK = 8192 };

/* What is wrong with a todo file, and what to do (damage.h). */
static char const is_odd[] = "cannot be opened, whenever it is tried: its message waits until this is a file that"
	" user qmails can read";
static char const not_whole[] = "is not a whole envelope (see envelopes(5)): its message waits until it is mended,"
	" or goes with it once both this file and the message in queue/mess are removed";
static char const no_message[] = "is missing, but its envelope is in queue/todo: nothing can be delivered;"
	" remove the envelope if the text cannot be found";
static char const bad_record[] = "has a record that is none of an envelope's (see envelopes(5)): its message waits"
	" until that is mended";

static void add_text(preprocess *e, char const *s)
{
	while (!stralloc_cats(&e->lines, s))
		log_nomem();
}

static void add_number(preprocess *e, uint64_t n)
{
	char s[UINT64_FMT];

	while (!stralloc_catb(&e->lines, s, uint64_fmt(s, n)))
		log_nomem();
}

/* The message stays in todo for the next scan. Returns 0. */
static int leave(preprocess *e, char const *what, char const *name, int again)
{
	log_raw(e->lines.s, e->lines.len);
	log_line(what, name, 0);
	e->lines.len = 0;
	e->again = again;
	return 0;
}

static int give_up(preprocess *e, char const *what, qpath_kind k)
{
	return leave(e, what, queuefile_name(k, e->id), k != QPATH_TODO && k != QPATH_MESS);
}

static int write_records(preprocess *e, int file)
{
	if (!io_writeall(e->fds[file], e->records[file].s, e->records[file].len))
		return give_up(e, "warning: trouble writing to ", preprocess_kinds[file]);
	return 1;
}

static uint64_t messages_read;

/* For each directory of todo, how many messages had been read when it was last flushed. */
static uint64_t *kept_until(uint64_t id)
{
	static uint64_t *kept;
	unsigned int split = queuefile_layout()->big_todo ? queuefile_layout()->split : 1;

	while (!kept && !(kept = calloc(split, sizeof *kept)))
		log_nomem();
	return &kept[id % split];
}

/* todo/N may be so new that the qmail-queue it is from has yet to flush its name. Nothing is written of a message that a
 * power cut could still take back: what it left of info and local, perhaps not the whole of them, would stay for ever.
 * Notes alone do no harm: nobody reads them without an info file, and they are removed before that is written. Where the
 * flush fails, here or in qmail-queue, the next one may say yes without need; nobody was told yes of that message. */
static int keep(preprocess *e)
{
	uint64_t *kept = kept_until(e->id);
	char name[QPATH_FMT];

	if (*kept >= e->ordinal)
		return 1;
	qpath_dir_fmt(name, queuefile_layout(), QPATH_TODO, e->id);
	if (!sync_dir(name))
		return leave(e, "warning: trouble fsyncing ", name, 1);
	*kept = messages_read;
	return 1;
}

static int create(preprocess *e, int file)
{
	if (file != PREPROCESS_BOUNCE && !keep(e))
		return 0;
	e->has[file] = 1;       /* even after trouble: it may have been created */
	e->fds[file] = queuefile_open(preprocess_kinds[file], e->id, O_WRONLY | O_CREAT | O_EXCL);
	if (e->fds[file] < 0)
		return give_up(e, "warning: unable to create ", preprocess_kinds[file]);
	return 1;
}

/* What an interrupted attempt left, or an earlier message of this number whose end a power cut has half undone. Notes
 * of failures go too: whoever has failed is tried again. If they cannot be removed now, trouble with the bounce
 * directory is no reason to keep the message waiting. */
static int remove_leftovers(preprocess *e)
{
	static int const files[] = { PREPROCESS_LOCAL, PREPROCESS_REMOTE, PREPROCESS_INFO };
	size_t i;

	memset(e->has, 0, sizeof e->has);
	for (i = 0; i < sizeof files / sizeof *files; i++)
		if (!queuefile_remove(preprocess_kinds[files[i]], e->id))
			return give_up(e, "warning: unable to unlink ", preprocess_kinds[files[i]]);
	(void)queuefile_remove(QPATH_BOUNCE, e->id);
	return 1;
}

/* What belongs to a file so far; the file itself is there as soon as a message is not small. */
static int flush(preprocess *e, int file)
{
	stralloc *r = &e->records[file];

	if (!r->len)
		return 1;
	if ((!e->has[file] && !create(e, file)) || !write_records(e, file))
		return 0;
	r->len = 0;
	return 1;
}

/* It will be written as it is read. */
static int grow(preprocess *e)
{
	int file;

	e->small = 0;
	if (!remove_leftovers(e))
		return 0;
	for (file = 0; file < PREPROCESS_FILES; file++)
		if (!flush(e, file))
			return 0;
	return 1;
}

static int is_small(preprocess const *e)
{
	return e->recipients[PREPROCESS_LOCAL] + e->recipients[PREPROCESS_REMOTE] <= PREPROCESS_SMALL
		&& e->records[PREPROCESS_INFO].len + e->records[PREPROCESS_LOCAL].len + e->records[PREPROCESS_REMOTE].len
			<= PREPROCESS_SMALL_BYTES;
}

/* A record was added. */
static int added(preprocess *e, int file)
{
	if (e->small)
		return is_small(e) || grow(e);
	return e->records[file].len < BLOCK || flush(e, file);
}

typedef struct origin
{
	uint64_t size;
	uint64_t qp;
	uint64_t uid;
} origin;

static int take_sender(preprocess *e, origin const *o, char const *sender, size_t n)
{
	while (!info_put(&e->records[PREPROCESS_INFO], sender, n)) {
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
	return added(e, PREPROCESS_INFO);
}

static int take_recipient(preprocess *e, char const *recipient, size_t n)
{
	static stralloc address = STRALLOC_ZERO;
	rewrite_route route;
	int file;

	while ((route = rewrite_address(&controls.tables, &address, recipient, n)) == REWRITE_NOMEM)
		log_nomem();
	file = route == REWRITE_LOCAL ? PREPROCESS_LOCAL : PREPROCESS_REMOTE;
	while (!recips_put(&e->records[file], address.s, address.len)) {
		if (errno != ENOMEM)
			return give_up(e, "warning: recipient too long after rewriting in ", QPATH_TODO);
		log_nomem();
	}
	e->recipients[file]++;
	return added(e, file);
}

static int refuse(preprocess *e)
{
	damage_note(QPATH_TODO, e->id, bad_record);
	return give_up(e, "warning: unknown record type in ", QPATH_TODO);
}

/* One block of the todo file. */
static int take_records(preprocess *e, todo_reader *r, origin *o, char const *block, size_t n)
{
	size_t pos = 0;

	for (;;) {
		int ok = 1;

		switch (todo_next(r, block, n, &pos)) {
		case TODO_NOMEM: log_nomem(); break;
		case TODO_BAD: return refuse(e);
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

/* An info file beside todo would show the message as one that is taken up; one that outlived todo, as one that is done
 * with. */
int preprocess_forget(preprocess *e)
{
	int file;

	for (file = PREPROCESS_FILES - 1; file >= 0; file--)
		if (e->has[file]) {
			if (!queuefile_remove(preprocess_kinds[file], e->id))
				return 0;
			e->has[file] = 0;
		}
	return 1;
}

/* Nothing of an envelope that is not whole: nobody would miss the recipient that was cut off. */
static int refuse_part(preprocess *e, int cut)
{
	give_up(e, "warning: trouble reading ", QPATH_TODO);
	if (cut)
		damage_note(QPATH_TODO, e->id, not_whole);
	if (e->small)
		(void)remove_leftovers(e);
	return 0;
}

/* A file that holds what it had at its start is at its end: it never changes. */
static int rewrite(preprocess *e, int todo, uint64_t size, origin *o)
{
	static todo_reader reader = TODO_READER_ZERO;
	char block[4096];
	uint64_t total = 0;
	ssize_t n = 1;
	int file;

	todo_reset(&reader);
	while (total < size && (n = io_read(todo, block, sizeof block, 0)) > 0) {
		if (!take_records(e, &reader, o, block, (size_t)n))
			return 0;
		total += (uint64_t)n;
	}
	if (n <= 0 || !todo_whole(&reader))
		return refuse_part(e, n >= 0);
	for (file = 0; !e->small && file < PREPROCESS_FILES; file++)
		if (!flush(e, file))
			return 0;
	return 1;
}

void preprocess_close(preprocess *e)
{
	int file;

	for (file = 0; file < PREPROCESS_FILES; file++) {
		if (e->fds[file] >= 0)
			close(e->fds[file]);
		e->fds[file] = -1;
	}
}

static void take_back(preprocess *e)
{
	preprocess_close(e);
	(void)preprocess_forget(e);
}

static void reset(preprocess *e, uint64_t id)
{
	int file;

	e->id = id;
	e->ordinal = ++messages_read;
	e->small = 1;
	e->straight = 0;
	e->born = 0;
	e->failed = 0;
	e->again = 0;
	e->lines.len = 0;
	for (file = 0; file < PREPROCESS_FILES; file++) {
		e->records[file].len = 0;
		e->recipients[file] = 0;
		e->fds[file] = -1;
		e->has[file] = 0;
	}
}

static int open_todo(preprocess *e, uint64_t *size)
{
	struct stat st;
	int fd = queuefile_open(QPATH_TODO, e->id, O_RDONLY);

	/* The directory may have been read a while ago, and the message have ended since, straight from there. */
	if (fd < 0 && errno == ENOENT)
		return -1;
	if (fd < 0 && queuefile_odd(errno))
		damage_note(QPATH_TODO, e->id, is_odd);
	if (fd >= 0 && fstat(fd, &st) < 0) {
		close(fd);
		fd = -1;
	}
	if (fd < 0)
		give_up(e, "warning: unable to open ", QPATH_TODO);
	else
		*size = (uint64_t)st.st_size;
	return fd;
}

static int stat_message(preprocess *e, origin *o)
{
	struct stat st;

	if (stat(queuefile_name(QPATH_MESS, e->id), &st) == 0) {
		o->size = (uint64_t)st.st_size;
		return 1;
	}
	if (errno == ENOENT)
		damage_note(QPATH_MESS, e->id, no_message);
	return give_up(e, "warning: unable to stat ", QPATH_MESS);
}

size_t preprocess_read(preprocess *e, uint64_t id)
{
	origin o = { 0, 0, 0 };
	uint64_t size;
	int ok = 0;
	int todo;

	reset(e, id);
	todo = open_todo(e, &size);
	if (todo < 0)
		return 0;
	if (stat_message(e, &o)) {
		add_text(e, "new msg ");
		add_number(e, id);
		add_text(e, "\n");
		ok = rewrite(e, todo, size, &o);
	}
	close(todo);
	if (!ok)
		take_back(e);
	return ok ? (size_t)size : 0;
}

int preprocess_waiting(preprocess const *e, int file)
{
	stralloc const *r = &e->records[file];
	size_t i = 0;

	while (i < r->len) {
		if (r->s[i] == 'T')
			return 1;
		i += strlen(r->s + i) + 1;
	}
	return 0;
}

static int is_wanted(preprocess const *e, int file)
{
	switch (file) {
	case PREPROCESS_INFO: return 1;
	case PREPROCESS_BOUNCE: return e->records[file].len > 0;
	default: return preprocess_waiting(e, file);
	}
}

/* The age of a message counts from when it came, and that is the time of info. */
static int set_birth(preprocess *e)
{
	struct timespec times[2] = { { .tv_sec = e->born, .tv_nsec = 0 }, { .tv_sec = e->born, .tv_nsec = 0 } };

	return !e->born || futimens(e->fds[PREPROCESS_INFO], times) == 0 || give_up(e, "warning: trouble writing to ", QPATH_INFO);
}

int preprocess_write(preprocess *e)
{
	int ok = remove_leftovers(e);
	int file;

	e->failed = 0;
	for (file = 0; ok && file < PREPROCESS_FILES; file++)
		ok = !is_wanted(e, file) || (create(e, file) && write_records(e, file));
	ok = ok && set_birth(e);
	if (!ok)
		take_back(e);
	return ok;
}

int preprocess_notes(preprocess *e)
{
	int ok;

	if (!queuefile_remove(QPATH_BOUNCE, e->id))
		return give_up(e, "warning: unable to unlink ", QPATH_BOUNCE);
	ok = create(e, PREPROCESS_BOUNCE) && write_records(e, PREPROCESS_BOUNCE);
	preprocess_close(e);
	return ok;
}
