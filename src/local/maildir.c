/* SPDX-License-Identifier: ISC */

#include "maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/djbunix.h>
#include <skalibs/types.h>

#include "base/errtemp.h"
#include "base/errtext.h"
#include "base/sync.h"
#include "deadline.h"
#include "letter.h"
#include "message.h"

enum { TRIES = 3, HOURS_24 = 86400, HOST_SIZE = 256 };

static char const unread_text[] = "Unable to read message. (#4.3.0)";
static char const timeout_text[] = "Timeout on maildir delivery. (#4.3.0)";
static char const trouble_text[] = "Temporary error on maildir delivery. (#4.3.0)";
static char const noentry_text[] = "Unable to chdir to maildir. (#4.2.1)";

static int cat_number(stralloc *sa, char const *label, uint64_t n, int hex)
{
	char fmt[UINT64_FMT];
	size_t len = hex ? uint64_xfmt(fmt, n) : uint64_fmt(fmt, n);

	return stralloc_cats(sa, label) && stralloc_catb(sa, fmt, len);
}

static int cat_host(stralloc *sa, char const *host)
{
	for (; *host; host++) {
		if (*host == '/' || *host == ':') {
			if (!stralloc_cats(sa, *host == '/' ? "\\057" : "\\072"))
				return 0;
		} else if (!stralloc_append(sa, *host)) {
			return 0;
		}
	}
	return 1;
}

static int cat_birth(stralloc *sa, maildir_birth const *b)
{
	return cat_number(sa, "", (uint64_t)b->sec, 0)
		&& cat_number(sa, ".M", (uint64_t)b->usec, 0)
		&& cat_number(sa, "P", b->pid, 0);
}

int maildir_tmpname(stralloc *sa, maildir_birth const *b, unsigned int attempt)
{
	return cat_birth(sa, b)
		&& cat_number(sa, "Q", attempt, 0)
		&& stralloc_append(sa, '.')
		&& cat_host(sa, b->host);
}

int maildir_name(stralloc *sa, maildir_birth const *b)
{
	return cat_birth(sa, b)
		&& cat_number(sa, "V", (uint64_t)b->dev, 1)
		&& cat_number(sa, "I", (uint64_t)b->ino, 1)
		&& stralloc_append(sa, '.')
		&& cat_host(sa, b->host)
		&& cat_number(sa, ",S=", b->size, 0);
}

/* The pieces of one delivery. */
typedef struct parcel
{
	char const *dir;
	stralloc tmp;           /* dir/tmp/name, NUL-terminated, as are the next two */
	stralloc new;           /* dir/new/name */
	stralloc newdir;
	maildir_birth birth;
	int fd;
	char const *sub;        /* what is being worked on below dir: tmp or new */
	char const *hint;
} parcel;

static int start_path(stralloc *sa, char const *dir, char const *sub)
{
	return stralloc_copys(sa, dir) && stralloc_cats(sa, sub);
}

/* Open a file in tmp that nobody else has. A name that is taken (a clock that was set back) is not
 * waited for: the next one is different. 1, or 0 with errno. */
