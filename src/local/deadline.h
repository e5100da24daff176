/* SPDX-License-Identifier: ISC */

#ifndef LOCAL_DEADLINE_H
#define LOCAL_DEADLINE_H

/* A step that may hang in the kernel (a lock, a dead file server) ends the process in time. */

/* deadline_start: unless deadline_stop comes within that many seconds, unlink file (if not null), write
 * text and a newline to descriptor 2 and exit 111. text and file must stay where they are until then. */
extern void deadline_start(unsigned int seconds, char const *text, char const *file);
extern void deadline_stop(void);

#endif
