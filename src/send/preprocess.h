/* SPDX-License-Identifier: ISC */

#ifndef SEND_PREPROCESS_H
#define SEND_PREPROCESS_H

#include <stddef.h>
#include <stdint.h>

#include <skalibs/stralloc.h>

#include "proto/qpath.h"

/* Rewriting the envelope of one new message: from todo/N to info/N, local/N and remote/N. */

/* The files a message gets, in the order they are made durable. */
enum { PREPROCESS_INFO, PREPROCESS_LOCAL, PREPROCESS_REMOTE, PREPROCESS_FILES };
extern qpath_kind const preprocess_kinds[PREPROCESS_FILES];

typedef struct preprocess
{
	uint64_t id;
	int fds[PREPROCESS_FILES];      /* -1: no such file, or closed */
	int has[PREPROCESS_FILES];
	int failed;                     /* for the caller */
	int again;                      /* after trouble: it is with writing, and may soon be over */
	stralloc lines;                 /* for the log, when the turn of the message comes */
} preprocess;

/* preprocess_write: write the files of message id, removing what an earlier attempt left. They are open and
 * not durable yet. Returns the size of the envelope, or 0 after trouble, which is logged: then nothing is
 * open, and the message is to stay in todo. A message of any size takes a few blocks of memory. */
extern size_t preprocess_write(preprocess *e, uint64_t id);

/* preprocess_close: the files that are still open. */
extern void preprocess_close(preprocess *e);

#endif
