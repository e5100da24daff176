/* SPDX-License-Identifier: ISC */

#ifndef MAIL_ARGUMENT_H
#define MAIL_ARGUMENT_H

#include <stddef.h>

/* argument_bare: the address in an argument of a program, in *s and *n: what stands behind the last < if the
 * argument ends in >, as in <a@b> and Ann <a@b>; else all of it. 1, or 0 for a bracket without the other at
 * either end. */
extern int argument_bare(char const *argument, char const **s, size_t *n);

#endif
