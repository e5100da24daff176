/* SPDX-License-Identifier: ISC */

#include "user.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assignment.h"
#include "base/conf.h"
#include "base/text.h"
#include "become.h"
#include "proto/getpw.h"
#include "proto/report.h"
#include "recipient/lastresort.h"
#include "route/account.h"

enum { SECONDS = 60 };

static char const passwd_file[] = "/etc/passwd";

/* ---- accounts */

/* Where in /etc/passwd an account stands; 0 if it is known from elsewhere. */
static size_t passwd_line(char const *name)
{
	FILE *f = fopen(passwd_file, "re");
	char *line = 0;
	size_t room = 0;
	size_t n = strlen(name);
	size_t number = 0;
	int found = 0;

	while (f && !found && getline(&line, &room, f) > 0) {
		number++;
		found = strncmp(line, name, n) == 0 && line[n] == ':';
	}
	free(line);
	if (f)
		fclose(f);
	return found ? number : 0;
}

/* An account by that name that gets no mail, and why. */
static void passed_over(steps *s, struct passwd const *pw)
{
	struct stat st = { .st_uid = 0 };
	int error = stat(pw->pw_dir, &st) < 0 ? errno : 0;
	size_t line = passwd_line(pw->pw_name);
	char const *file = line ? passwd_file : 0;

	switch (account_judge(pw->pw_uid, error, st.st_uid)) {
	case ACCOUNT_GETS:
		break;
	case ACCOUNT_ROOT:
		steps_add(s, STAGE_ACCOUNT, STEP_PASSED, file, line, pw->pw_name, ": uid 0 gets no mail", (char *)0);
		break;
	case ACCOUNT_HOMELESS:
	case ACCOUNT_UNKNOWN:
		steps_add(s, STAGE_ACCOUNT, STEP_PASSED, file, line, pw->pw_name, ": its home ", pw->pw_dir, ": ", strerror(error),
			(char *)0);
		break;
	case ACCOUNT_STRANGER:
		steps_begin(s, STAGE_ACCOUNT, STEP_PASSED, file, line);
		steps_text(s, pw->pw_name);
		steps_text(s, ": its home ");
		steps_text(s, pw->pw_dir);
		steps_text(s, " belongs to uid ");
		steps_number(s, st.st_uid);
		steps_text(s, ", not to uid ");
		steps_number(s, pw->pw_uid);
		steps_end(s);
		break;
	}
}

/* The work of a child that is qmailp: which names were looked for before the answer. The answer itself is
 * qmail-getpw's. */
static void look_at_accounts(steps *s, void *data)
{
	char const *local = data;
	size_t n = strlen(local);
	size_t e = n + 1;

	while (account_next(&e, local, n, conf_break)) {
		char name[ACCOUNT_NAME_MAX + 1];
		struct passwd const *pw;

		memcpy(name, local, e);
		name[e] = 0;
		text_lowerb(name, e);
		pw = getpwnam(name);
		if (pw)
			passed_over(s, pw);
		else
			steps_add(s, STAGE_ACCOUNT, STEP_PASSED, 0, 0, "no account ", name, (char *)0);
	}
}

/* Those in front of the account that was found. */
static void tell_accounts(steps *s, char const *local, size_t found)
{
	stralloc rest = STRALLOC_ZERO;
	steps all = STEPS_ZERO;
	steps_item item;
	size_t at = 0;
	uid_t uid = 0;
	gid_t gid = 0;

	/* A long address has many parts; the first ones tell enough. */
	if (stralloc_copys(&rest, local) && stralloc_0(&rest) && conf_uid(CONF_QMAILP, &uid) && conf_gid(CONF_NOFILES, &gid)
	 && become_run(&all, uid, gid, SECONDS, look_at_accounts, rest.s))
		while (found-- > 0 && steps_next(&all, &at, &item) > 0) {
			steps_begin(s, item.stage, (steps_verdict)item.verdict, item.namelen ? passwd_file : 0, item.line);
			steps_bytes(s, item.text, item.textlen);
			steps_end(s);
		}
	stralloc_free(&rest);
	stralloc_free(&all.data);
}

/* How many parts of local were tried before the answer. */
static size_t tried(char const *local, users_record const *r)
{
	size_t n = strlen(local);
	size_t e = n + 1;
	size_t extension = strlen(r->dash) + strlen(r->ext);
	size_t count = 0;

	while (account_next(&e, local, n, conf_break) && count < 20) {
		if (e + extension == n && text_casecmp(r->user, local, e) == 0 && !r->user[e])
			break;
		count++;
	}
	return count;
}

static char const *trouble(int code)
{
	switch (code) {
	case REPORT_NFS:
		return "a home cannot be looked at for the moment";
	case REPORT_NOALIAS:
		return "there is no account alias";
	case REPORT_NOMEM:
		return "out of memory";
	case REPORT_EXEC_GETPW:
		return "qmail-getpw cannot be run";
	default:
		return "the accounts cannot be asked for the moment";
	}
}

