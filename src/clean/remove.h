/* SPDX-License-Identifier: ISC */

#ifndef CLEAN_REMOVE_H
#define CLEAN_REMOVE_H

#include <stdint.h>

#include "proto/clean.h"
#include "proto/qpath.h"

/* The current directory is the queue. */

/* remove_files: carry out a request: CLEAN_DONE, or CLEAN_FAILED as soon as a file cannot be removed; the
 * ones after it are then left. A file that is not there is fine. */
extern char remove_files(qpath_layout const *l, clean_verb verb, uint64_t id);

/* remove_stale: from pid/, what was last read or created 36 hours before now (seconds since 1970) or
 * earlier: no qmail-queue lives that long. Best effort. */
extern void remove_stale(int64_t now);

#endif
