/* SPDX-License-Identifier: ISC */

#include "look.h"

#include <unistd.h>

#include "proto/users.h"
#include "recipient/fresh.h"
#include "recipient/identify.h"
#include "recipient/lastresort.h"
#include "recipient/mailbox.h"

/* No code of mailbox_end's: nobody knows. */
enum { CODE_TROUBLE = 111 };

/* Mistakes in a table make the mail wait, and qmail-lspawn says what to mend. */
static void parse(users_record *r, stralloc const *record)
{
	if (users_record_parse(r, record->s, record->len) != USERS_RECORD_OK)
		_exit(CODE_TROUBLE);
}

/* Whether a table that was read above, or one that was not there, may be about to change. What is in the homes is looked
 * at by the user. */
static int is_unsettled(void)
{
	static char const *const read_here[] = { "users", "users/cdb", "users/assign.cdb", "control", lastresort_file,
		"/etc/passwd" };
	size_t i;

	for (i = 0; i < sizeof read_here / sizeof read_here[0]; i++)
		if (fresh_file(read_here[i]))
			return 1;
	return 0;
}

void look_run(char const *local)
{
	stralloc record = STRALLOC_ZERO;
	users_record r = { .user = "" };
	mailbox_verdict first = MAILBOX_NONE;
	char const *source;
	int wanted;

	if (identify_user(&record, local, 1, &source))
		_exit(CODE_TROUBLE);
	parse(&r, &record);
	wanted = *r.dash ? lastresort_wanted() : 0;
	if (wanted < 0)
		_exit(CODE_TROUBLE);
	if (wanted) {
		first = mailbox_ask(&r, 1);
		if (first == MAILBOX_NONE) {
			if (lastresort_user(&record, local, 1, &source))
				_exit(CODE_TROUBLE);
			parse(&r, &record);
		}
	}
	if (is_unsettled())
		_exit(CODE_TROUBLE);
	/* Another look could find something else, about which alias was not asked. */
	if (first != MAILBOX_NONE)
		mailbox_exit(first);
	mailbox_end(&r, 1);
}
