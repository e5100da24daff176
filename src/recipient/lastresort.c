/* SPDX-License-Identifier: ISC */

#include "recipient/lastresort.h"

#include <string.h>

#include "base/control.h"
#include "proto/report.h"
#include "proto/users.h"
#include "recipient/identify.h"

char const lastresort_file[] = "control/aliasfallback";

int lastresort_wanted(void)
{
	unsigned int wanted = 0;

	return control_readint(&wanted, lastresort_file) == CONTROL_ERROR ? -1 : wanted > 0;
}

/* The address becomes a part of the extension of the record that the empty one has. */
static int append_address(stralloc *record, char const *local)
{
	users_record r;

	switch (users_record_parse(&r, record->s, record->len)) {
	case USERS_RECORD_OK:
		break;
	default:
		/* The caller looks at it and says what is wrong. */
		return 0;
	}
	record->len = (size_t)(r.ext - record->s) + strlen(r.ext);
	return stralloc_cats(record, local) && stralloc_0(record) ? 0 : REPORT_NOMEM;
}

int lastresort_user(stralloc *record, char const *local, int root, char const **source)
{
	int code = identify_user(record, "", root, source);

	return code ? code : append_address(record, local);
}
