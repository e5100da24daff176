/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <fcntl.h>
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
#include "base/setting.h"
#include "base/sync.h"
#include "base/text.h"

char const *PROG = "qmail-newmrh";

enum { EXIT_TEMP = 111 };

static char const SOURCE[] = "control/morercpthosts";
static char const SCRATCH[] = "control/morercpthosts.tmp";
static char const TARGET[] = "control/morercpthosts.cdb";

static int write_hosts(int fd, control_list *hosts)
{
	struct cdb_make cdb;
	char *s = hosts->entries.s;
	size_t i;

	if (cdb_make_start(&cdb, fd) < 0)
		return 0;
	for (i = 0; i < hosts->n; i++) {
		size_t n = strlen(s);

		text_lowerb(s, n);
		if (cdb_make_add(&cdb, s, (unsigned int)n, "", 0) < 0)
			return 0;
		s += n + 1;
	}
	return cdb_make_finish(&cdb) == 0;
}

static void fail(char const *what, char const *file)
{
	int e = errno;

	unlink(SCRATCH);
	strerr_warnw(TARGET, " is as it was; when the cause below is mended, run ", PROG, " again");
	errno = e;
	strerr_diefusys(EXIT_TEMP, what, file);
}

/* smtpd may look at the list at any time: it sees the old one or the new one, and after a power cut too. */
static void replace(control_list *hosts)
{
	int fd = open(SCRATCH, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || !write_hosts(fd, hosts) || !sync_file(fd) || close(fd) < 0)
		fail("write ", SCRATCH);
	if (rename(SCRATCH, TARGET) < 0)
		fail("replace ", TARGET);
	if (!sync_dir("control"))
		strerr_diefusys(EXIT_TEMP, "make the new name durable: ", TARGET);
}

int main(void)
{
	control_list hosts = CONTROL_LIST_ZERO;
	stralloc notes = STRALLOC_ZERO;

	if (!fds_sane(2))
		return EXIT_TEMP;
	umask(033);
	if (chdir(conf_home) < 0)
		strerr_diefusys(EXIT_TEMP, "change to ", conf_home);
	if (control_readlist(&hosts, SOURCE, 0) != CONTROL_READ)
		strerr_diefusys(EXIT_TEMP, "read ", SOURCE);
	setting_useless(&notes, &hosts, SOURCE, "@ \t\r", "no host is called that",
		"mail for that host is refused; write the domain alone, without @, blanks and CR");
	notes_tell(&notes);
	replace(&hosts);
	return 0;
}
