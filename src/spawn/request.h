/* SPDX-License-Identifier: ISC */

#ifndef SPAWN_REQUEST_H
#define SPAWN_REQUEST_H

#include <stddef.h>
#include <sys/types.h>

#include "proto/spawn.h"

/* request_refusal: the report (letter and text) for a request that must not be carried out by what it
 * says; null for a good one, with *at the offset of the last @ of its recipient. A message file is named
 * by digits and slashes alone and never from the root, so that no name leads out of queue/mess. */
extern char const *request_refusal(spawn_request const *r, size_t *at);

/* request_open: open a message in the current directory for reading from its start: a regular file that
 * belongs to owner. The descriptor, or -1 and *refusal. */
extern int request_open(char const *mess, uid_t owner, char const **refusal);

#endif
