/* SPDX-License-Identifier: ISC */

#ifndef INSTALL_VERIFY_H
#define INSTALL_VERIFY_H

#include "hier.h"
#include "place.h"

/* What check finds wrong with one entry. */
typedef enum
{
	VERIFY_ERROR = -1,      /* could not be looked at: errno */
	VERIFY_FINE = 0,
	VERIFY_ABSENT = 1,
	VERIFY_TYPE = 2,
	VERIFY_OWNER = 4,
	VERIFY_GROUP = 8,
	VERIFY_MODE = 16,
	VERIFY_SIZE = 32,
} verify_finding;

/* verify_entry: compare one entry with what is there. VERIFY_ERROR, or the sum of what is wrong; absent and
 * wrong type come alone. Without ids owner and group are not compared. */
extern int verify_entry(int home, hier_entry const *e, place_ids const *ids);

#endif
