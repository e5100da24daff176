/* SPDX-License-Identifier: ISC */

#include "inject/controls.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/types.h>

#include "base/conf.h"
#include "base/text.h"

static int read_lists(controls *c, fault *f)
{
	char const *file = getenv("QMAILMFTFILE");

	if (!file)
		return 1;
	if (control_readlist(&c->lists, file, 0) == CONTROL_ERROR)
		return fault_errno(f, FAULT_READ);
	return constmap_set(&c->list_map, &c->lists) || fault_errno(f, FAULT_NOMEM);
}

/* Who settled a name: *value is the variable or the first line of the file, or me, or the name itself.
 * *where tells which file or variable, or is null. */
static int find(stralloc *value, char const **where, stralloc const *me, char const *file, char const *variable,
	fault *f)
{
	char const *mine = getenv(variable);
	control_status status = control_readline(value, file);

	*where = file;
	if (status == CONTROL_ERROR)
		return fault_errno(f, FAULT_READ);
	if (mine) {
		*where = variable;
		return stralloc_copys(value, mine) || fault_errno(f, FAULT_NOMEM);
	}
	if (status == CONTROL_READ)
		return 1;
	if (me) {
		*where = "control/me";
		return stralloc_copy(value, me) || fault_errno(f, FAULT_NOMEM);
	}
	*where = 0;
	return stralloc_copys(value, file + sizeof "control") || fault_errno(f, FAULT_NOMEM);
}

static int is_file(char const *where)
{
	return strncmp(where, "control/", sizeof "control") == 0;
}

/* The user's mistake names the variable; that of the administrator the file, and the mail can be tried again. */
static int unusable(char const *where, stralloc const *value, fault *f)
{
	stralloc text = STRALLOC_ZERO;
	int file = is_file(where);
	int ok = stralloc_cats(&text, where)
		&& stralloc_cats(&text, " does not hold a host name: ")
		&& (value->len > 0 ? text_oneline(&text, value->s, value->len) : stralloc_cats(&text, "it is empty"))
		&& stralloc_cats(&text, file ? " (put a host name into its first line, like mail.example.org)"
			: " (set it to one like mail.example.org, or unset it)");

	if (!ok)
		fault_errno(f, FAULT_NOMEM);
	else
		fault_set(f, file ? FAULT_CONTROL : FAULT_VARIABLE, text.s, text.len);
	stralloc_free(&text);
	return 0;
}

static int check(char const *where, stralloc const *value, fault *f)
{
	return !where || complete_name_ok(value->s, value->len) || unusable(where, value, f);
}

/* What is in the environment and cannot even be parsed is shown as other lines are that cannot. */
static int unparsable(char const *where, complete_host const *h, stralloc const *value, fault *f)
{
	if (where && is_file(where))
		return unusable(where, value, f);
	return fault_set(f, FAULT_LINE, h->text.s, h->text.len);
}

static int read_host(complete_host *h, char lead, stralloc const *me, char const *file, char const *variable, fault *f)
{
	stralloc value = STRALLOC_ZERO;
	char const *where;
	int ok = find(&value, &where, me, file, variable, f);

	if (ok) {
		switch (complete_host_set(h, lead, value.s, value.len)) {
		case TOKEN822_OK:
			ok = check(where, &value, f);
			break;
		case TOKEN822_FAILED:
			ok = fault_errno(f, FAULT_NOMEM);
			break;
		default:
			ok = unparsable(where, h, &value, f);
		}
	}
	stralloc_free(&value);
	return ok;
}

static int read_hosts(controls *c, stralloc const *me, fault *f)
{
	char const *where;

	return read_host(&c->rules.defaultdomain, '.', me, "control/defaultdomain", "QMAILDEFAULTDOMAIN", f)
		&& read_host(&c->rules.defaulthost, '@', me, "control/defaulthost", "QMAILDEFAULTHOST", f)
		&& read_host(&c->rules.plusdomain, '.', me, "control/plusdomain", "QMAILPLUSDOMAIN", f)
		&& find(&c->idhost, &where, me, "control/idhost", "QMAILIDHOST", f)
		&& check(where, &c->idhost, f);
}

int controls_read(controls *c, fault *f)
{
	stralloc me = STRALLOC_ZERO;
	control_status status;
	int ok;

	if (!read_lists(c, f))
		return 0;
	if (chdir(conf_home) < 0)
		return fault_errno(f, FAULT_HOME);
	status = control_readline(&me, "control/me");
	if (status == CONTROL_ERROR)
		return fault_errno(f, FAULT_READ);
	ok = read_hosts(c, status == CONTROL_READ ? &me : 0, f);
	stralloc_free(&me);
	return ok;
}
