/* SPDX-License-Identifier: ISC */

/* qmail-showctl: what this installation is set to, in sentences. */

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/buffer.h>
#include <skalibs/stralloc.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include "base/conf.h"
#include "base/control.h"
#include "base/fds.h"
#include "proto/compiled.h"

enum { EXIT_TEMP = 111 };

char const *PROG = "qmail-showctl";

typedef enum
{
	SHOW_LINE,
	SHOW_ME,                /* a line whose default is control/me */
	SHOW_NUMBER,
	SHOW_LIMIT,             /* a number of which 0 means none */
	SHOW_LIST,
	SHOW_MORERCPTHOSTS,
	SHOW_CDB,
	SHOW_COMPILED,          /* qmail-newcdb's, of the text called before */
} show_kind;

typedef struct show_control
{
	show_kind kind;
	char const *name;
	char const *before;     /* around the value, or around each entry of a list */
	char const *after;
	char const *absent;     /* default of a line or number; the whole sentence for a list */
} show_control;

/* In the order in which they are shown. */
static show_control const controls[] =
{
	{ SHOW_LIST, "badmailfrom", "", " not accepted in MAIL FROM.", "Any MAIL FROM is allowed." },
	{ SHOW_LINE, "bouncefrom", "Bounce user name is ", ".", "MAILER-DAEMON" },
	{ SHOW_ME, "bouncehost", "Bounce host name is ", ".", "bouncehost" },
	{ SHOW_NUMBER, "concurrencylocal", "Local concurrency is ", ".", "10" },
	{ SHOW_NUMBER, "concurrencyremote", "Remote concurrency is ", ".", "20" },
	{ SHOW_LIMIT, "databytes", "SMTP DATA limit is ", " bytes.", "0" },
	{ SHOW_ME, "defaultdomain", "Default domain name is ", ".", "defaultdomain" },
	{ SHOW_ME, "defaulthost", "Default host name is ", ".", "defaulthost" },
	{ SHOW_ME, "doublebouncehost", "2B recipient host: ", ".", "doublebouncehost" },
	{ SHOW_LINE, "doublebounceto", "2B recipient user: ", ".", "postmaster" },
	{ SHOW_ME, "envnoathost", "Presumed domain name is ", ".", "envnoathost" },
	{ SHOW_ME, "helohost", "SMTP client HELO host name is ", ".", "helohost" },
	{ SHOW_ME, "idhost", "Message-ID host name is ", ".", "idhost" },
	{ SHOW_ME, "localiphost", "Local IP address becomes ", ".", "localiphost" },
	{ SHOW_LIST, "locals", "Messages for ", " are delivered locally.", "Messages for me are delivered locally." },
	{ SHOW_LINE, "me", "My name is ", ".", "undefined! Uh-oh" },
	{ SHOW_LIST, "percenthack", "The percent hack is allowed for user%host@", ".", "The percent hack is not allowed." },
	{ SHOW_ME, "plusdomain", "Plus domain name is ", ".", "plusdomain" },
	{ SHOW_LIST, "qmqpservers", "QMQP server: ", ".", "No QMQP servers." },
	{ SHOW_NUMBER, "queuelifetime", "Message lifetime in the queue is ", " seconds.", "604800" },
	{ SHOW_LIST, "rcpthosts", "SMTP clients may send messages to recipients at ", ".",
		"SMTP clients may send messages to any recipient." },
	{ SHOW_MORERCPTHOSTS, "morercpthosts", "SMTP clients may send messages to recipients at ", ".", "No effect." },
	{ SHOW_CDB, "morercpthosts.cdb", 0, 0, 0 },
	{ SHOW_ME, "smtpgreeting", "SMTP greeting: 220 ", ".", "smtpgreeting" },
	{ SHOW_LIST, "smtproutes", "SMTP route: ", "", "No artificial SMTP routes." },
	{ SHOW_NUMBER, "timeoutconnect", "SMTP client connection timeout is ", " seconds.", "60" },
	{ SHOW_NUMBER, "timeoutremote", "SMTP client data timeout is ", " seconds.", "1200" },
	{ SHOW_NUMBER, "timeoutsmtpd", "SMTP server data timeout is ", " seconds.", "1200" },
	{ SHOW_LIST, "virtualdomains", "Virtual domain: ", "", "No virtual domains." },
};

