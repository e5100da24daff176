/* SPDX-License-Identifier: ISC */

#include "recipients.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/types.h>

#include "base/conf.h"
#include "base/newer.h"
#include "compiled.h"
#include "pattern.h"
#include "route/recipients.h"

enum { EMPTY_CDB = 2048, FORGOTTEN_MAX = 10 };

static char const file[] = "control/recipients";
static char const harm[] = ", so every recipient that this line is about is taken";

typedef struct look
{
	control_list lines;
	int own;                /* we look as qmaild */
} look;

/* ---- patterns */

static void check_domain(findings *f, size_t line, char const *key, size_t n)
{
	char const *what = 0;
	char const *cure = 0;

	if (n == 1 && key[0] == '*')
		return;
	if (n > 1 && key[0] == '@') {
		key++;
		n--;
	}
	if (n == 0) {
		what = "no domain, so this line is about none";
		cure = "write * for all domains";
	} else if (key[0] == '.') {
		what = "a dot in front, so this line is about no domain";
		cure = "remove it, a domain stands for all below it too";
	} else {
		what = pattern_problem(key, n, PATTERN_LITERAL, &cure);
	}
	if (what)
		findings_add(f, FINDING_ERROR, file, line, what, findings_cure, cure, (char *)0);
}

/* ---- tables and programs, as qmaild */

static void tell(findings *f, size_t line, char const *name, char const *what, char const *cure)
{
	findings_add(f, FINDING_ERROR, file, line, name, *name ? " " : "", what, harm, findings_cure, cure, (char *)0);
}

/* What qmaild may not, another user that qmail-smtpd runs as perhaps may. */
static void tell_shut(findings *f, look const *l, size_t line, char const *name, char const *verb)
{
	if (l->own)
		findings_add(f, FINDING_WARNING, file, line, conf_username(CONF_QMAILD), " cannot ", verb, " ", name,
			harm, findings_cure,
			"let it, unless qmail-smtpd runs as another user who can", (char *)0);
	else
		findings_add(f, FINDING_WARNING, file, line, name, " cannot be looked at", findings_cure,
			"run qmail-lint as root", (char *)0);
}

static void check_age(findings *f, size_t line, char const *name)
{
	static stralloc text = STRALLOC_ZERO;
	size_t n = strlen(name);

	if (n <= 4 || strcmp(name + n - 4, ".cdb") != 0 || !stralloc_copyb(&text, name, n - 4) || !stralloc_0(&text))
		return;
	if (newer_file(AT_FDCWD, text.s, name))
		findings_add(f, FINDING_WARNING, file, line, name, " is older than ", text.s, findings_cure,
			"make it anew", (char *)0);
}

static void check_opened(findings *f, size_t line, char const *name, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		tell(f, line, name, "is not a file", "name a cdb");
		return;
	}
	if (st.st_mode & S_IWOTH)
		findings_add(f, FINDING_ERROR, file, line, "anybody can write to ", name, findings_cure, "chmod go-w ",
			name, (char *)0);
	if (st.st_size > EMPTY_CDB && !compiled_sound(fd))
		tell(f, line, name, "is damaged", "make it anew");
	else if (st.st_size <= EMPTY_CDB)
		findings_add(f, FINDING_WARNING, file, line, name, " has nobody in it, and so takes everybody",
			findings_cure,
			"put the recipients into it", (char *)0);
	check_age(f, line, name);
}

static void check_table(findings *f, look const *l, size_t line, char const *name)
{
	int fd;

	if (*name == ' ' || *name == '\t' || !*name) {
		tell(f, line, "",
			*name ? "a blank in front of the name of the file, which is part of it" : "no name of a file",
			"write domain:file");
		return;
	}
	fd = open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0)
		check_opened(f, line, name, fd);
	else if (errno == EACCES)
		tell_shut(f, l, line, name, "read");
	else
		tell(f, line, name, errno == ENOENT ? "does not exist" : "cannot be read", "make it, or mend the line");
	if (fd >= 0)
		close(fd);
}

/* ~user/... is below the user's home. */
static char const *whole_path(findings *f, size_t line, char const *name)
{
	static stralloc path = STRALLOC_ZERO;
	size_t n = strcspn(name, "/");
	struct passwd const *pw;

	if (name[0] != '~')
		return name;
	if (!stralloc_copyb(&path, name + 1, n - 1) || !stralloc_0(&path))
		return f->failed = 1, (char *)0;
	pw = getpwnam(path.s);
	if (!pw)
		return tell(f, line, name, "is in the home of nobody",
			"name an account of this host behind the ~"), (char *)0;
	return stralloc_copys(&path, pw->pw_dir) && stralloc_cats(&path, name + n)
		&& stralloc_0(&path) ? path.s : (f->failed = 1, (char *)0);
}

