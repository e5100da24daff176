/* SPDX-License-Identifier: ISC */

#ifndef MAIL_CROWDED_H
#define MAIL_CROWDED_H

#include <stddef.h>

/* crowded_is: whether the reply s[0..n) to RCPT means that this message has recipients enough, so that the next one
 * is welcome in a message of its own: 452, 552 (RFC 5321 4.5.3.1.10), or a status of 4.5.3 or 5.5.3 behind any
 * refusal (RFC 3463). Only the first line is looked at. Pure. */
extern int crowded_is(char const *s, size_t n);

#endif
