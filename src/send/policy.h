/* SPDX-License-Identifier: ISC */

#ifndef SEND_POLICY_H
#define SEND_POLICY_H

#include <stddef.h>

/* Numbers that hold for some domains only: control/queuelifetimes (pattern:seconds, by sender) and
 * control/concurrencydomains (pattern:N, by recipient). route/pattern.h says what a pattern fits. */

/* policy_load: read both anew; the current directory is the home. 1; or 0 with errno and *failed, the file that
 * cannot be read: then both stay as they were. */
extern int policy_load(char const **failed);

/* policy_lifetime: of a message of sender[0..n), in seconds; otherwise if no line says anything.
 * policy_concurrency: how many deliveries to a domain, or to one address of it, may be under way at once; UINT_MAX: any
 * number. *whole becomes whether the line is about that address alone. */
extern unsigned int policy_lifetime(char const *sender, size_t n, unsigned int otherwise);
extern unsigned int policy_concurrency(char const *recipient, size_t n, int *whole);

/* policy_generation: another number when the lines about concurrency have become others. */
extern unsigned int policy_generation(void);

/* policy_remark: log the lines that count for nothing, with file, line and cure; once for each load. */
extern void policy_remark(void);

#endif