/* morercpthosts when there is no rcpthosts */
static show_control const irrelevant =
	{ SHOW_LIST, "morercpthosts", "No rcpthosts; doesn't matter that morercpthosts has ", ".",
		"No rcpthosts; morercpthosts is irrelevant." };

/* Files that qmail's own programs did not read: shown among the others at the end, when they are there. */
static show_control const additions[] =
{
	{ SHOW_NUMBER, "aliasfallback", "Users' addresses without a file go to nobody (0) or to alias (1): ", ".", "0" },
	{ SHOW_NUMBER, "bouncemaxbytes", "Bounces repeat at most ", " bytes of a message.", "" },
	{ SHOW_LIST, "concurrencydomains", "Deliveries at once by domain: ", "", "" },
	{ SHOW_LIST, "defaultdelivery", "Default delivery is ", "", "" },
	{ SHOW_LIMIT, "brtlimit", "SMTP clients may try so many recipients that are nobody's: ", ".", "0" },
	{ SHOW_NUMBER, "emptyprefixlocal", "An empty prepend in virtualdomains means remote (0) or local (1): ", ".", "0" },
	{ SHOW_LIST, "domainips", "Address and HELO by sender: ", "", "" },
	{ SHOW_COMPILED, "locals.cdb", "control/locals", "", "" },
	{ SHOW_LIMIT, "maxrcpt", "SMTP recipients of a message, unless maxrecipients says otherwise: ", ".", "0" },
	{ SHOW_LIMIT, "maxrecipients", "SMTP recipients of a message: ", ".", "0" },
	{ SHOW_LINE, "nosandbox", "Programs keep rights that they do not need. ", "", "" },
	{ SHOW_LIST, "queuelifetimes", "Message lifetime by sender: ", "", "" },
	{ SHOW_LIST, "queueroutes", "Queue by sender: ", "", "" },
	{ SHOW_COMPILED, "rcpthosts.cdb", "control/rcpthosts", "", "" },
	{ SHOW_LIST, "recipients", "SMTP recipients, by the first line that knows them: ", "", "" },
	{ SHOW_NUMBER, "rejectbarecr", "SMTP messages with a lone CR are refused (1) or taken (0): ", ".", "0" },
	{ SHOW_NUMBER, "remotekeep", "SMTP client sessions are kept for ", " seconds.", "" },
	{ SHOW_NUMBER, "remoterecipients", "Recipients of a message in one SMTP client session: at most ", ".", "" },
	{ SHOW_NUMBER, "timeoutsession", "SMTP sessions without a message end after ", " seconds.", "43200" },
	{ SHOW_COMPILED, "virtualdomains.cdb", "control/virtualdomains", "", "" },
};

static char const unreadable[] = "Oops! Trouble reading this file.\n";
static char const by_default[] = "(Default.) ";

static stralloc me = STRALLOC_ZERO;
static int me_known;

static void put(char const *s, size_t n)
{
	if (buffer_put(buffer_1, s, n) < 0)
		strerr_diefusys(EXIT_TEMP, "write output");
}

static void puts_out(char const *s)
{
	put(s, strlen(s));
}

/* What an administrator wrote, fit for a terminal. */
static void put_safe(char const *s, size_t n)
{
	size_t i = 0;

	for (; i < n; i++)
		put(s[i] < ' ' || s[i] > '~' ? "?" : s + i, 1);
}

static void put_number(unsigned long n)
{
	char fmt[ULONG_FMT];

	put(fmt, ulong_fmt(fmt, n));
}

