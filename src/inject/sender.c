/* SPDX-License-Identifier: ISC */

#include "inject/sender.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/types.h>

#include "base/text.h"
#include "inject/limits.h"
#include "mail/quote.h"

enum { LINE_WIDTH = 80 };

static char const *first_of(char const *const *names)
{
	char const *value = 0;

	while (!value && *names)
		value = getenv(*names++);
	return value;
}

static void read_letters(identity *id)
{
	char const *letters = getenv("QMAILINJECT");

	if (!letters)
		return;
	id->name_in_comment = strchr(letters, 'c') != 0;
	id->ignore_return_path = strchr(letters, 's') != 0;
	id->replace_from = strchr(letters, 'f') != 0;
	id->replace_message_id = strchr(letters, 'i') != 0;
	id->per_recipient = strchr(letters, 'r') != 0;
	id->per_message = strchr(letters, 'm') != 0;
}

void identity_read(identity *id)
{
	static char const *const users[] = { "QMAILUSER", "MAILUSER", "USER", "LOGNAME", 0 };
	static char const *const hosts[] = { "QMAILHOST", "MAILHOST", 0 };
	static char const *const names[] = { "QMAILNAME", "MAILNAME", "NAME", 0 };

	*id = (identity){ .now = time(0), .pid = getpid() };
	read_letters(id);
	id->user = first_of(users);
	if (!id->user)
		id->user = "anonymous";
	id->host = first_of(hosts);
	id->name = first_of(names);
	id->sender_user = getenv("QMAILSUSER");
	if (!id->sender_user)
		id->sender_user = id->user;
	id->sender_host = getenv("QMAILSHOST");
	if (!id->sender_host)
		id->sender_host = id->host;
}

static int cat_quoted(stralloc *sa, char const *s, size_t n)
{
	return stralloc_append(sa, '"') && token822_escape(sa, s, n) && stralloc_append(sa, '"');
}

static int cat_host(stralloc *sa, char const *host)
{
	return !host || (stralloc_append(sa, '@') && token822_escape(sa, host, strlen(host)));
}

static int cat_user(stralloc *sa, char const *user)
{
	size_t n = strlen(user);

	return quote_needed(user, n) ? cat_quoted(sa, user, n) : stralloc_catb(sa, user, n);
}

/* A line break in a name would end the field. */
static int cat_name(stralloc *sa, char const *name)
{
	stralloc line = STRALLOC_ZERO;
	int ok = text_oneline(&line, name, strlen(name)) && token822_escape(sa, line.s, line.len);

	stralloc_free(&line);
	return ok;
}

static int write_from(stralloc *sa, identity const *id)
{
	if (!stralloc_cats(sa, "From: "))
		return 0;
	if (!id->name)
		return cat_user(sa, id->user) && cat_host(sa, id->host);
	if (id->name_in_comment)
		return cat_user(sa, id->user) && cat_host(sa, id->host)
			&& stralloc_cats(sa, " (") && cat_name(sa, id->name) && stralloc_append(sa, ')');
	return stralloc_append(sa, '"') && cat_name(sa, id->name) && stralloc_cats(sa, "\" <")
		&& cat_user(sa, id->user) && cat_host(sa, id->host) && stralloc_append(sa, '>');
}

/* Parse a field we wrote ourselves: whatever stands in the environment, it is treated as if the user had
 * written it into the message. */
static int parse_own(token822_list *l, stralloc *line, complete_rules const *rules, addrlist_taker *take, void *data,
	fault *f)
{
	token822_status status;

	if (!stralloc_append(line, '\n'))
		return fault_errno(f, FAULT_NOMEM);
	status = token822_parse(l, line->s, line->len);
	if (status == TOKEN822_OK)
		status = addrlist_walk(l, 2, complete_address, rules, take, data);
	if (status == TOKEN822_FAILED)
		return fault_errno(f, FAULT_NOMEM);
	return status == TOKEN822_OK || fault_set(f, FAULT_LINE, line->s, line->len);
}

int sender_from(stralloc *sa, identity const *id, complete_rules const *rules, fault *f)
{
	stralloc line = STRALLOC_ZERO;
	token822_list l = TOKEN822_LIST_ZERO;
	int ok = write_from(&line, id) || fault_errno(f, FAULT_NOMEM);

	ok = ok && parse_own(&l, &line, rules, 0, 0, f)
		&& (addrlist_print(sa, &l, LINE_WIDTH, LIMIT_HEADER, complete_address, rules) == TOKEN822_OK
			|| fault_errno(f, FAULT_NOMEM));
	token822_free(&l);
	stralloc_free(&line);
	return ok;
}

int sender_take(stralloc *sa, identity const *id, addrlist_address const *a, fault *f)
{
	if (!addrlist_text(sa, a) || (id->per_recipient && !stralloc_cats(sa, "-@[]")))
		return fault_errno(f, FAULT_NOMEM);
	return 1;
}

static int cat_number(stralloc *sa, char lead, unsigned long n)
{
	char digits[ULONG_FMT];

	return stralloc_append(sa, lead) && stralloc_catb(sa, digits, ulong_fmt(digits, n));
}

static int write_return_path(stralloc *sa, identity const *id)
{
	return stralloc_cats(sa, "Return-Path: \"")
		&& token822_escape(sa, id->sender_user, strlen(id->sender_user))
		&& (!id->per_message || (cat_number(sa, '-', (unsigned long)id->now) && cat_number(sa, '.', (unsigned long)id->pid)))
		&& (!id->per_recipient || stralloc_append(sa, '-'))
		&& stralloc_append(sa, '"')
		&& cat_host(sa, id->sender_host);
}

typedef struct wanted
{
	stralloc *sa;
	identity const *id;
	fault *f;
	int have;
} wanted;

static int take_first(void *data, addrlist_address const *a)
{
	wanted *w = data;

	if (w->have)
		return 1;
	w->have = 1;
	return sender_take(w->sa, w->id, a, w->f);
}

int sender_default(stralloc *sa, identity const *id, complete_rules const *rules, fault *f)
{
	stralloc line = STRALLOC_ZERO;
	token822_list l = TOKEN822_LIST_ZERO;
	wanted w = { .sa = sa, .id = id, .f = f };
	int ok = write_return_path(&line, id) || fault_errno(f, FAULT_NOMEM);

	ok = ok && parse_own(&l, &line, rules, take_first, &w, f);
	token822_free(&l);
	stralloc_free(&line);
	return ok;
}
