/* SPDX-License-Identifier: ISC */

#ifndef LINT_COMPILED_H
#define LINT_COMPILED_H

#include "findings.h"
#include "setup.h"

/* Tables that count, and the texts they should have been made of: whether a table can be read to its end and each
 * of its entries be found, and whether it says what the text says. */

/* compiled_assign: users/cdb (or users/assign.cdb), for the text of users/assign. compiled_hosts: the table of
 * control/morercpthosts. compiled_lists: the tables that qmail-newcdb makes. */
extern void compiled_assign(findings *f, setup const *s);
extern void compiled_hosts(findings *f, setup_list const *more);
extern void compiled_lists(findings *f);

/* compiled_sound: whether fd is a cdb that can be read to its end and of which every record can be found. */
extern int compiled_sound(int fd);

#endif
