/* SPDX-License-Identifier: ISC */

#ifndef RECIPIENT_PREFIX_H
#define RECIPIENT_PREFIX_H

/* Whether the addresses that control/virtualdomains puts a prefix in front of belong to anybody. */

typedef enum
{
	PREFIX_UNKNOWN,         /* cannot be found out now: errno */
	PREFIX_NOBODY,          /* to whoever gets what is nobody's, and he has no file for them, or no home */
	PREFIX_SOMEBODY,
} prefix_verdict;

/* prefix_judge: for PREFIX-anything. The current directory is the home. Blocking, for some seconds at most; as root it looks
 * into a home as the user whose it is. */
extern prefix_verdict prefix_judge(char const *prefix);

#endif
