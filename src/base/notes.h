/* SPDX-License-Identifier: ISC */

#ifndef BASE_NOTES_H
#define BASE_NOTES_H

#include <skalibs/stralloc.h>

/* What a program has to tell the admin: a line for each mistake in a control file, with the file, the line
 * and the cure. Collected while files are read, and printed together. */

/* notes_add: append "file: what; cure". One that does not fit in memory is left out: no note is worth a
 * message. */
extern void notes_add(stralloc *notes, char const *file, char const *what, char const *cure);

/* notes_unreadable: append that file cannot be read, and errno's reason. Always 0, so that a reader can end
 * with it. */
extern int notes_unreadable(stralloc *notes, char const *file);

/* notes_wanted: whether descriptor 2 is a log, as it is under a super-server of qmail's kind: descriptor 0 is a
 * socket and 2 is none. Under inetd 2 is the connection, and without a connection (sendmail -bs) it belongs
 * to a program that expects nothing there. */
extern int notes_wanted(void);

/* notes_log: print the lines on descriptor 2 as warnings, if they are wanted there, and forget them. */
extern void notes_log(stralloc *notes);

/* notes_tell: the same for a program that the admin runs himself: they are printed unless descriptor 2 is a
 * pipe, whose reader may know qmail's messages and no others. */
extern void notes_tell(stralloc *notes);

#endif
