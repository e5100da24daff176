/* SPDX-License-Identifier: ISC */

#ifndef RCPTD_LOOK_H
#define RCPTD_LOOK_H

/* look_run: the life of a child of the part that is root: who gets mail for local (NUL-terminated), by the steps of
 * qmail-lspawn, and whether qmail-local would find instructions, as the user. Exits as mailbox_end does. */
extern _Noreturn void look_run(char const *local);

#endif
