/* SPDX-License-Identifier: ISC */

#ifndef ROUTE_ENVIRONMENT_H
#define ROUTE_ENVIRONMENT_H

#include "route/delivery.h"

/* environment_make: what programs are told about the delivery (qmail-command(8)), appended to *sa as
 * NAME=value NUL, one after another. default_part is $DEFAULT, null for none: then an inherited one stays.
 * 0 when out of memory. */
extern int environment_make(stralloc *sa, delivery const *d, char const *default_part);

#endif
