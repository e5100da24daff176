/* SPDX-License-Identifier: ISC */

#include "inject/controls.h"

#include <stdlib.h>
#include <unistd.h>

#include <skalibs/types.h>

#include "base/conf.h"

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
 * *where tells which file, or is null for what is no file. */
static int find(stralloc *value, char const **where, stralloc const *me, char const *file, char const *variable,
	fault *f)
{
	char const *mine = getenv(variable);
	control_status status = control_readline(value, file);

	if (status == CONTROL_ERROR)
		return fault_errno(f, FAULT_READ);
	*where = file;
	if (mine) {
		*where = 0;
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

/* The user's own mistake is shown to him as the line it is. That of the administrator names the file, and
 * the mail can be tried again. */
static int unusable(char const *where, complete_host const *h, fault *f)
{
	stralloc text = STRALLOC_ZERO;
	int ok;

	if (!where)
		return fault_set(f, FAULT_LINE, h->text.s, h->text.len);
	ok = stralloc_cats(&text, where)
		&& stralloc_cats(&text, " does not hold a host name: ")
		&& stralloc_catb(&text, h->text.s + 1, h->text.len - 1)
		&& stralloc_cats(&text, " (put a host name into its first line, like mail.example.org)");
	if (!ok)
		fault_errno(f, FAULT_NOMEM);
	else
		fault_set(f, FAULT_CONTROL, text.s, text.len);
	stralloc_free(&text);
	return 0;
}

static int read_host(complete_host *h, char lead, stralloc const *me, char const *file, char const *variable, fault *f)
{
	stralloc value = STRALLOC_ZERO;
	char const *where;
	int ok = find(&value, &where, me, file, variable, f);

	if (ok) {
		switch (complete_host_set(h, lead, value.s, value.len)) {
		case TOKEN822_OK:
			break;
		case TOKEN822_FAILED:
			ok = fault_errno(f, FAULT_NOMEM);
			break;
		default:
			ok = unusable(where, h, f);
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
		&& find(&c->idhost, &where, me, "control/idhost", "QMAILIDHOST", f);
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
