/* SPDX-License-Identifier: ISC */

#ifndef LOCAL_INHERIT_H
#define LOCAL_INHERIT_H

#include "route/delivery.h"

/* inherit_environment: put what programs are told about the delivery (route/environment.h) over our own
 * environment, for every program started from here on. 0 when out of memory. */
extern int inherit_environment(delivery const *d, char const *default_part);

#endif
