/* SPDX-License-Identifier: ISC */

#ifndef SEND_FINISH_H
#define SEND_FINISH_H

#include "send/turn.h"

/* The end of a message: nobody is left to deliver it to, its bounce is sent, its files go away. */

/* finish_do: at most one step of one message a turn. */
extern void finish_selprep(turn *t);
extern void finish_do(turn const *t);

#endif
