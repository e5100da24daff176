/* SPDX-License-Identifier: ISC */

#include "queue/entry.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/types.h>

#include "base/io.h"

enum { SEQUENCE_MAX = 9, FILE_MODE = 0644 };

static void pid_name(char *s, pid_t pid, int64_t now, unsigned int sequence)
{
	size_t n = strlen("pid/");

	memcpy(s, "pid/", n);
	n += uint64_fmt(s + n, (uint64_t)pid);
	s[n++] = '.';
	n += uint64_fmt(s + n, (uint64_t)now);
	s[n++] = '.';
	n += uint_fmt(s + n, sequence);
	s[n] = 0;
}

static int create(char const *name)
{
	return open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
}

static int name_all(entry *e)
{
	struct stat st;

	if (fstat(e->fd_mess, &st) < 0)
		return 0;
	e->id = st.st_ino;
	qpath_fmt(e->mess, &e->layout, QPATH_MESS, e->id);
	qpath_fmt(e->intd, &e->layout, QPATH_INTD, e->id);
	qpath_fmt(e->todo, &e->layout, QPATH_TODO, e->id);
	return 1;
}

/* Whether a todo/N is left of a message that is gone: where names are not journalled, a power cut may have
 * brought it back after its text was removed. A text by the number N would be taken for that message's, half
 * written as it is, and go to that message's recipients. */
static int is_haunted(entry const *e)
{
	struct stat st;

	return lstat(e->todo, &st) == 0;
}

qq_exit entry_create(entry *e, pid_t pid, int64_t now)
{
	unsigned int sequence;

	for (sequence = 1; sequence <= SEQUENCE_MAX; sequence++) {
		pid_name(e->pid, pid, now, sequence);
		e->fd_mess = create(e->pid);
		if (e->fd_mess < 0)
			continue;
		e->made |= ENTRY_PID;
		if (!name_all(e))
			return QQ_PID;
		if (!is_haunted(e))
			return QQ_OK;
		/* The file stays open, so that the next one has another number. */
		if (unlink(e->pid) < 0)
			return QQ_PID;
		e->made &= ~(unsigned int)ENTRY_PID;
	}
	return QQ_PID;
}

qq_exit entry_place(entry *e)
{
	if (link(e->pid, e->mess) < 0)
		return QQ_MESS;
	e->made |= ENTRY_MESS;
	if (unlink(e->pid) < 0)
		return QQ_PID;
	e->made &= ~(unsigned int)ENTRY_PID;
	return QQ_OK;
}

/* Whether intd/N is left over from another life of number N. Since mess/N is ours nobody else works on N;
 * a power cut may have kept the name in intd while the one in mess went. Left alone it would refuse every
 * message to which the file system gives this inode. One that is in todo is not a left-over. */
static int is_stale(entry const *e)
{
	struct stat st;

	return errno == EEXIST && lstat(e->todo, &st) < 0 && errno == ENOENT;
}

qq_exit entry_envelope(entry *e)
{
	e->fd_intd = create(e->intd);
	if (e->fd_intd < 0 && is_stale(e) && unlink(e->intd) == 0)
		e->fd_intd = create(e->intd);
	if (e->fd_intd < 0)
		return QQ_INTD;
	e->made |= ENTRY_INTD;
	return QQ_OK;
}

qq_exit entry_text(entry *e, char const *s, size_t n)
{
	e->mess_size += n;
	return io_writeall(e->fd_mess, s, n) ? QQ_OK : QQ_WRITE;
}

qq_exit entry_records(entry *e, char const *s, size_t n)
{
	e->intd_size += n;
	return io_writeall(e->fd_intd, s, n) ? QQ_OK : QQ_WRITE;
}

void entry_abandon(entry *e)
{
	/* mess goes last: as long as it is there, no other message can have our number. */
	if (e->made & ENTRY_INTD)
		unlink(e->intd);
	if (e->made & ENTRY_PID)
		unlink(e->pid);
	if (e->made & ENTRY_MESS)
		unlink(e->mess);
	e->made = 0;
}
