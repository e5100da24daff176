/* SPDX-License-Identifier: ISC */

#include "mbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "base/samefile.h"
#include "base/sync.h"
#include "base/text.h"
#include "deadline.h"
#include "letter.h"
#include "message.h"

enum { LOCK_SECONDS = 30, TRIES = 5 };

static char const locked_text[] = "File has been locked for 30 seconds straight. (#4.3.0)";

typedef struct mbox
{
	char const *file;
	int fd;
	int locked;
	int regular;
	off_t end;              /* where we start */
} mbox;

/* Whether the name still leads to what we have opened and locked. */
static int is_current(mbox *m)
{
	struct stat opened;
	struct stat named;

	if (fstat(m->fd, &opened) < 0)
		return 0;
	m->regular = S_ISREG(opened.st_mode);
	m->end = m->regular ? opened.st_size : 0;
	return !m->regular
		|| (stat(m->file, &named) == 0 && samefile_is(&named, &opened));
}

/* A reader may move the mbox away or remove it while we wait for his lock, and what we wrote then nobody
 * would read: so look again, and start over with what is there now. 1, or 0 with *o set. */
static int open_box(outcome *o, mbox *m)
{
	unsigned int attempt;

	for (attempt = 0; attempt < TRIES; attempt++) {
		/* Without O_NONBLOCK a FIFO by this name would hold us for ever. */
		m->fd = open(m->file, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0600);
		if (m->fd < 0)
			return outcome_defer(o, "Unable to open ", m->file, "4.2.1");
		deadline_start(LOCK_SECONDS, locked_text, 0);
		/* A file system that has no locks is used without, as ever. */
		m->locked = flock(m->fd, LOCK_EX) == 0;
		deadline_stop();
		if (is_current(m))
			return 1;
		fd_close(m->fd);
	}
	errno = EBUSY;
	return outcome_defer(o, "Unable to write ", m->file, "4.3.0");
}

/* Make the name of an empty mbox durable before its first byte is written. An mbox with anything in it has
 * been through here, by whoever created it; so the flush of the file at the end is all that a message
 * needs, however the deliveries before it ended. 1, or 0 with errno. */
static int sync_name(mbox const *m)
{
	char *path = realpath(m->file, 0);
	char *slash;
	int ok;

	if (!path)
		return 0;
	slash = path + text_rchr(path, strlen(path), '/');
	slash[slash == path] = 0;
	ok = sync_names(path, m->fd);
	free(path);
	return ok;
}

/* 1 if the last message is cut off in the middle of a line: ours must start on its own. */
static int lacks_newline(mbox const *m)
{
	char c = '\n';
	int fd;

	if (!m->regular || m->end == 0)
		return 0;
	fd = open(m->file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (pread(fd, &c, 1, m->end - 1) != 1)
		c = '\n';
	fd_close(fd);
	return c != '\n';
}

static letter_status copy(mbox const *m, delivery const *d)
{
	static letter l;

	letter_start(&l, m->fd);
	if ((lacks_newline(m) && !letter_put(&l, "\n", 1))
	 || !letter_put(&l, d->ufline.s, d->ufline.len)
	 || !letter_put(&l, d->rpline.s, d->rpline.len)
	 || !letter_put(&l, d->dtline.s, d->dtline.len))
		return LETTER_UNWRITABLE;
	return letter_quote(&l);
}

/* EINVAL: a device (the null device, a printer) that has nothing to flush. It has been written. */
static int sync_box(mbox const *m)
{
	return sync_file(m->fd) || (errno == EINVAL && !m->regular);
}

/* Order: the name (of an empty mbox only), the message, the flush. */
static letter_status append(mbox const *m, delivery const *d)
{
	letter_status status;

	if (m->regular && m->end == 0 && !sync_name(m))
		return LETTER_UNWRITABLE;
	status = copy(m, d);
	return status == LETTER_WRITTEN && !sync_box(m) ? LETTER_UNWRITABLE : status;
}

/* A message that failed stays queued and will come again: cut the mbox back to where it began. Without
 * the lock that could cut off another's. When even that fails there is nothing more to be done about it. */
static void take_back(mbox const *m)
{
	if (m->regular && m->locked && ftruncate(m->fd, m->end) < 0)
		return;
}

int mbox_deliver(outcome *o, delivery const *d, char const *file)
{
	mbox m = { .file = file, .fd = -1 };
	letter_status status;

	if (!message_rewind(o))
		return 0;
	if (!open_box(o, &m))
		return 0;
	status = append(&m, d);
	if (status == LETTER_UNREADABLE)
		outcome_defer(o, "Unable to read message", "", "4.3.0");
	else if (status == LETTER_UNWRITABLE)
		outcome_defer(o, "Unable to write ", file, "4.3.0");
	if (status != LETTER_WRITTEN)
		take_back(&m);
	/* Flushed as it is, only a file server can still refuse; it may then be there twice, but not never. */
	if (close(m.fd) < 0 && status == LETTER_WRITTEN)
		return outcome_defer(o, "Unable to write ", file, "4.3.0");
	return status == LETTER_WRITTEN;
}
