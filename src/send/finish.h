/* SPDX-License-Identifier: ISC */

#ifndef SEND_FINISH_H
#define SEND_FINISH_H

#include "send/turn.h"

/* The end of a message: nobody is left to deliver it to, its bounce is sent, its files go away. */

/* finish_do: a step each of some messages. */
extern void finish_selprep(turn *t);
extern void finish_do(turn const *t);

#endif
