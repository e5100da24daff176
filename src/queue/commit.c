/* SPDX-License-Identifier: ISC */

#include "queue/commit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sync.h"
#include "base/trigger.h"

/* The promise. Before exit 0 names are as durable as contents; before todo/N exists, everything that it
 * refers to is.
 *
 *   1  flush the directory of mess/S/N     the name of the text is on disk. intd/N needs none: the name
 *                                          that counts is the one in todo, and it is the same file
 *   2  flush mess/S/N and intd/N           so are text and envelope, complete
 *   3  link intd/N to todo/N               the message is queued, qmail-send may take it at once
 *   4  pull the trigger                    it does
 *   5  flush the directory of todo/N       the message is queued after a power cut, too
 *
 * Step 3 waits for 1 and 2 because a crash may keep the name todo/N and lose what was not flushed before
 * it: qmail-send would deliver a torn message or, without mess/S/N, none. Exit 0 waits for 5 because a
 * crash could take todo/N back, and what is left, S3, is removed unread after 36 hours. The trigger does not wait
 * for 5: qmail-send scans todo whenever it likes, so it must be right to deliver from step 3 on anyway. Before it
 * writes info/N, local/N or remote/N it does 5 itself (send/preprocess.c).
 *
 * Cost on a journalling file system: both files are written out before the first flush, so that one journal
 * commit serves the three flushes of 1 and 2. A directory's flush always commits what is under way, and while others
 * are at work something always is: so it comes first. The two that find it done cost a flush of the device's
 * cache at most; that they find it done is that file system's kindness, so they stay. Step 5 is the second
 * commit.
 *
 * A flush is never tried again after it failed: the kernel may have dropped the pages, and the second try
 * would say yes.
 *
 * After step 3 nothing is removed, even if step 5 fails: qmail-send may be at work on the message. It is
 * then delivered although we say it was not taken, and comes again: twice is better than never. */

static int open_dir(entry const *e, qpath_kind kind)
{
	char name[QPATH_FMT];

	qpath_dir_fmt(name, &e->layout, kind, e->id);
	return open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Whether the file holds as much as was written to it, or some layer below said yes to more than it took. */
static int has_size(int fd, uint64_t size)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (uint64_t)st.st_size == size;
}

/* A link that was reported as failed may be there all the same (EIO), or have been: qmail-send is fast. */
static int is_linked(entry const *e)
{
	struct stat st;

	return fstat(e->fd_intd, &st) < 0 || st.st_nlink != 1;
}

qq_exit commit(entry *e)
{
	int mess_dir = open_dir(e, QPATH_MESS);
	int todo_dir = open_dir(e, QPATH_TODO);

	/* Both are opened first: after step 3 only the disk may fail us, and of a flush that has failed for somebody else
	 * we are told, too. */
	if (mess_dir < 0)
		return QQ_MESS;
	if (todo_dir < 0)
		return QQ_TODO;
	if (!has_size(e->fd_mess, e->mess_size) || !has_size(e->fd_intd, e->intd_size))
		return QQ_WRITE;

	if (!sync_start(e->fd_mess) || !sync_wait(e->fd_intd) || !sync_wait(e->fd_mess))
		return QQ_WRITE;
	if (!sync_file(mess_dir) || !sync_file(e->fd_mess) || !sync_file(e->fd_intd))
		return QQ_WRITE;

	if (link(e->intd, e->todo) < 0) {
		if (is_linked(e))
			e->made = 0;
		return QQ_TODO;
	}
	e->made = 0;
	trigger_pull("lock/trigger");

	return sync_file(todo_dir) ? QQ_OK : QQ_WRITE;
}