static void put_sentence(show_control const *c, char const *s, size_t n)
{
	puts_out(c->before);
	put_safe(s, n);
	puts_out(c->after);
	puts_out("\n");
}

/* qmail's sentence says that 0 is the limit. Who reads a pipe may know that one and no other; a terminal and a
 * file get what it means. */
static int for_people(void)
{
	struct stat st;

	return fstat(1, &st) == 0 && !S_ISFIFO(st.st_mode);
}

static void put_amount(show_control const *c, char const *s, size_t n)
{
	show_control unlimited = *c;

	unlimited.after = c->after[0] == ' ' ? " bytes, that is, no limit." : ", that is, no limit.";
	put_sentence(c->kind == SHOW_LIMIT && n == 1 && *s == '0' && for_people() ? &unlimited : c, s, n);
}

static char const *path_of(char const *name)
{
	static stralloc path = STRALLOC_ZERO;

	if (!stralloc_copys(&path, "control/") || !stralloc_cats(&path, name) || !stralloc_0(&path))
		strerr_dief(EXIT_TEMP, "out of memory");
	return path.s;
}

static void show_line(show_control const *c)
{
	static stralloc line = STRALLOC_ZERO;
	control_status status = control_readline(&line, path_of(c->name));

	if (status == CONTROL_READ) {
		put_sentence(c, line.s, line.len);
	} else if (status == CONTROL_ABSENT) {
		puts_out(by_default);
		if (c->kind == SHOW_ME && me_known)
			put_sentence(c, me.s, me.len);
		else
			put_sentence(c, c->absent, strlen(c->absent));
	} else {
		puts_out(unreadable);
	}
}

static void show_number(show_control const *c)
{
	char fmt[UINT_FMT];
	unsigned int n;

	switch (control_readint(&n, path_of(c->name))) {
	case CONTROL_READ:
		put_amount(c, fmt, uint_fmt(fmt, n));
		break;
	case CONTROL_BAD:
	case CONTROL_ABSENT:
		puts_out(by_default);
		put_amount(c, c->absent, strlen(c->absent));
		break;
	default:
		puts_out(unreadable);
	}
}

static void show_list(show_control const *c)
{
	control_list l = CONTROL_LIST_ZERO;
	char const *s;
	size_t i = 0;

	switch (control_readlist(&l, path_of(c->name), 0)) {
	case CONTROL_READ:
		puts_out("\n");
		for (s = l.entries.s; i < l.n; i++, s += strlen(s) + 1)
			put_sentence(c, s, strlen(s));
		break;
	case CONTROL_ABSENT:
		puts_out(by_default);
		puts_out(c->absent);
		puts_out("\n");
		break;
	default:
		puts_out(unreadable);
	}
	control_list_free(&l);
}

static void show_morercpthosts(show_control const *c)
{
	struct stat st;

	show_list(stat("control/rcpthosts", &st) < 0 ? &irrelevant : c);
}

/* Whether qmail-newmrh has run since the text was changed. */
static void show_cdb(void)
{
	struct stat text;
	struct stat cdb;
	int has_text = stat("control/morercpthosts", &text) == 0;
	int has_cdb = stat("control/morercpthosts.cdb", &cdb) == 0;

	if (!has_text && !has_cdb)
		puts_out("(Default.) No effect.\n");
	else if (!has_text)
		puts_out("Oops! morercpthosts.cdb exists but morercpthosts doesn't.\n");
	else if (!has_cdb)
		puts_out("Oops! morercpthosts exists but morercpthosts.cdb doesn't.\n");
	else if (text.st_mtime > cdb.st_mtime)
		puts_out("Oops! morercpthosts.cdb is older than morercpthosts.\n");
	else
		puts_out("Modified recently enough; hopefully up to date.\n");
}

/* Whether the cdb counts, or its text. */
static void show_compiled(show_control const *c)
{
	int fd = compiled_open(c->before);

	if (fd >= 0)
		close(fd);
	puts_out(fd >= 0 ? "Read instead of its text.\n" : errno == ENOENT ? "Not made of its text as it is now, which counts: run qmail-newcdb.\n" : unreadable);
}

