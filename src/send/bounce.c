/* SPDX-License-Identifier: ISC */

#include "send/bounce.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/djbunix.h>
#include <skalibs/types.h>

#include "base/child.h"
#include "base/io.h"
#include "base/sync.h"
#include "mail/bounce.h"
#include "proto/qq.h"
#include "route/verp.h"
#include "send/controls.h"
#include "send/damage.h"
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

int bounce_append(uint64_t id, char const *recipient, size_t recipientlen, char const *text, size_t n)
{
	static stralloc note = STRALLOC_ZERO;
	size_t prepend = rewrite_undo(&controls.tables, recipient, recipientlen);
	int name_pending = 0;

	do
		note.len = 0;
	while (!bounce_paragraph(&note, recipient + prepend, recipientlen - prepend, text, n) && (log_nomem(), 1));
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

/* Handing a message to the queue takes as long as the message is big and as the queue program likes, so a
 * child does it; what it finds out comes through a pipe. */
enum { RESULT_SENT = 'K', RESULT_FAILED = 'Z', RESULT_NOT_STARTED = 'S' };

typedef struct result
{
	char letter;
	unsigned long qp;
} result;

static struct {
	pid_t pid;              /* 0: nothing under way */
	int fd;
	uint64_t id;
	int64_t since;
	int64_t deadline;
	bounce_ended *ended;
	result r;
} under_way = { .fd = -1 };

/* Where a bounce comes from: descriptors. message is -1 when it is gone. */
typedef struct source
{
	int notes;
	int message;
} source;

/* The first max bytes of a file, closing it. */
static void put_start(qq *q, int fd, uint64_t max)
{
	char block[8192];

	while (max) {
		ssize_t r = io_read(fd, block, max < sizeof block ? (size_t)max : sizeof block, 0);

		if (r <= 0) {
			if (r < 0)
				qq_fail(q);
			break;
		}
		qq_put(q, block, (size_t)r);
		max -= (uint64_t)r;
	}
	close(fd);
}

static void put_or_fail(qq *q, stralloc *sa, int ok)
{
	if (ok)
		qq_put(q, sa->s, sa->len);
	else
		qq_fail(q);
	stralloc_free(sa);
}

/* fd: of the message, or -1 when it is gone. */
static void put_message(qq *q, int fd)
{
	uint64_t max = controls.bouncemaxbytes ? controls.bouncemaxbytes : UINT64_MAX;
	stralloc sa = STRALLOC_ZERO;
	struct stat st;

	if (fd < 0) {
		put_or_fail(q, &sa, bounce_missing(&sa));
	} else if (fstat(fd, &st) < 0) {
		qq_fail(q);
		close(fd);
	} else {
		put_start(q, fd, max);
		if ((uint64_t)st.st_size > max)
			put_or_fail(q, &sa, bounce_cut(&sa, (uint64_t)st.st_size));
	}
}

static void put_text(qq *q, int (*put)(stralloc *, bounce_letter const *), bounce_letter const *l)
{
	stralloc sa = STRALLOC_ZERO;

	put_or_fail(q, &sa, put(&sa, l));
}

static result send_letter(source const *s, bounce_letter const *l)
{
	static qq q;

	if (!qq_open(&q))
		return (result){ .letter = RESULT_NOT_STARTED, .qp = 0 };
	put_text(&q, bounce_head, l);
	put_start(&q, s->notes, UINT64_MAX);
	put_text(&q, bounce_foot, l);
	put_message(&q, s->message);
	if (l->senderlen)
		qq_from(&q, "", 0);
	else
		qq_from(&q, "#@[]", 4);
	qq_to(&q, l->to, l->tolen);
	if (*qq_close(&q))
		return (result){ .letter = RESULT_FAILED, .qp = 0 };
	return (result){ .letter = RESULT_SENT, .qp = qq_qp(&q) };
}

/* A group of its own: should the queue program hang, both are killed together.
 * If we are killed, so is the child, and qmail-queue, not having seen the end, queues nothing: the next
 * qmail-send starts over. Signals meant for us do not concern it; what it starts has none blocked. */
static _Noreturn void be_child(int fd, pid_t parent, source const *s, bounce_letter const *l)
{
	sigset_t all;
	result r;

	setpgid(0, 0);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	r = send_letter(s, l);
	io_writeall(fd, (char const *)&r, sizeof r);
	_exit(0);
}

static int start_child(source const *s, bounce_letter const *l)
{
	pid_t parent = getpid();
	int p[2];

	if (pipecoe(p) < 0)
		return 0;
	under_way.pid = fork();
	if (under_way.pid == 0) {
		close(p[0]);
		be_child(p[1], parent, s, l);
	}
	close(p[1]);
	if (under_way.pid > 0)
		setpgid(under_way.pid, under_way.pid);  /* whoever comes first */
	if (under_way.pid < 0) {
		close(p[0]);
		under_way.pid = 0;
		return 0;
	}
	under_way.fd = p[0];
	return 1;
}

static bounce_letter address_letter(char const *sender, size_t n)
{
	bounce_letter l = {
		.date = time(0),
		.from = controls.bouncefrom.s, .fromlen = controls.bouncefrom.len,
		.host = controls.bouncehost.s, .hostlen = controls.bouncehost.len,
		.to = sender, .tolen = n, .sender = sender, .senderlen = n,
	};

	if (n == 0) {
		l.to = controls.doublebounceto.s;
		l.tolen = controls.doublebounceto.len;
	}
	return l;
}

static int remove_notes(uint64_t id)
{
	if (queuefile_remove(QPATH_BOUNCE, id))
		return 1;
	log_line("warning: unable to unlink ", queuefile_name(QPATH_BOUNCE, id), "; will try again later");
	return 0;
}

int bounce_busy(void)
{
	return under_way.pid > 0;
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

static int start(uint64_t id, bounce_letter const *l)
{
	source s;
	int ok;

	if (!open_source(&s, id))
		return 0;
	ok = start_child(&s, l);
	if (!ok)
		log_line("warning: unable to start qmail-queue, will try later", 0, 0);
	close(s.notes);
	if (s.message >= 0)
		close(s.message);
	return ok;
}

void bounce_inject(uint64_t id, char const *sender, size_t n, bounce_ended *ended, int64_t now)
{
	bounce_letter l = address_letter(sender, verp_owner(sender, n));

	if (n == 4 && memcmp(sender, "#@[]", 4) == 0) {
		log_line("triple bounce: discarding ", queuefile_name(QPATH_BOUNCE, id), 0);
		ended(id, remove_notes(id), now);
	} else if (!start(id, &l)) {
		ended(id, 0, now);
	} else {
		under_way.id = id;
		under_way.ended = ended;
		under_way.since = now;
		under_way.deadline = now + INJECT_SECONDS;
		under_way.r.letter = RESULT_FAILED;
	}
}

void bounce_selprep(turn *t)
{
	if (!bounce_busy())
		return;
	turn_watch(t, under_way.fd, POLLIN);
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
	kill(-under_way.pid, SIGKILL);
	kill(under_way.pid, SIGKILL);
	under_way.deadline = now + STOP_SECONDS;        /* its end is seen as the end of the pipe */
}

static void log_sent(uint64_t id, unsigned long qp)
{
	log_text("bounce msg ");
	log_number(id);
	log_text(" qp ");
	log_number(qp);
	log_end();
}

/* All of it, in as many pieces as it comes: a part of it that was taken for a failure would be a second letter. */
static int read_result(result *r)
{
	size_t n = 0;

	while (n < sizeof *r) {
		ssize_t took = io_read(under_way.fd, (char *)r + n, sizeof *r - n, 0);

		if (took <= 0)
			return 0;
		n += (size_t)took;
	}
	return 1;
}

/* The child writes its result or nothing, and is gone soon after. */
static void reap(void)
{
	int status;
	result r = { .letter = RESULT_FAILED, .qp = 0 };

	if (!read_result(&r))
		r.letter = RESULT_FAILED;
	close(under_way.fd);
	child_wait(under_way.pid, &status);
	under_way.pid = 0;
	under_way.fd = -1;
	under_way.r = r;
}

void bounce_do(turn const *t)
{
	int ok = 0;

	if (!bounce_busy())
		return;
	if (!turn_ready(t, under_way.fd)) {
		enforce_deadline(t->now);
		return;
	}
	reap();
	switch (under_way.r.letter) {
	case RESULT_SENT:
		log_sent(under_way.id, under_way.r.qp);
		if (queuefile_exists(QPATH_MESS, under_way.id, 0) == 0)
			damage_note(QPATH_MESS, under_way.id, no_message);
		ok = remove_notes(under_way.id);
		break;
	case RESULT_NOT_STARTED:
		log_line("warning: unable to start qmail-queue, will try later", 0, 0);
		break;
	default:
		log_line("warning: trouble injecting bounce message, will try later", 0, 0);
	}
	under_way.ended(under_way.id, ok, t->now);
}
