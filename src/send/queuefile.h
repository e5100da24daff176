/* SPDX-License-Identifier: ISC */

#ifndef SEND_QUEUEFILE_H
#define SEND_QUEUEFILE_H

#include <errno.h>
#include <stdint.h>
#include <sys/types.h>

#include <skalibs/stralloc.h>

#include "proto/qpath.h"

/* The files of the queue in the current directory, by kind and message number. */

/* queuefile_detect: find out the layout; before anything else here. 1, or 0 with errno. */
extern int queuefile_detect(void);
extern qpath_layout const *queuefile_layout(void);

/* queuefile_name: relative to the queue, NUL-terminated, until the next call. */
extern char const *queuefile_name(qpath_kind k, uint64_t id);

/* queuefile_exists: 1, 0, or -1 with errno when it cannot be told. Whatever goes by the name is there, be it a
 * link to nowhere. If *mtime is wanted (not null), it is set to the time of the last change. */
extern int queuefile_exists(qpath_kind k, uint64_t id, int64_t *mtime);

/* queuefile_remove: 1 when it is gone, also if it was never there; 0 with errno. */
extern int queuefile_remove(qpath_kind k, uint64_t id);

/* queuefile_open: close-on-exec, flags as for open(2), mode 0600 for a new file. -1 with errno. Never waits, and
 * takes files only: anything else by the name is QUEUEFILE_ODD, a symbolic link ELOOP. queuefile_odd: whether this
 * errno of an open tells that what is there can not be meant, so that trying again will not help. */
enum { QUEUEFILE_ODD = ENODEV };
extern int queuefile_open(qpath_kind k, uint64_t id, int flags);
extern int queuefile_odd(int e);

/* queuefile_info: sender and birth of a message into *sender (no final NUL) and *birth.
 * 1, or 0 with errno (EPROTO: the file is damaged). */
extern int queuefile_info(stralloc *sender, int64_t *birth, uint64_t id);

#endif
