/* SPDX-License-Identifier: ISC */

#ifndef EXPLAIN_SHOW_H
#define EXPLAIN_SHOW_H

#include <stddef.h>

#include <skalibs/stralloc.h>

#include "steps.h"

/* The steps as people and programs read them, appended to *out. 0 when out of memory. Whatever bytes an address
 * or a file has in it, what comes out is printable. */

/* show_text: a line a step. show_chart: the same as a road, from the address down to what becomes of its mail. */
extern int show_text(stralloc *out, char const *address, steps const *s);
extern int show_chart(stralloc *out, char const *address, steps const *s);

/* show_json: one object in one line, without a line end. code is the exit code for this address alone. */
extern int show_json(stralloc *out, char const *address, char const *sender, int code, steps const *s);

/* show_string: p[0..n) as a JSON string with its quotes. UTF-8 stays; a byte that is no part of any becomes the
 * text \xNN, and a backslash, so that it can be told from that, becomes the text of two. */
extern int show_string(stralloc *out, char const *p, size_t n);

#endif
