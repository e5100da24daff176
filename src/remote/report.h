/* SPDX-License-Identifier: ISC */

#ifndef REMOTE_REPORT_H
#define REMOTE_REPORT_H

#include <stddef.h>

/* qmail-remote's answer on descriptor 1: reports that start with a letter and end with NUL. First one for
 * each recipient (r accepted, h and s refused for good and for now), then one for the message (K accepted,
 * Z and D failed for now and for good). Our caller gives the texts on to the log and to bounces.
 *
 * When descriptor 1 cannot be written to there is nobody left to tell: write errors are ignored. */

/* report_puts: text. report_put: bytes from outside; a NUL among them becomes a question mark.
 * report_end: the end of one report. report_flush: out with what was put so far. report_drop: forget what was
 * put since the last flush; what no longer fitted into the buffer is out. */
extern void report_puts(char const *s);
extern void report_put(char const *s, size_t n);
extern void report_end(void);
extern void report_flush(void);
extern void report_drop(void);

/* report_message: a whole report: text, newline, end. */
extern void report_message(char const *text);

#endif
