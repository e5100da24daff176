/* SPDX-License-Identifier: ISC */

/* qmail-getpw: which account controls a local address that users/cdb does not know.
 *
 * Answers with what proto/users.h calls a record, and speaks to qmail-lspawn through its exit code. */

#include <errno.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/stralloc.h>
#include <skalibs/types.h>

#include "base/conf.h"
#include "base/errtemp.h"
#include "base/io.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "proto/report.h"
#include "proto/stay.h"
#include "route/account.h"

static char const passwd_file[] = "/etc/passwd";

char const *PROG = "qmail-getpw";

static stralloc buffer = STRALLOC_ZERO;         /* holds what account points to */
static struct passwd account;

/* 1 with account filled, or 0: no such account. A name service that cannot tell is not a "no". */
static int account_get(char const *name)
{
	struct passwd *found;
	int e;

	do {
		if (!stralloc_readyplus(&buffer, 1024))
			_exit(REPORT_NOMEM);
		e = getpwnam_r(name, &account, buffer.s, buffer.a, &found);
		buffer.len = buffer.a;
	} while (e == ERANGE);
	buffer.len = 0;
	if (!found && e && errtemp(e))
		_exit(REPORT_TEMP);
	return found != 0;
}

static int cat_string(stralloc *sa, char const *s)
{
	return stralloc_catb(sa, s, strlen(s) + 1);
}

static int has_upper(char const *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (s[i] >= 'A' && s[i] <= 'Z')
			return 1;
	return 0;
}

static stralloc upper = STRALLOC_ZERO;
static int upper_known;

/* The file may be another one at the next question. */
static void upper_forget(void)
{
	upper_known = 0;
	upper.len = 0;
}

/* The names in /etc/passwd that have upper case, few if any, each ended by NUL. Other name services know no
 * case, or are asked for a name as it was written. */
static stralloc const *upper_names(void)
{
	struct passwd const *p;
	FILE *f;

	if (upper_known)
		return &upper;
	upper_known = 1;
	f = fopen(passwd_file, "re");
	if (!f && errtemp(errno))
		_exit(REPORT_TEMP);
	while (f && (p = fgetpwent(f)))
		if (has_upper(p->pw_name, strlen(p->pw_name)) && !cat_string(&upper, p->pw_name))
			_exit(REPORT_NOMEM);
	if (f)
		fclose(f);
	return &upper;
}

/* An account by that name in some other spelling than lower case, name. */
static int account_by_spelling(char const *name, char const *local, size_t n)
{
	stralloc const *names = upper_names();
	char written[ACCOUNT_NAME_MAX + 1];
	size_t i;
	size_t len;

	memcpy(written, local, n);
	written[n] = 0;
	if (has_upper(written, n) && account_get(written))
		return 1;
	for (i = 0; i < names->len; i += len + 1) {
		len = strlen(names->s + i);
		if (text_caseequals(names->s + i, len, name) && account_get(names->s + i))
			return 1;
	}
	return 0;
}

/* The first n bytes of local are an account that may get mail: not root, and the home is its own. */
static int is_user(char const *local, size_t n)
{
	char name[ACCOUNT_NAME_MAX + 1];
	struct stat st = { .st_uid = 0 };
	int error = 0;
	account_verdict v;

	memcpy(name, local, n);
	name[n] = 0;
	text_lowerb(name, n);
	if (!account_get(name) && !account_by_spelling(name, local, n))
		return 0;
	if (account.pw_uid != 0 && stat(account.pw_dir, &st) < 0)
		error = errno;
	v = account_judge(account.pw_uid, error, st.st_uid);
	if (v == ACCOUNT_UNKNOWN)
		_exit(REPORT_NFS);
	return v == ACCOUNT_GETS;
}

static int cat_number(stralloc *sa, uint64_t n)
{
	char fmt[UINT64_FMT];

	return stralloc_catb(sa, fmt, uint64_fmt(fmt, n)) && stralloc_0(sa);
}

static int answer(int out, char const *dash, char const *ext)
{
	static stralloc sa = STRALLOC_ZERO;

	sa.len = 0;
	if (!cat_string(&sa, account.pw_name) || !cat_number(&sa, account.pw_uid) || !cat_number(&sa, account.pw_gid)
		|| !cat_string(&sa, account.pw_dir) || !cat_string(&sa, dash) || !cat_string(&sa, ext))
		return REPORT_NOMEM;
	return io_writeall(out, sa.s, sa.len) ? 0 : REPORT_TEMP;
}

/* 0, or the exit code; what it calls may exit with one as well. */
static int look_up(int out, char const *local)
{
	size_t n = strlen(local);
	size_t e;

	for (e = n + 1; account_next(&e, local, n, conf_break);)
		if (is_user(local, e))
			return e == n ? answer(out, "", "") : answer(out, "-", local + e + 1);
	if (!account_get(conf_username(CONF_ALIAS)))
		return REPORT_NOALIAS;
	return answer(out, "-", local);
}

/* Question after question, up to the first that has no good answer: whoever asked that one runs a new qmail-getpw
 * and hears from it what is wrong. */
static int serve(void)
{
	stralloc local = STRALLOC_ZERO;
	int reply;
	int code = 0;

	while (!code && stay_next(&local, &reply)) {
		upper_forget();
		code = look_up(reply, local.s);
		close(reply);
	}
	return code;
}

int main(int argc, char const *const *argv)
{
	if (argc < 2)
		return 100;
	if (!sandbox_enter(SANDBOX_GETPW))
		return REPORT_TEMP;
	return stay_behind(getenv("QMAILGETPW")) ? serve() : look_up(1, argv[1]);
}
