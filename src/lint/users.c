/* SPDX-License-Identifier: ISC */

#include "users.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <skalibs/types.h>

#include "base/text.h"
#include "compiled.h"
#include "proto/users.h"
#include "route/dotfile.h"

static char const assign_file[] = "users/assign";

/* ---- homes */

void users_home(findings *f, char const *file, size_t line, char const *home, uid_t uid)
{
	char owner[UINT_FMT];
	char wanted[UINT_FMT];
	struct stat st;

	if (stat(home, &st) < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			findings_add(f, FINDING_ERROR, file, line, "the home ", home, " does not exist, so mail waits",
				findings_cure,
				"make the directory, or remove the line", (char *)0);
		return;
	}
	owner[uint_fmt(owner, st.st_uid)] = 0;
	wanted[uint_fmt(wanted, uid)] = 0;
	if (!S_ISDIR(st.st_mode))
		findings_add(f, FINDING_ERROR, file, line, "the home ", home, " is no directory, so mail waits",
			findings_cure,
			"make it one", (char *)0);
	else if (dotfile_home(st.st_mode) == DOTFILE_HOME_WRITABLE)
		findings_add(f, FINDING_ERROR, file, line, "the home ", home,
			" can be written to by others, so mail waits", findings_cure,
			"chmod go-w ", home, (char *)0);
	else if (dotfile_home(st.st_mode) == DOTFILE_HOME_STICKY)
		findings_add(f, FINDING_WARNING, file, line, "the home ", home, " is sticky, so mail waits",
			findings_cure, "chmod -t ", home,
			" when work on it is done", (char *)0);
	else if (st.st_uid != uid)
		findings_add(f, FINDING_WARNING, file, line, "the home ", home, " belongs to uid ", owner,
			", not to uid ", wanted, findings_cure,
			"chown ", wanted, " ", home, (char *)0);
}

/* ---- one line */

/* A field as text of its own; the next one takes its place. */
static char const *field(users_line const *l, unsigned int i)
{
	static stralloc copy[USERS_FIELDS];

	return stralloc_copyb(copy + i, l->field[i], l->fieldlen[i]) && stralloc_0(copy + i) ? copy[i].s : "";
}

static int has_blank_edge(users_line const *l)
{
	unsigned int i;

	for (i = 0; i < USERS_FIELDS; i++)
		if (l->fieldlen[i] && (strchr(" \t", l->field[i][0]) || strchr(" \t", l->field[i][l->fieldlen[i] - 1])))
			return 1;
	return l->locallen && (strchr(" \t", l->local[0]) || strchr(" \t", l->local[l->locallen - 1]));
}

/* The accounts of this host, by name: a file of a million lines may name as many, and each look-up reads a file. */
typedef struct account
{
	char *name;
	uid_t uid;
} account;

static struct {
	account *a;
	size_t n;
	int loaded;
} accounts;

static int by_name(void const *a, void const *b)
{
	return strcmp(((account const *)a)->name, ((account const *)b)->name);
}

static int add_account(struct passwd const *pw)
{
	account *more = accounts.n % 64 ? accounts.a : reallocarray(accounts.a, accounts.n + 64, sizeof *more);
	char *name;

	if (!more)
		return 0;
	accounts.a = more;
	name = strdup(pw->pw_name);
	if (!name)
		return 0;
	accounts.a[accounts.n++] = (account){ .name = name, .uid = pw->pw_uid };
	return 1;
}

static account const *find_account(findings *f, char const *name)
{
	account const key = { .name = (char *)name };
	struct passwd const *pw;

	if (!accounts.loaded) {
		setpwent();
		while ((pw = getpwent()))
			if (!add_account(pw))
				f->failed = 1;
		endpwent();
		if (accounts.n)
			qsort(accounts.a, accounts.n, sizeof *accounts.a, by_name);
		accounts.loaded = 1;
	}
	return accounts.n ? bsearch(&key, accounts.a, accounts.n, sizeof *accounts.a, by_name) : 0;
}

static void check_account(findings *f, size_t line, char const *user, unsigned int uid)
{
	account const *a = find_account(f, user);
	char number[UINT_FMT];

	if (!a || a->uid == uid)
		return;
	number[uint_fmt(number, (unsigned int)a->uid)] = 0;
	findings_add(f, FINDING_WARNING, assign_file, line, "the account ", user, " has another uid, ", number,
		findings_cure, "write ", number,
		", or another name", (char *)0);
}

