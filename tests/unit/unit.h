/* SPDX-License-Identifier: ISC */

#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Run every row of a table of cases whose first member is its name, so that a failure says which. */
#define UNIT_EACH(c, table) \
	for ((c) = (table); (c) < (table) + sizeof (table) / sizeof (table)[0]; (c)++)

#endif
