/* SPDX-License-Identifier: ISC */

#ifndef SEND_LETTER_H
#define SEND_LETTER_H

#include <stddef.h>

/* The letter that tells a sender of failures: composed from the control values and two files, and given to the
 * queue program. */

typedef enum letter_outcome { LETTER_SENT = 'K', LETTER_FAILED = 'Z', LETTER_NOT_STARTED = 'S' } letter_outcome;

typedef struct letter_result
{
	letter_outcome outcome;
	unsigned long qp;       /* process id of the queue program, if sent */
} letter_result;

/* letter_send: sender[0..n) gets the letter (empty: the double-bounce address does). notes and message are
 * descriptors, read from where they are and closed; message is -1 when there is none any more. Takes as long as
 * the queue program likes. */
extern letter_result letter_send(char const *sender, size_t n, int notes, int message);

#endif
