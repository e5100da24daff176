/* SPDX-License-Identifier: ISC */

#ifndef PROTO_INTAKE_H
#define PROTO_INTAKE_H

#include <stdint.h>

#include "mail/hops.h"
#include "mail/received.h"
#include "proto/qq.h"

/* A message on its way from the network to the queue program: with a Received field in front, its hops
 * counted, its size limited. The envelope goes straight to queue (proto/qq.h). */
typedef struct intake
{
	qq queue;
	hops hops;              /* fed by the caller, with what the client sent */
	uint64_t size;          /* of the text, without our field */
	uint64_t limit;         /* 0: none */
} intake;

/* intake_open: start the queue program and give it the field. limit is the largest size that is taken.
 * The memory guard is lifted meanwhile. 1, or 0 when there is no process, pipe or memory to be had. */
extern int intake_open(intake *t, received const *from, int64_t now, uint64_t limit);

/* intake_text: the next s[0..n) of the text. Once the message is to be refused the queue gets no more of it. */
extern void intake_text(intake *t, char const *s, size_t n);

/* intake_refusal: why the message cannot be taken, as a text for its sender, permanent; or null. */
extern char const *intake_refusal(intake const *t);
extern int intake_looping(intake const *t);
extern int intake_too_large(intake const *t);

#endif
