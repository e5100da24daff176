/* SPDX-License-Identifier: ISC */

#include "send/bounce.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/djbunix.h>
#include <skalibs/types.h>

#include "base/io.h"
#include "base/sync.h"
#include "mail/bounce.h"
#include "route/verp.h"
#include "send/controls.h"
#include "send/damage.h"
#include "send/injector.h"
#include "send/log.h"
#include "send/queuefile.h"

enum { FRESH_SECONDS = 2, INJECT_SECONDS = 3600, STOP_SECONDS = 60 };

/* ---- notes ---------------------------------------------------------------------------------------- */

static char const is_odd[] = "cannot be opened, so that no failure can be noted: recipients that fail are tried again"
	" until this is a file of user qmails, or gone";
static char const unreadable[] = "cannot be opened: the bounce of its message waits until this is a file that user"
	" qmails can read";
static char const no_message[] = "is missing: the bounce of its message was sent without it";

static int names_durable;       /* of the files that were there when we started */

void bounce_init(void)
{
	names_durable = sync_dir("bounce");
}

/* Open the file for appending; *size is its length, *is_new whether its name is not on disk yet. */
static int open_notes(uint64_t id, off_t *size, int *is_new)
{
	struct stat st;
	int fd = queuefile_open(QPATH_BOUNCE, id, O_RDWR | O_APPEND | O_CREAT | O_EXCL);

	*is_new = fd >= 0;
	if (fd < 0 && errno == EEXIST)
		fd = queuefile_open(QPATH_BOUNCE, id, O_RDWR | O_APPEND);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0) {
		close(fd);
		return -1;
	}
	*size = st.st_size;
	return fd;
}

/* A crash may have left a part of a note, or zeros as long as that: the next one must start on a line of its
 * own, or whoever looks for its address (mailing lists do) would not see it. */
static int end_line(int fd, off_t size)
{
	char c;

	return size == 0 || pread(fd, &c, 1, size - 1) != 1 || c == '\n' || io_writeall(fd, "\n", 1);
}

/* The note is on disk, and so is the name of its file, before its recipient may be marked done: a crash
 * between the two tells the sender twice, one before them tries the recipient again. After a failure the
 * file is cut back, so that the next attempt does not add to half a note; flushing is not tried again on
 * the same bytes. *name_pending tells, over attempts, whether the name is still to be made durable. */
static int append_durably(uint64_t id, stralloc const *note, int *name_pending)
{
	off_t size;
	int is_new;
	int ok;
	int e;
	int fd = open_notes(id, &size, &is_new);

	if (fd < 0)
		return 0;
	if (is_new || !names_durable)
		*name_pending = 1;
	ok = end_line(fd, size) && io_writeall(fd, note->s, note->len) && sync_file(fd);
	if (ok && *name_pending)
		ok = sync_dir("bounce");
	e = errno;
	if (!ok && ftruncate(fd, size) < 0)
		log_line("warning: unable to shorten ", queuefile_name(QPATH_BOUNCE, id), 0);
	close(fd);
	errno = e;
	return ok;
}

void bounce_note(stralloc *notes, char const *recipient, size_t recipientlen, char const *text, size_t n)
{
	size_t prepend = rewrite_undo(&controls.tables, recipient, recipientlen);
	size_t len = notes->len;

	while (!bounce_paragraph(notes, recipient + prepend, recipientlen - prepend, text, n)) {
		notes->len = len;
		log_nomem();
	}
}

int bounce_append(uint64_t id, char const *recipient, size_t recipientlen, char const *text, size_t n)
{
	static stralloc note = STRALLOC_ZERO;
	int name_pending = 0;

	note.len = 0;
	bounce_note(&note, recipient, recipientlen, text, n);
	while (!append_durably(id, &note, &name_pending)) {
		if (queuefile_odd(errno) && queuefile_exists(QPATH_BOUNCE, id, 0) > 0) {
			damage_note(QPATH_BOUNCE, id, is_odd);
			return 0;
		}
		log_pause("alert: unable to append to bounce message; HELP! sleeping...", 0, 0);
	}
	return 1;
}

/* ---- the letter ----------------------------------------------------------------------------------- */

/* The injector composes it and hands it to the queue program. */
static struct {
	int busy;
	uint64_t id;
	int64_t since;
	int64_t deadline;
	bounce_ended *ended;
} under_way;

/* Where a bounce comes from: descriptors. message is -1 when it is gone. */
typedef struct source
{
	int notes;
	int message;
} source;

static int remove_notes(uint64_t id)
{
	if (queuefile_remove(QPATH_BOUNCE, id))
		return 1;
	log_line("warning: unable to unlink ", queuefile_name(QPATH_BOUNCE, id), "; will try again later");
	return 0;
}

/* Bounces that are queued while their notes withstand being removed: they are not sent again by this qmail-send.
 * Without memory to keep one in mind it would go out twice, which is the lesser evil. */
static stralloc queued = STRALLOC_ZERO;

static size_t find_queued(uint64_t id)
{
	size_t at;

	for (at = 0; at < queued.len; at += sizeof id)
		if (memcmp(queued.s + at, &id, sizeof id) == 0)
			break;
	return at;
}