static int open_tmp(parcel *p)
{
	unsigned int attempt;

	for (attempt = 0; attempt < TRIES; attempt++) {
		struct timespec now;

		if (clock_gettime(CLOCK_REALTIME, &now) < 0)
			return 0;
		p->birth.sec = now.tv_sec;
		p->birth.usec = now.tv_nsec / 1000;
		if (!start_path(&p->tmp, p->dir, "tmp/") || !maildir_tmpname(&p->tmp, &p->birth, attempt) || !stralloc_0(&p->tmp))
			return 0;
		p->fd = open(p->tmp.s, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (p->fd >= 0)
			return 1;
		if (errno != EEXIST)
			return 0;
	}
	return 0;
}

static letter_status copy(parcel *p, delivery const *d)
{
	static letter l;
	letter_status status;

	letter_start(&l, p->fd);
	if (!letter_put(&l, d->rpline.s, d->rpline.len) || !letter_put(&l, d->dtline.s, d->dtline.len))
		return LETTER_UNWRITABLE;
	status = letter_copy(&l);
	p->birth.size = l.size;
	return status;
}

static int name_new(parcel *p)
{
	struct stat st;

	if (fstat(p->fd, &st) < 0)
		return 0;
	p->birth.dev = st.st_dev;
	p->birth.ino = st.st_ino;
	return start_path(&p->newdir, p->dir, "new")
		&& stralloc_0(&p->newdir)
		&& start_path(&p->new, p->dir, "new/")
		&& maildir_name(&p->new, &p->birth)
		&& stralloc_0(&p->new);
}

static int take_back(parcel const *p)
{
	int e = errno;

	unlink(p->new.s);
	errno = e;
	return 0;
}

/* A link that was reported as failed may be there all the same (EIO, or an answer that a network lost). The name may
 * also be another message's. */
static int is_linked(parcel const *p)
{
	int e = errno;
	struct stat st;
	int linked = lstat(p->new.s, &st) == 0 && st.st_dev == p->birth.dev && st.st_ino == p->birth.ino;

	errno = e;
	return linked;
}

/* The promise of a maildir: once we say yes the message is in new/, whole, also after a power cut; and at
 * no time is there anything in new/ but whole messages, also after a power cut.
 *   1 fsync the file: its bytes are on disk before any name in new/ can be. A name flushed earlier could
 *     outlive a crash that its bytes do not (no file system orders the two unless told).
 *   2 link it into new/: link, not rename, fails if the name is there, and nothing is overwritten.
 *   3 fsync new/: the name is on disk. An fsync of the file flushes its name on some file systems only.
 *   4 unlink from tmp/: last, and not flushed. Until here a crash leaves a second name, that of a whole
 *     file in tmp/, where cleaners find it.
 * A failure in 2 or 3 takes the name back, for the message stays queued and will come again. */
static int commit(parcel *p)
{
	if (!sync_file(p->fd))
		return 0;
	p->sub = "new";
	if (link(p->tmp.s, p->new.s) < 0)
		return is_linked(p) ? take_back(p) : 0;
	if (!sync_names(p->newdir.s, p->fd) || close(p->fd) < 0)
		return take_back(p);
	p->fd = -1;
	unlink(p->tmp.s);
	return 1;
}

/* What is behind the text that has been the same for whatever goes wrong: where, and what the system says. Where it is
 * only that tmp or new is missing or not ours, or the limit on file sizes, the text has always stood alone. */
static char const *because(parcel const *p)
{
	static stralloc hint = STRALLOC_ZERO;
	char const *text = errtext(errno);

	if (errno == ENOENT || errno == EACCES || errno == EFBIG)
		return 0;
	if (!stralloc_copys(&hint, "could not be written (") || !stralloc_cats(&hint, p->sub) || !stralloc_cats(&hint, ": ")
	 || !stralloc_cats(&hint, text) || !stralloc_cats(&hint, ")") || !stralloc_0(&hint))
		return 0;
	return hint.s;
}

/* No file in tmp: is it that there is no maildir, or none for us? */
static char const *open_trouble(parcel *p)
{
	p->hint = because(p);
	if (errtemp(errno) || faccessat(AT_FDCWD, p->dir, X_OK, AT_EACCESS) == 0 || errtemp(errno))
		return trouble_text;
	p->hint = 0;
	if (errno == ENOENT || errno == ENOTDIR)
		p->hint = "is no directory; make it with maildirmake";
	return noentry_text;
}

static char const *unwritten(parcel *p)
{
	p->hint = because(p);
	return trouble_text;
}

static char const *deliver(parcel *p, delivery const *d)
{
	char const *trouble = 0;

	if (!open_tmp(p))
		return open_trouble(p);
	deadline_start(HOURS_24, timeout_text, p->tmp.s);
	switch (copy(p, d)) {
	case LETTER_WRITTEN:
		if (!name_new(p) || !commit(p))
			trouble = unwritten(p);
		break;
	case LETTER_UNREADABLE:
		trouble = unread_text;
		break;
	case LETTER_UNWRITABLE:
		trouble = unwritten(p);
	}
	deadline_stop();
	if (trouble) {
		unlink(p->tmp.s);
		if (p->fd >= 0)
			fd_close(p->fd);
	}
	return trouble;
}

int maildir_deliver(outcome *o, delivery const *d, char const *dir)
{
	/* No child and no chdir: paths from the home do, and a process start is the dearest thing here. */
	char host[HOST_SIZE] = "";
	parcel p = { .dir = dir, .tmp = STRALLOC_ZERO, .new = STRALLOC_ZERO, .newdir = STRALLOC_ZERO, .fd = -1,
		.sub = "tmp", .hint = 0 };
	char const *trouble;

	if (!message_rewind(o))
		return 0;
	p.birth.host = gethostname(host, sizeof host - 1) == 0 && *host ? host : "localhost";
	p.birth.pid = (unsigned long)getpid();
	trouble = deliver(&p, d);
	stralloc_free(&p.tmp);
	stralloc_free(&p.new);
	stralloc_free(&p.newdir);
	if (!trouble)
		return 1;
	outcome_set(o, OUTCOME_DEFERRED, trouble, (char *)0);
	o->hint = p.hint;
	return 0;
}
