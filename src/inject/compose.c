/* SPDX-License-Identifier: ISC */

#include "inject/compose.h"

#include <string.h>

#include "base/text.h"
#include "mail/date822.h"
#include "mail/messageid.h"
#include "mail/quote.h"

/* The names by which a new message and one sent on know the same things. */
typedef struct naming
{
	char const *prefix;
	hfield date, message_id, from, to, cc;
} naming;

static naming const new_message = { "", HFIELD_DATE, HFIELD_MESSAGE_ID, HFIELD_FROM, HFIELD_TO, HFIELD_CC };
static naming const resent_message = { "Resent-", HFIELD_RESENT_DATE, HFIELD_RESENT_MESSAGE_ID, HFIELD_RESENT_FROM,
	HFIELD_RESENT_TO, HFIELD_RESENT_CC };

static int cat_address(stralloc *sa, char const *address)
{
	size_t n = strlen(address);

	if (n == 0)
		return 1;
	return text_rchr(address, n, '@') == n ? quote_box(sa, address, n) : quote_address(sa, address, n);
}

int compose_return_path(stralloc *sa, char const *sender)
{
	return stralloc_cats(sa, "Return-Path: <") && cat_address(sa, sender) && stralloc_cats(sa, ">\n");
}

static int cat_date(stralloc *sa, identity const *id)
{
	char date[DATE822_FMT];

	return stralloc_cats(sa, "Date: ") && stralloc_catb(sa, date, date822_fmt(date, id->now)) && stralloc_append(sa, '\n');
}

static int cat_message_id(stralloc *sa, header const *h)
{
	stralloc const *host = &h->controls->idhost;

	return stralloc_cats(sa, "Message-ID: ")
		&& messageid_cat(sa, h->identity->now, h->identity->nanoseconds, (unsigned long)h->identity->pid, host->s, host->len)
		&& stralloc_append(sa, '\n');
}

static int cat_missing(stralloc *sa, header const *h, naming const *name)
{
	if (!header_has(h, name->date) && !(stralloc_cats(sa, name->prefix) && cat_date(sa, h->identity)))
		return fault_errno(h->fault, FAULT_NOMEM);
	if (!header_has(h, name->message_id) && !(stralloc_cats(sa, name->prefix) && cat_message_id(sa, h)))
		return fault_errno(h->fault, FAULT_NOMEM);
	if (!header_has(h, name->from)) {
		if (!stralloc_cats(sa, name->prefix))
			return fault_errno(h->fault, FAULT_NOMEM);
		if (!sender_from(sa, h->identity, &h->controls->rules, h->fault))
			return 0;
	}
	if (!header_has(h, name->to) && !header_has(h, name->cc)
	 && !(stralloc_cats(sa, name->prefix) && stralloc_cats(sa, "Cc: recipient list not shown: ;\n")))
		return fault_errno(h->fault, FAULT_NOMEM);
	return 1;
}

static int goes_to_a_list(header const *h)
{
	char const *address;
	size_t i = 0;

	while ((address = recipients_next(h->recipients, RECIPIENTS_VISIBLE, &i)) != 0)
		if (constmap_find(&h->controls->list_map, address, strlen(address)))
			return 1;
	return 0;
}

/* The visible addresses were collected from the right of each field: last comes first. */
static int cat_followup(stralloc *sa, stralloc const *addresses)
{
	size_t end = addresses->len;

	if (!stralloc_cats(sa, "Mail-Followup-To: "))
		return 0;
	while (end > 0) {
		size_t start = text_rchr(addresses->s, end - 1, 0);

		start = start == end - 1 ? 0 : start + 1;
		if (!cat_address(sa, addresses->s + start) || !stralloc_cats(sa, start ? ",\n  " : "\n"))
			return 0;
		end = start;
	}
	return 1;
}

int compose_header(stralloc *sa, header const *h)
{
	if (header_is_resent(h))
		return cat_missing(sa, h, &resent_message);
	if (!cat_missing(sa, h, &new_message))
		return 0;
	if (header_has(h, HFIELD_MAIL_FOLLOWUP_TO) || !goes_to_a_list(h))
		return 1;
	return cat_followup(sa, &h->recipients->list[RECIPIENTS_VISIBLE]) || fault_errno(h->fault, FAULT_NOMEM);
}
