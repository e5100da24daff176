/* SPDX-License-Identifier: ISC */

#ifndef SEND_LOG_H
#define SEND_LOG_H

#include <stddef.h>
#include <stdint.h>

/* The activity log on descriptor 0 (qmail-log(5)). A line is put together, then written at once; those of a turn of
 * the loop are written together.
 *
 * A log that cannot be written must not stop the mail for good: when the reader has stood still for half
 * a minute, lines are dropped, and counted, until it reads again. */

/* The pieces of a line. log_safe: text from outside, with what could break or forge a line replaced.
 * log_end adds the newline and writes. */
extern void log_text(char const *s);
extern void log_number(uint64_t n);
extern void log_safe(char const *s, size_t n);
extern void log_end(void);

/* log_raw: whole lines that were put together before, newlines included. */
extern void log_raw(char const *s, size_t n);

/* log_hold: lines are kept from now on, a few of them. log_let_go: they are written, and others at once again. Whatever
 * pauses here writes them first. */
extern void log_hold(void);
extern void log_let_go(void);

/* log_line: one line of up to three pieces (null: no such piece). */
extern void log_line(char const *a, char const *b, char const *c);

/* log_nomem: say that there is no memory, and sleep. For loops that try again until it works: the state
 * of the queue is never given up for want of memory. */
extern void log_nomem(void);

/* log_pause: a line as log_line, then sleep before the next attempt at something that must work. */
extern void log_pause(char const *a, char const *b, char const *c);

#endif