static void check_program(findings *f, look const *l, size_t line, char const *command)
{
	stralloc words = STRALLOC_ZERO;
	size_t n = recipients_command(&words, command);
	char const *path = n ? whole_path(f, line, words.s) : 0;
	struct stat st;

	if (!n)
		tell(f, line, "", "no program, or more than five arguments", "write domain|program argument ...");
	/* one without a slash is looked for along a PATH that is not ours */
	if (path && strchr(path, '/')) {
		if (stat(path, &st) < 0 && errno != EACCES)
			tell(f, line, path, errno == ENOENT ? "does not exist" : "cannot be run",
				"make it, or mend the line");
		else if (access(path, X_OK) < 0)
			tell_shut(f, l, line, path, "run");
		else if (!S_ISREG(st.st_mode))
			tell(f, line, path, "is not a file", "name a program");
	}
	stralloc_free(&words);
}

static void check_line(findings *f, look const *l, size_t line, char const *s)
{
	size_t end = strcspn(s, ":|");

	if (s[0] == '!') {
		if (s[1] == '@')
			findings_add(f, FINDING_ERROR, file, line,
				"an @ behind the !, so this line is about no domain", findings_cure, "remove it",
				(char *)0);
		else
			check_domain(f, line, s + 1, strlen(s + 1));
		return;
	}
	if (s[end])
		check_domain(f, line, s, end);
	if (s[end] == '|')
		check_program(f, l, line, s + end + 1);
	else
		check_table(f, l, line, s[end] ? s + end + 1 : s);
}

static void check_lines(findings *f, void *data)
{
	look const *l = data;
	char const *s = l->lines.entries.s;
	int over = 0;
	size_t i;

	for (i = 0; i < l->lines.n; i++, s += strlen(s) + 1) {
		if (over)
			findings_add(f, FINDING_WARNING, file, control_line(&l->lines, i),
				"nothing behind !* is looked at", findings_cure,
				"move !* to the end", (char *)0);
		over |= strcmp(s, "!*") == 0;
		/* a CR has been spoken of */
		if (!strchr(s, '\r'))
			check_line(f, l, control_line(&l->lines, i), s);
	}
}

/* ---- domains that no line is about */

typedef struct covered
{
	int all;
	control_list keys;      /* a domain alone has an @, one that is not looked at as well */
	constmap map;
} covered;

static int cover(covered *c, control_list const *lines)
{
	stralloc text = STRALLOC_ZERO;
	char const *s = lines->entries.s;
	int ok = 1;
	size_t i;

	for (i = 0; i < lines->n && ok; i++, s += strlen(s) + 1) {
		size_t end = strcspn(s, ":|");

		c->all |= s[0] == '!' ? s[1] == '*' : !s[end] || s[0] == '*';
		ok = stralloc_cats(&text, s[0] == '!' ? "@" : "") && stralloc_catb(&text, s + (s[0] == '!'),
			end - (s[0] == '!'))
			&& stralloc_append(&text, '\n');
	}
	ok = ok && control_list_parse(&c->keys, text.s, text.len) && constmap_set(&c->map, &c->keys);
	stralloc_free(&text);
	return ok;
}

static int is_covered(covered const *c, char const *domain)
{
	static stralloc alone = STRALLOC_ZERO;

	if (domain[0] != '.' && stralloc_copys(&alone, "@") && stralloc_cats(&alone, domain)
	 && constmap_find(&c->map, alone.s, alone.len))
		return 1;
	domain += domain[0] == '.';
	while (domain && *domain) {
		if (constmap_find(&c->map, domain, strlen(domain)))
			return 1;
		domain = strchr(domain, '.');
		domain += domain != 0;
	}
	return 0;
}

static void check_forgotten(setup const *s, findings *f, covered const *c, setup_list const *taken)
{
	char const *name = taken->list.entries.s;
	size_t forgotten = 0;
	size_t i;

	for (i = 0; i < taken->list.n && forgotten < FORGOTTEN_MAX; i++, name += strlen(name) + 1)
		if (setup_wants(s, name, strlen(name)) && !strchr(name, '\r') && !is_covered(c, name)) {
			forgotten++;
			findings_add(f, FINDING_ERROR, taken->file, control_line(&taken->list, i),
				"no line of control/recipients is about ", name,
				forgotten < FORGOTTEN_MAX ? "" : " and perhaps others behind it",
				", so every recipient there is refused", findings_cure,
				"add one, or !* as its last line", (char *)0);
		}
}

void recipients_check(setup const *s, findings *f)
{
	look l = { .lines = CONTROL_LIST_ZERO, .own = geteuid() == 0 };
	covered c = { .keys = CONTROL_LIST_ZERO, .map = CONSTMAP_ZERO };
	control_status st = control_readlist(&l.lines, file, 0);
	uid_t uid;
	gid_t gid;

	if (st != CONTROL_READ)
		return;
	if (!s->domains_only && conf_uid(CONF_QMAILD, &uid) && conf_gid(CONF_NOFILES, &gid))
		findings_as(f, uid, gid, file, check_lines, &l);
	if (!cover(&c, &l.lines))
		f->failed = 1;
	if (!l.lines.n) {
		findings_add(f, FINDING_ERROR, file, 0, "is empty, so every recipient is refused", findings_cure,
			"remove it", (char *)0);
	} else if (!c.all) {
		check_forgotten(s, f, &c, &s->rcpthosts);
		check_forgotten(s, f, &c, &s->morercpthosts);
	}
	constmap_free(&c.map);
	control_list_free(&c.keys);
	control_list_free(&l.lines);
}