static void show_control_file(show_control const *c)
{
	puts_out("\n");
	puts_out(c->name);
	puts_out(": ");
	switch (c->kind) {
	case SHOW_LINE:
	case SHOW_ME: show_line(c); break;
	case SHOW_NUMBER:
	case SHOW_LIMIT: show_number(c); break;
	case SHOW_LIST: show_list(c); break;
	case SHOW_MORERCPTHOSTS: show_morercpthosts(c); break;
	case SHOW_CDB: show_cdb(); break;
	case SHOW_COMPILED: show_compiled(c); break;
	}
}

static show_control const *find(show_control const *table, size_t n, char const *name)
{
	for (; n; n--, table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return 0;
}

static int is_shown(char const *name)
{
	return find(controls, sizeof controls / sizeof *controls, name)
		|| strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static void show_others(DIR *dir)
{
	struct dirent *d;

	while ((errno = 0, d = readdir(dir))) {
		show_control const *c = find(additions, sizeof additions / sizeof *additions, d->d_name);

		if (c)
			show_control_file(c);
		if (c || is_shown(d->d_name))
			continue;
		puts_out("\n");
		put_safe(d->d_name, strlen(d->d_name));
		puts_out(": I have no idea what this file does.\n");
	}
	if (errno)
		strerr_diefusys(EXIT_TEMP, "read directory ", conf_home, "/control");
}

static void show_users(void)
{
	unsigned int i = 0;
	uid_t uid;

	puts_out("user ids: ");
	for (; i < CONF_USERS_MAX; i++) {
		if (!conf_uid((conf_user)i, &uid))
			strerr_dief(EXIT_TEMP, "unable to find user ", conf_username((conf_user)i));
		if (i)
			puts_out(", ");
		put_number(uid);
	}
	puts_out(".\n");
}

static void show_groups(void)
{
	static conf_group const order[] = { CONF_NOFILES, CONF_QMAIL };
	unsigned int i = 0;
	gid_t gid;

	puts_out("group ids: ");
	for (; i < sizeof order / sizeof *order; i++) {
		if (!conf_gid(order[i], &gid))
			strerr_dief(EXIT_TEMP, "unable to find group ", conf_groupname(order[i]));
		if (i)
			puts_out(", ");
		put_number(gid);
	}
	puts_out(".\n");
}

static void show_settings(void)
{
	puts_out("qmail home directory: ");
	puts_out(conf_home);
	puts_out(".\nuser-ext delimiter: ");
	put(&conf_break, 1);
	puts_out(".\npaternalism (in decimal): ");
	put_number(conf_patrn);
	puts_out(".\nsilent concurrency limit: ");
	put_number(conf_spawn);
	puts_out(".\nsubdirectory split: ");
	put_number(conf_split);
	puts_out(".\n");
	show_users();
	show_groups();
}

static DIR *open_control(void)
{
	DIR *dir = chdir(conf_home) == 0 ? opendir("control") : 0;

	if (!dir) {
		int e = errno;

		puts_out("\nOops! Unable to look at ");
		puts_out(conf_home);
		puts_out("/control: ");
		puts_out(strerror(e));
		puts_out(".\n");
		buffer_flush(buffer_1);
		_exit(EXIT_TEMP);
	}
	return dir;
}

int main(void)
{
	size_t i = 0;
	DIR *dir;

	if (!fds_sane(2))
		_exit(EXIT_TEMP);
	show_settings();
	dir = open_control();
	me_known = control_readline(&me, "control/me") == CONTROL_READ;
	for (; i < sizeof controls / sizeof *controls; i++)
		show_control_file(controls + i);
	show_others(dir);
	if (!buffer_flush(buffer_1))
		strerr_diefusys(EXIT_TEMP, "write output");
	return 0;
}
