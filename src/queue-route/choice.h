/* SPDX-License-Identifier: ISC */

#ifndef QUEUE_ROUTE_CHOICE_H
#define QUEUE_ROUTE_CHOICE_H

#include <stddef.h>

#include "base/constmap.h"
#include "base/control.h"

/* control/queueroutes: lines pattern:program. route/pattern.h says what a pattern fits. */

typedef struct choice_table
{
	control_list list;
	constmap map;
} choice_table;
#define CHOICE_TABLE_ZERO { .list = CONTROL_LIST_ZERO, .map = CONSTMAP_ZERO }

typedef enum choice_status
{
	CHOICE_DEFAULT,         /* no line, or one without a program */
	CHOICE_PROGRAM,
	CHOICE_NOCOLON,         /* the line meant for this sender has something else than a colon */
	CHOICE_BLANK,           /* a blank stands before the program: there is no file of that name */
} choice_status;

typedef struct choice
{
	char const *program;    /* NUL-terminated; points into the table */
	size_t index;           /* of the line in the list, unless CHOICE_DEFAULT without a line */
} choice;

/* choice_make: the queue program for a message of sender[0..n). *c is filled unless CHOICE_DEFAULT. */
extern choice_status choice_make(choice *c, choice_table const *t, char const *sender, size_t n);

#endif
