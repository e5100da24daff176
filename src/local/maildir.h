/* SPDX-License-Identifier: ISC */

#ifndef LOCAL_MAILDIR_H
#define LOCAL_MAILDIR_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "outcome.h"
#include "route/delivery.h"

/* maildir_deliver: the message as a new file in the maildir dir, whose name ends with a slash. When it
 * returns 1 the file is whole and on disk under its name in new/. 0: *o set, nothing is left behind. */
extern int maildir_deliver(outcome *o, delivery const *d, char const *dir);

/* maildir_name: append the name of a message, as maildir(5) has it, without directory. pid, host and the
 * time make it ours, device and inode make it one of its kind while the file lives; the size follows for
 * those who count quotas. / and : in host are written \057 and \072. 0 when out of memory. */
typedef struct maildir_birth
{
	int64_t sec;
	long usec;
	unsigned long pid;
	dev_t dev;
	ino_t ino;
	uint64_t size;
	char const *host;
} maildir_birth;

extern int maildir_name(stralloc *sa, maildir_birth const *b);

/* maildir_tmpname: the same for the time in tmp/, before there is a file: the time, the pid, the number
 * of the attempt. */
extern int maildir_tmpname(stralloc *sa, maildir_birth const *b, unsigned int attempt);

#endif
