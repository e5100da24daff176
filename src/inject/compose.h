/* SPDX-License-Identifier: ISC */

#ifndef INJECT_COMPOSE_H
#define INJECT_COMPOSE_H

#include <skalibs/stralloc.h>

#include "inject/header.h"

/* compose_header: the header as it goes out, appended to *sa up to, and not including, what h->text holds:
 * the fields that were missing. 1, or 0 and *h->fault. */
extern int compose_header(stralloc *sa, header const *h);

/* compose_return_path: append the field that shows an envelope sender. 0: no memory. */
extern int compose_return_path(stralloc *sa, char const *sender);

#endif