static void check_entry(findings *f, users_text const *t)
{
	users_line const *l = &t->entry;
	char const *doubt = users_line_doubt(l);
	unsigned int uid = 0;
	char last = l->locallen ? l->local[l->locallen - 1] : 'a';

	if (has_blank_edge(l))
		findings_add(f, FINDING_ERROR, assign_file, t->line, "a blank at the edge of a field is part of it",
			findings_cure, "remove it, and run "
			"qmail-newu", (char *)0);
	if (l->sign == '+' && last >= 'A' && last <= 'Z')
		findings_add(f, FINDING_WARNING, assign_file, t->line,
			"a wildcard that ends in an upper-case letter, which the qmail-newu of qmail 1.03 "
			"makes one that can never match", findings_cure, "write it in lower case", (char *)0);
	if (l->locallen && memchr(l->local, '@', l->locallen))
		findings_add(f, FINDING_ERROR, assign_file, t->line, "an address with an @, which can never match",
			findings_cure,
			"write what stands in front of the @", (char *)0);
	if (doubt) {
		findings_add(f, FINDING_ERROR, assign_file, t->line, doubt, findings_cure,
			"write =address:user:uid:gid:home:dash:ext: with numbers and a whole path", (char *)0);
		return;
	}
	uint_scan(field(l, 1), &uid);
	check_account(f, t->line, field(l, 0), uid);
	users_home(f, assign_file, t->line, field(l, 3), uid);
}

/* ---- the same key twice */

typedef struct key
{
	char const *local;
	size_t n;
	size_t line;
	char sign;
} key;

static int by_key(void const *a, void const *b)
{
	key const *x = a;
	key const *y = b;
	int r = x->sign != y->sign ? x->sign - y->sign : x->n != y->n ? (x->n > y->n) - (x->n < y->n)
		: text_casecmp(x->local, y->local, x->n);

	return r ? r : (x->line > y->line) - (x->line < y->line);
}

static void check_repeats(findings *f, key *keys, size_t n)
{
	char number[SIZE_FMT];
	size_t first = 0;
	size_t i;

	if (n)
		qsort(keys, n, sizeof *keys, by_key);
	for (i = 1; i < n; i++) {
		if (keys[i].sign != keys[first].sign || keys[i].n != keys[first].n
		 || text_casecmp(keys[i].local, keys[first].local, keys[i].n) != 0) {
			first = i;
			continue;
		}
		number[size_fmt(number, keys[first].line)] = 0;
		findings_add(f, FINDING_WARNING, assign_file, keys[i].line, "line ", number,
			" is about the same addresses and comes first, so this one can "
			"never match", findings_cure, "remove one of them", (char *)0);
	}
}

/* ---- the file */

static int wanted(setup const *s, users_line const *l)
{
	return !s->only.n || (l->sign == '+' && l->locallen && setup_wants(s, l->local, l->locallen - 1));
}

static void tell_problem(findings *f, size_t line, char const *problem)
{
	char const *cure = strstr(problem, "; ");
	stralloc what = STRALLOC_ZERO;

	if (cure && stralloc_copyb(&what, problem, (size_t)(cure - problem)) && stralloc_0(&what))
		findings_add(f, FINDING_ERROR, assign_file, line, what.s, ", so qmail-newu takes nothing of the file",
			findings_cure, cure + 2, (char *)0);
	stralloc_free(&what);
}

static void check_lines(setup const *s, findings *f, users_text *t, key *keys)
{
	size_t n = 0;

	while (users_text_next(t))
		if (t->status == USERS_LINE_OK) {
			keys[n] = (key){ .local = t->entry.local, .n = t->entry.locallen, .line = t->line,
				.sign = t->entry.sign };
			n++;
			if (wanted(s, &t->entry))
				check_entry(f, t);
		} else if (t->status != USERS_LINE_END) {
			tell_problem(f, t->line, users_line_problem(t->status));
		}
	if (!t->line || t->status != USERS_LINE_END)
		findings_add(f, FINDING_ERROR, assign_file, t->line,
			"no line that is a single dot ends it, so qmail-newu takes nothing of the file", findings_cure,
			"add one", (char *)0);
	else if (t->at < t->n && !s->domains_only)
		findings_add(f, FINDING_WARNING, assign_file, t->line + 1,
			"nothing behind the line with the dot is read", findings_cure,
			"move the dot to the end, or remove what follows it", (char *)0);
	if (!s->domains_only)
		check_repeats(f, keys, n);
}

static size_t count_lines(stralloc const *text)
{
	size_t n = 1;
	size_t i;

	for (i = 0; i < text->len; i++)
		n += text->s[i] == '\n';
	return n;
}

void users_check(setup const *s, findings *f)
{
	if (s->has_assign) {
		users_text t = { .s = s->assign.s, .n = s->assign.len };
		key *keys = calloc(count_lines(&s->assign), sizeof *keys);

		if (keys)
			check_lines(s, f, &t, keys);
		else
			f->failed = 1;
		free(keys);
	}
	compiled_assign(f, s);
}
