/* SPDX-License-Identifier: ISC */

#ifndef BASE_TRIGGER_H
#define BASE_TRIGGER_H

/* A fifo that wakes one process when others have left work for it. */

/* trigger_pull: whoever waits at the fifo wakes up. Never blocks; nobody waiting, or no fifo, is no
 * trouble, since the work is found at the next scan. SIGPIPE must be ignored. */
extern void trigger_pull(char const *fifo);

/* trigger_arm: close *fd, if it is not -1, and open the fifo anew, close-on-exec and non-blocking.
 * 1, or 0 with errno and *fd -1.
 *
 * The waiting side arms before it scans for work, then polls *fd for reading, and when it is readable
 * arms again and scans again, in that order: work left between scan and poll has made it readable. It
 * never reads: a fifo that has lost its last writer stays readable until it is opened anew. */
extern int trigger_arm(int *fd, char const *fifo);

#endif
