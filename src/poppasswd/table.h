/* SPDX-License-Identifier: ISC */

#ifndef POPPASSWD_TABLE_H
#define POPPASSWD_TABLE_H

#include <stddef.h>

#include <skalibs/stralloc.h>

#include "proto/poppasswd.h"

/* The text of users/poppasswd, with one account changed, and the cdb of it. */

typedef enum
{
	TABLE_KEEP,             /* leave the text as it is */
	TABLE_PUT,              /* the account has this line, in place of an old one or at the end */
	TABLE_REPASSWORD,       /* the account gets this hash and keeps all else */
	TABLE_REMOVE,
} table_action;

typedef enum
{
	TABLE_OK,
	TABLE_ABSENT,           /* there is no such account to change or remove */
	TABLE_BAD,              /* the line cannot be understood */
	TABLE_TWICE,            /* the line is about an account that has one further up */
	TABLE_NOMEM,
	TABLE_ERROR,            /* errno */
} table_status;

typedef struct table_fault
{
	unsigned long line;     /* counted from 1 */
	char const *problem;    /* TABLE_BAD: what is wrong, and the cure */
} table_fault;

/* table_edit: append to *after the text s[0..n) with action done to the account l->field[POPPASSWD_NAME].
 * Comments and the order of lines stay. Every line is looked at. */
extern table_status table_edit(stralloc *after, char const *s, size_t n, table_action action, poppasswd_line const *l,
	table_fault *fault);

/* table_compile: write the cdb of the text s[0..n) to fd. */
extern table_status table_compile(int fd, char const *s, size_t n, table_fault *fault);

#endif
