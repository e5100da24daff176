/* SPDX-License-Identifier: ISC */

#include "mailbox.h"

#include <string.h>
#include <unistd.h>

#include "proto/users.h"
#include "recipient/identify.h"
#include "recipient/lastresort.h"
#include "recipient/mailbox.h"

static mailbox_verdict look(stralloc *record, stralloc *home)
{
	users_record r;

	if (users_record_parse(&r, record->s, record->len) != USERS_RECORD_OK)
		return MAILBOX_UNKNOWN;
	if (!stralloc_copys(home, r.home) || !stralloc_0(home))
		return MAILBOX_UNKNOWN;
	return mailbox_ask(&r, 0);
}

static address_verdict of_local(char const *local, stralloc *home)
{
	stralloc record = STRALLOC_ZERO;
	int root = geteuid() == 0;
	char const *source;
	mailbox_verdict v = MAILBOX_UNKNOWN;

	if (identify_user(&record, local, root, &source) == 0)
		v = look(&record, home);
	if (v == MAILBOX_NONE && lastresort_wanted() > 0) {
		v = MAILBOX_UNKNOWN;
		if (lastresort_user(&record, local, root, &source) == 0)
			v = look(&record, home);
	}
	stralloc_free(&record);
	return v == MAILBOX_THERE ? ADDRESS_THERE : v == MAILBOX_NONE ? ADDRESS_BOUNCES : ADDRESS_UNKNOWN;
}

address_verdict mailbox_of(setup const *s, char const *address, stralloc *home)
{
	stralloc recipient = STRALLOC_ZERO;
	address_verdict v = ADDRESS_UNKNOWN;
	char *at;

	home->len = 0;
	switch (rewrite_address(&s->tables.tables, &recipient, address, strlen(address))) {
	case REWRITE_REMOTE:
		v = ADDRESS_REMOTE;
		break;
	case REWRITE_LOCAL:
		at = stralloc_0(&recipient) ? strrchr(recipient.s, '@') : 0;
		if (at) {
			*at = 0;
			v = of_local(recipient.s, home);
		}
		break;
	case REWRITE_NOMEM:
		break;
	}
	stralloc_free(&recipient);
	return v;
}
