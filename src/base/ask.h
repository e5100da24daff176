/* SPDX-License-Identifier: ISC */

#ifndef BASE_ASK_H
#define BASE_ASK_H

#include <skalibs/stralloc.h>

/* Questions that a program of the user's answers by how it ends. */
typedef enum ask_answer
{
	ASK_YES,                /* exit code 0 */
	ASK_NO,                 /* any other but */
	ASK_LATER,              /* 111, a signal, or a program that could not be run: there is no answer */
} ask_answer;

/* ask_program: run argv[0], looked for along the path, with our own descriptors 0 to 2. For ASK_LATER *why is
 * replaced by the reason, NUL-terminated, or empty without memory for it. */
extern ask_answer ask_program(char const *const *argv, stralloc *why);

#endif
