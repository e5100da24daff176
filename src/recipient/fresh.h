/* SPDX-License-Identifier: ISC */

#ifndef RECIPIENT_FRESH_H
#define RECIPIENT_FRESH_H

#include <sys/stat.h>
#include <time.h>

/* An editor that saves a file empties it and then writes it, or puts it aside and then makes a new one. Who reads it in
 * between finds nobody where there is somebody. So what has just changed proves nothing: neither a file that is there,
 * nor, where there is none, its directory. */

enum { FRESH_SECONDS = 2 };

/* fresh_at: whether what st is of was changed (mtime or ctime) less than that long before now, a moment on the clock of
 * the system. A time that lies as far ahead counts too, and no more: where the clock was set back, what was changed
 * last year need not wait for a year. fresh_file: by name and now; what is not there is not fresh. */
extern int fresh_at(struct stat const *st, struct timespec now);
extern int fresh_file(char const *name);

#endif
