/* SPDX-License-Identifier: ISC */

#ifndef CHECKPASSWORD_SECRET_H
#define CHECKPASSWORD_SECRET_H

/* secret_matches: 1 if password is the one that hash was made of, 0 if not, -1 with errno if it cannot be
 * found out: no memory. Any method of crypt(5) will do. A hash that is none (*, !, x, empty) matches nothing.
 * In each case the time is that of hashing. */
extern int secret_matches(char const *hash, char const *password);

/* secret_waste: take as long as secret_matches takes with a hash made today, for a name that nobody has:
 * how long we took shall not tell that. */
extern void secret_waste(char const *password);

#endif
