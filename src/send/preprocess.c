/* SPDX-License-Identifier: ISC */

#include "send/preprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/types.h>

#include "base/io.h"
#include "base/text.h"
#include "proto/info.h"
#include "proto/recips.h"
#include "proto/todo.h"
#include "send/controls.h"
#include "send/damage.h"
#include "send/log.h"
#include "send/queuefile.h"

qpath_kind const preprocess_kinds[PREPROCESS_FILES] = { QPATH_INFO, QPATH_LOCAL, QPATH_REMOTE };

/* A file being written: a block of its bytes. Only one message is written at a time. */
typedef struct outfile
{
	int *fd;
	size_t n;
	char block[8192];
} outfile;

static outfile out[PREPROCESS_FILES];

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
static int give_up(preprocess *e, char const *what, qpath_kind k)
{
	log_raw(e->lines.s, e->lines.len);
	log_line(what, queuefile_name(k, e->id), 0);
	e->lines.len = 0;
	e->again = k != QPATH_TODO && k != QPATH_MESS;
	return 0;
}

static int flush(preprocess *e, int file)
{
	outfile *o = &out[file];
	size_t n = o->n;

	o->n = 0;
	if (n && !io_writeall(*o->fd, o->block, n))
		return give_up(e, "warning: trouble writing to ", preprocess_kinds[file]);
	return 1;
}

static int put(preprocess *e, int file, stralloc const *record)
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

static int create(preprocess *e, int file)
{
	out[file].fd = &e->fds[file];
	out[file].n = 0;
	e->fds[file] = queuefile_open(preprocess_kinds[file], e->id, O_WRONLY | O_CREAT | O_EXCL);
	if (e->fds[file] < 0)
		return give_up(e, "warning: unable to create ", preprocess_kinds[file]);
	e->has[file] = 1;
	return 1;
}

/* What an interrupted attempt left. A bounce beside no info belongs to an earlier message of this number
 * whose end a power cut has half undone; if it cannot be removed now, trouble with the bounce directory is
 * no reason to keep the message waiting. */
static int remove_leftovers(preprocess *e)
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

static int take_sender(preprocess *e, origin const *o, char const *sender, size_t n)
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
	return put(e, PREPROCESS_INFO, &record);
}

static int take_recipient(preprocess *e, char const *recipient, size_t n)
{
	static stralloc address = STRALLOC_ZERO;
	static stralloc record = STRALLOC_ZERO;
	rewrite_route route;
	int file;

	while ((route = rewrite_address(&controls.tables, &address, recipient, n)) == REWRITE_NOMEM)
		log_nomem();
	file = route == REWRITE_LOCAL ? PREPROCESS_LOCAL : PREPROCESS_REMOTE;
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

/* The message is in todo and nowhere else: an info file beside it would show it as one that is taken up. */
static void forget(preprocess *e)
{
	int file;

	for (file = PREPROCESS_FILES - 1; file >= 0; file--)
		if (e->has[file])
			(void)queuefile_remove(preprocess_kinds[file], e->id);
}

/* Returns how many bytes the envelope had, 0 after trouble. */
static size_t rewrite(preprocess *e, int todo, origin *o)
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
	/* Nothing of an envelope that is not whole: nobody would miss the recipient that was cut off. */
	if (n < 0 || !todo_whole(&reader)) {
		give_up(e, "warning: trouble reading ", QPATH_TODO);
		if (n == 0)
			damage_note(QPATH_TODO, e->id, not_whole);
		forget(e);
		return 0;
	}
	for (file = 0; file < PREPROCESS_FILES; file++)
		if (e->has[file] && !flush(e, file))
			return 0;
	return total;
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

size_t preprocess_write(preprocess *e, uint64_t id)
{
	origin o = { 0, 0, 0 };
	struct stat st;
	size_t n = 0;
	int file;
	int todo;

	e->id = id;
	e->failed = 0;
	e->again = 0;
	e->lines.len = 0;
	for (file = 0; file < PREPROCESS_FILES; file++) {
		e->fds[file] = -1;
		e->has[file] = 0;
	}
	todo = queuefile_open(QPATH_TODO, id, O_RDONLY);
	if (todo < 0) {
		if (queuefile_odd(errno))
			damage_note(QPATH_TODO, id, is_odd);
		give_up(e, "warning: unable to open ", QPATH_TODO);
		return 0;
	}
	if (stat(queuefile_name(QPATH_MESS, id), &st) < 0) {
		if (errno == ENOENT)
			damage_note(QPATH_MESS, id, no_message);
		give_up(e, "warning: unable to stat ", QPATH_MESS);
	} else if (remove_leftovers(e) && create(e, PREPROCESS_INFO)) {
		o.size = (uint64_t)st.st_size;
		add_text(e, "new msg ");
		add_number(e, id);
		add_text(e, "\n");
		n = rewrite(e, todo, &o);
	}
	close(todo);
	if (!n)
		preprocess_close(e);
	return n;
}
