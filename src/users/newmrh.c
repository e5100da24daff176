/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cdb.h>
#include <skalibs/djbunix.h>
#include <skalibs/strerr.h>

#include "base/conf.h"
#include "base/control.h"
#include "base/fds.h"
#include "base/notes.h"
#include "base/scratch.h"
#include "base/setting.h"
#include "base/sync.h"
#include "base/text.h"

char const *PROG = "qmail-newmrh";

enum { EXIT_TEMP = 111 };

static char const SOURCE[] = "control/morercpthosts";
static char const SCRATCH[] = "control/morercpthosts.tmp";
static char const TARGET[] = "control/morercpthosts.cdb";

/* A file that was written on another system has lines that end in CR LF. */
static size_t without_cr(char const *s, size_t n)
{
	while (n > 0 && (s[n - 1] == '\r' || s[n - 1] == ' ' || s[n - 1] == '\t'))
		n--;
	return n;
}

/* An entry that was nothing else is empty then. */
static void strip(control_list *hosts)
{
	char const *s = hosts->entries.s;
	size_t len = 0;
	size_t i;

	for (i = 0; i < hosts->n; i++) {
		size_t whole = strlen(s);
		size_t n = without_cr(s, whole);

		memmove(hosts->entries.s + len, s, n);
		text_lowerb(hosts->entries.s + len, n);
		len += n;
		hosts->entries.s[len++] = 0;
		s += whole + 1;
	}
	hosts->entries.len = len;
}

static int write_hosts(int fd, control_list const *hosts)
{
	struct cdb_make cdb;
	char const *s = hosts->entries.s;
	size_t i;

	if (cdb_make_start(&cdb, fd) < 0)
		return 0;
	for (i = 0; i < hosts->n; i++) {
		size_t n = strlen(s);

		if (n > 0 && cdb_make_add(&cdb, s, (unsigned int)n, "", 0) < 0)
			return 0;
		s += n + 1;
	}
	return cdb_make_finish(&cdb) == 0;
}

static void clean_up(void)
{
	int e = errno;

	unlink(SCRATCH);
	errno = e;
}

static void fail(char const *what, char const *file)
{
	int e = errno;

	clean_up();
	strerr_warnw(TARGET, " is as it was; when the cause below is mended, run ", PROG, " again");
	errno = e;
	strerr_diefusys(EXIT_TEMP, what, file);
}

/* Of several that run at once each waits here for the one before it, and reads the list after that. */
static void load(control_list *hosts)
{
	stralloc notes = STRALLOC_ZERO;

	if (control_readlist(hosts, SOURCE, 0) != CONTROL_READ) {
		clean_up();
		strerr_diefusys(EXIT_TEMP, "read ", SOURCE);
	}
	strip(hosts);
	setting_useless(&notes, hosts, SOURCE, "@ \t\r", "no host is called that",
		"mail for that host is refused; write the domain alone, without @, blanks and CR");
	notes_tell(&notes);
}

/* smtpd may look at the list at any time: it sees the old one or the new one, and after a power cut too. */
static void replace(int fd, control_list const *hosts)
{
	if (!write_hosts(fd, hosts) || !sync_file(fd))
		fail("write ", SCRATCH);
	if (rename(SCRATCH, TARGET) < 0)
		fail("replace ", TARGET);
	if (!sync_dir("control"))
		strerr_diefusys(EXIT_TEMP, "make the new name durable: ", TARGET);
}

int main(void)
{
	control_list hosts = CONTROL_LIST_ZERO;
	int fd;

	if (!fds_sane(2))
		return EXIT_TEMP;
	umask(033);
	if (chdir(conf_home) < 0)
		strerr_diefusys(EXIT_TEMP, "change to ", conf_home);
	fd = scratch_open(SCRATCH);
	if (fd < 0)
		strerr_diefusys(EXIT_TEMP, "write ", SCRATCH);
	load(&hosts);
	replace(fd, &hosts);
	return 0;
}