static int remove_queued(uint64_t id)
{
	size_t at = find_queued(id);

	if (!remove_notes(id)) {
		if (at == queued.len)
			(void)!stralloc_catb(&queued, (char const *)&id, sizeof id);
		return 0;
	}
	if (at < queued.len) {
		queued.len -= sizeof id;
		memmove(queued.s + at, queued.s + queued.len, sizeof id);
	}
	return 1;
}

int bounce_busy(void)
{
	return under_way.busy;
}

int bounce_fresh(int64_t now)
{
	return bounce_busy() && now >= under_way.since && now - under_way.since < FRESH_SECONDS;
}

static int open_to_read(qpath_kind k, uint64_t id)
{
	int fd = queuefile_open(k, id, O_RDONLY);
	int e = errno;

	if (fd >= 0 || (k == QPATH_MESS && e == ENOENT))
		return fd;
	log_line("warning: trouble opening ", queuefile_name(k, id), "; will try again later");
	if (queuefile_odd(e))
		damage_note(k, id, unreadable);
	errno = e;
	return fd;
}

/* A message that is gone will not come back: whoever sent it hears of it all the same, and what is left in the
 * queue has an end. One that is there and cannot be read is not given up. */
static int open_source(source *s, uint64_t id)
{
	*s = (source){ .notes = open_to_read(QPATH_BOUNCE, id), .message = -1 };
	if (s->notes < 0)
		return 0;
	s->message = open_to_read(QPATH_MESS, id);
	if (s->message >= 0 || errno == ENOENT)
		return 1;
	close(s->notes);
	return 0;
}

static int start(uint64_t id, char const *sender, size_t n)
{
	source s;
	int ok;

	if (!open_source(&s, id))
		return 0;
	ok = injector_ask(sender, n, s.notes, s.message);
	if (!ok)
		log_line("warning: unable to start qmail-queue, will try later", 0, 0);
	close(s.notes);
	if (s.message >= 0)
		close(s.message);
	return ok;
}

void bounce_inject(uint64_t id, char const *sender, size_t n, bounce_ended *ended, int64_t now)
{
	if (find_queued(id) < queued.len) {
		ended(id, remove_queued(id), now);
	} else if (n == 4 && memcmp(sender, "#@[]", 4) == 0) {
		log_line("triple bounce: discarding ", queuefile_name(QPATH_BOUNCE, id), 0);
		ended(id, remove_notes(id), now);
	} else if (!start(id, sender, verp_owner(sender, n))) {
		ended(id, 0, now);
	} else {
		under_way.busy = 1;
		under_way.id = id;
		under_way.ended = ended;
		under_way.since = now;
		under_way.deadline = now + INJECT_SECONDS;
	}
}

void bounce_selprep(turn *t)
{
	turn_watch(t, injector_fd(), POLLIN);
	if (bounce_busy())
		turn_wake(t, under_way.deadline);
}

/* A queue program that does not come to an end must not keep all other bounces, or us when we are to stop. Killed
 * before it has seen the end of the envelope it has queued nothing; later, the bounce may go out twice. */
static void enforce_deadline(int64_t now)
{
	if (turn_stopping() && under_way.deadline > now + STOP_SECONDS)
		under_way.deadline = now + STOP_SECONDS;
	if (now < under_way.deadline)
		return;
	log_line("warning: the program that queues bounces takes too long: killed", 0, 0);
	injector_kill();
	under_way.deadline = now + STOP_SECONDS;        /* its end comes as a result */
}

static void log_sent(uint64_t id, unsigned long qp)
{
	log_text("bounce msg ");
	log_number(id);
	log_text(" qp ");
	log_number(qp);
	log_end();
}

static void settle(letter_result const *r, int64_t now)
{
	int ok = 0;

	switch (r->outcome) {
	case LETTER_SENT:
		log_sent(under_way.id, r->qp);
		if (queuefile_exists(QPATH_MESS, under_way.id, 0) == 0)
			damage_note(QPATH_MESS, under_way.id, no_message);
		ok = remove_queued(under_way.id);
		break;
	case LETTER_NOT_STARTED:
		log_line("warning: unable to start qmail-queue, will try later", 0, 0);
		break;
	default:
		log_line("warning: trouble injecting bounce message, will try later", 0, 0);
	}
	under_way.busy = 0;
	under_way.ended(under_way.id, ok, now);
}

/* Nobody can start another one now: that is for the next qmail-send. */
static void lose(int64_t now)
{
	if (bounce_busy())
		settle(&(letter_result){ .outcome = LETTER_FAILED, .qp = 0 }, now);
	log_line("alert: oh no! lost the process that queues bounces! dying...", 0, 0);
	turn_stop();
}

void bounce_do(turn const *t)
{
	letter_result r;
	injector_news news = INJECTOR_NOTHING;

	if (turn_ready(t, injector_fd()))
		news = injector_take(&r);
	if (news == INJECTOR_LOST)
		lose(t->now);
	else if (news == INJECTOR_RESULT && bounce_busy())
		settle(&r, t->now);
	else if (bounce_busy())
		enforce_deadline(t->now);
}