static int by_account(steps *s, char const *local, stralloc *record)
{
	int code = getpw_ask(record, local, geteuid() == 0);

	if (code == 0)
		return 1;
	steps_add(s, STAGE_ACCOUNT, STEP_REFUSED, 0, 0, "qmail-getpw: ", trouble(code), (char *)0);
	steps_conclude(s, geteuid() == 0 ? RESULT_WAITS : RESULT_UNKNOWN, trouble(code));
	return 0;
}

static void tell_account(steps *s, char const *local, users_record const *r)
{
	size_t line = passwd_line(r->user);

	tell_accounts(s, local, tried(local, r));
	steps_add(s, STAGE_ACCOUNT, STEP_TAKEN, line ? passwd_file : 0, line, "account ", r->user, (char *)0);
	if (geteuid() != 0)
		steps_add(s, STAGE_ACCOUNT, STEP_WARNING, 0, 0,
			"asked as yourself: qmail-lspawn asks as qmailp, who may see other homes", (char *)0);
}

/* ---- the record */

static void tell_user(steps *s, users_record const *r)
{
	steps_begin(s, STAGE_USER, STEP_TAKEN, 0, 0);
	steps_text(s, r->user);
	steps_text(s, ", uid ");
	steps_number(s, r->uid);
	steps_text(s, ", gid ");
	steps_number(s, r->gid);
	steps_text(s, ", home ");
	steps_text(s, r->home);
	steps_text(s, ", dash '");
	steps_text(s, r->dash);
	steps_text(s, "', ext '");
	steps_text(s, r->ext);
	steps_text(s, "'");
	steps_end(s);
	steps_fact(s, "user", r->user, strlen(r->user));
	steps_count(s, "uid", r->uid);
	steps_count(s, "gid", r->gid);
	steps_fact(s, "home", r->home, strlen(r->home));
	steps_fact(s, "dash", r->dash, strlen(r->dash));
	steps_fact(s, "ext", r->ext, strlen(r->ext));
}

static int check(steps *s, users_record_status st, users_record const *r)
{
	char const *why = "its record is damaged: run qmail-newu";

	switch (st) {
	case USERS_RECORD_OK:
		return tell_user(s, r), 1;
	case USERS_RECORD_ROOT:
		why = "Not allowed to perform deliveries as root.";
		break;
	case USERS_RECORD_ID:
		why = "its uid or gid is not a number or too large";
		break;
	case USERS_RECORD_HOME:
		why = "its home does not start with a slash";
		break;
	case USERS_RECORD_DAMAGED:
		break;
	}
	steps_add(s, STAGE_USER, STEP_REFUSED, 0, 0, st == USERS_RECORD_DAMAGED ? "" : r->user, ": ", why, (char *)0);
	steps_conclude(s, RESULT_WAITS, why);
	return 0;
}

int user_explain(steps *s, char const *local, stralloc *record, users_record *r)
{
	assignment_status a = assignment_explain(s, local, record);
	users_record_status st;

	if (a == ASSIGNMENT_OVER || (a == ASSIGNMENT_NONE && !by_account(s, local, record)))
		return 0;
	*r = (users_record){ .user = "", .home = "", .dash = "", .ext = "" };
	st = users_record_parse(r, record->s, record->len);
	if (a == ASSIGNMENT_NONE && st == USERS_RECORD_OK)
		tell_account(s, local, r);
	return check(s, st, r);
}

int user_last_resort(steps *s, char const *local, stralloc *record, users_record *r)
{
	char const *source;
	int wanted = lastresort_wanted();
	int code;

	if (wanted < 0) {
		steps_add(s, STAGE_USER, STEP_UNKNOWN, lastresort_file, 0, "cannot be read: ", strerror(errno), (char *)0);
		steps_conclude(s, geteuid() == 0 ? RESULT_WAITS : RESULT_UNKNOWN, "a control file cannot be read");
	}
	if (wanted <= 0)
		return 0;
	steps_add(s, STAGE_USER, STEP_TAKEN, lastresort_file, 1,
		"whoever gets the mail for nobody's addresses gets this one as a last resort", (char *)0);
	code = lastresort_user(record, local, geteuid() == 0, &source);
	if (code) {
		steps_add(s, STAGE_USER, STEP_REFUSED, 0, 0, trouble(code), (char *)0);
		steps_conclude(s, geteuid() == 0 ? RESULT_WAITS : RESULT_UNKNOWN, trouble(code));
		return 0;
	}
	*r = (users_record){ .user = "", .home = "", .dash = "", .ext = "" };
	return check(s, users_record_parse(r, record->s, record->len), r);
}
