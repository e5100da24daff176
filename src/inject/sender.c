/* SPDX-License-Identifier: ISC */

#include "inject/sender.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/types.h>

#include "base/text.h"
#include "inject/limits.h"
#include "inject/recipients.h"
#include "mail/quote.h"

enum { LINE_WIDTH = 80 };

static char const *const users[] = { "QMAILUSER", "MAILUSER", "USER", "LOGNAME", "QMAILSUSER" };
static char const *const hosts[] = { "QMAILHOST", "MAILHOST", "QMAILSHOST" };
static char const *const full_names[] = { "QMAILNAME", "MAILNAME", "NAME" };
enum { USERS = 4, SENDER_USER = 4, HOSTS = 2, SENDER_HOST = 2, FULL_NAMES = 3 };

/* A user without a name is no user. */
static char const *user_from(char const *variable)
{
	char const *value = getenv(variable);

	return value && *value ? value : 0;
}

static char const *first_of(char const *const *variables, size_t n)
{
	char const *value = 0;

	for (; !value && n > 0; n--)
		value = getenv(*variables++);
	return value;
}

static char const *first_user(void)
{
	char const *user = 0;
	size_t i;

	for (i = 0; !user && i < USERS; i++)
		user = user_from(users[i]);
	return user ? user : "anonymous";
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
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	*id = (identity){ .now = now.tv_sec, .nanoseconds = now.tv_nsec, .pid = getpid() };
	read_letters(id);
	id->user = first_user();
	id->host = first_of(hosts, HOSTS);
	id->name = first_of(full_names, FULL_NAMES);
	id->sender_user = user_from(users[SENDER_USER]);
	if (!id->sender_user)
		id->sender_user = id->user;
	id->sender_host = getenv(hosts[SENDER_HOST]);
	if (!id->sender_host)
		id->sender_host = id->host;
}

/* The variable whose value this is, not a copy of it. */
static char const *variable_of(char const *const *variables, size_t n, char const *value)
{
	size_t i;

	for (i = 0; i < n - 1; i++)
		if (getenv(variables[i]) == value)
			break;
	return variables[i];
}

static int unusable(char const *variable, char const *problem, char const *value, char const *cure, fault *f)
{
	stralloc text = STRALLOC_ZERO;
	int ok = stralloc_cats(&text, variable) && stralloc_cats(&text, problem)
		&& text_oneline(&text, value, strlen(value)) && stralloc_cats(&text, cure);

	if (ok)
		fault_set(f, FAULT_VARIABLE, text.s, text.len);
	else
		fault_errno(f, FAULT_NOMEM);
	stralloc_free(&text);
	return 0;
}

static int check_user(char const *user, fault *f)
{
	return recipients_text_ok(user, strlen(user))
		|| unusable(variable_of(users, USERS + 1, user), " has a control character in it: ", user,
			" (set it to the name of a user)", f);
}

/* An empty one counts as if there were none; what else can be no host does not get through the parser. */
static int check_host(char const *host, fault *f)
{
	return !host || (recipients_text_ok(host, strlen(host)) && !strchr(host, ' '))
		|| unusable(variable_of(hosts, HOSTS + 1, host), " does not hold a host name: ", host,
			" (set it to one like mail.example.org, or unset it)", f);
}

int identity_check(identity const *id, fault *f)
{
	return check_user(id->user, f) && check_user(id->sender_user, f)
		&& check_host(id->host, f) && check_host(id->sender_host, f);
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
