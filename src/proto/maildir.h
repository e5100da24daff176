/* SPDX-License-Identifier: ISC */

#ifndef PROTO_MAILDIR_H
#define PROTO_MAILDIR_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The Maildir in the current directory (maildir(5)), as a reader found it. Others deliver to it,
 * read it, move, flag and remove messages meanwhile. */

typedef struct maildir_message
{
	char *name;             /* where it was last seen: new/... or cur/... */
	uint64_t size;          /* bytes on disk */
	int64_t mtime;          /* seconds, and nanoseconds below */
	uint64_t inode;         /* tells it from others of its name */
	uint32_t nanoseconds;
	int deleted;            /* it is to be removed */
} maildir_message;

typedef struct maildir
{
	maildir_message *messages;      /* oldest first */
	size_t n;
	size_t room;
} maildir;
#define MAILDIR_ZERO { .messages = 0, .n = 0, .room = 0 }

/* What has lain in tmp for this long without being read, nobody will finish. */
enum { MAILDIR_STALE_SECONDS = 129600 };

/* maildir_clean: remove such files. Best effort. */
extern void maildir_clean(int64_t now);

/* maildir_scan: list new and cur into *m: regular files whose name starts with no dot and that were last written
 * before this second. 1, or 0 with errno. */
extern int maildir_scan(maildir *m, int64_t now);

/* maildir_uid: the name without directory and flags; *n is its length. It stays the same wherever the
 * message goes. */
extern char const *maildir_uid(maildir_message const *x, size_t *n);

/* maildir_open: a descriptor to read it from, wherever it is by now; -1 with errno.
 * maildir_remove: remove it; it is no failure if somebody else has. 1, or 0 with errno.
 * maildir_keep: if it is in new, move it to cur as a message that was seen by a reader. Another file there
 * is never replaced. Best effort. */
extern int maildir_open(maildir_message *x);
extern int maildir_remove(maildir_message *x);
extern void maildir_keep(maildir_message *x);

extern void maildir_free(maildir *m);

#endif
