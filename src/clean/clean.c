/* SPDX-License-Identifier: ISC */

/* qmail-clean(8): remove files of the queue that belong to qmailq, as qmail-send asks on descriptor 0. */

#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/sig.h>
#include <skalibs/strerr.h>

#include "base/conf.h"
#include "base/fds.h"
#include "base/io.h"
#include "base/sandbox.h"
#include "clean/remove.h"
#include "proto/clean.h"
#include "proto/qpath.h"

enum { EXIT_REPLY = 100, EXIT_TEMP = 111 };

/* pid/ is looked through before the first request and then once in this many. */
enum { SWEEP_EVERY = 31 };

enum { BLOCK = 4096 };

char const *PROG = "qmail-clean";

/* Answer every request that is complete in block[0..n); returns how many there were. */
static unsigned int answer(qpath_layout const *l, clean_request *request, char const *block, size_t n)
{
	char replies[BLOCK];
	unsigned int count = 0;
	size_t pos = 0;

	for (;;) {
		switch (clean_next(request, block, n, &pos)) {
		case CLEAN_READY:
			/* What a qmail-send asked for that is gone is not to be done any more: the next one may have had
			 * message N delivered and removed meanwhile, and another message may have got its number. */
			if (!io_has_reader(1))
				_exit(EXIT_REPLY);
			replies[count++] = remove_files(l, request->verb, request->id);
			break;
		case CLEAN_MALFORMED:
			replies[count++] = CLEAN_REFUSED;
			break;
		case CLEAN_MORE:
			if (!io_writeall(1, replies, count))
				_exit(EXIT_REPLY);
			return count;
		}
	}
}

int main(void)
{
	qpath_layout layout;
	clean_request request = CLEAN_REQUEST_ZERO;
	unsigned int answered = SWEEP_EVERY;
	char block[BLOCK];

	if (!fds_sane(2))
		return EXIT_TEMP;
	sig_ignore(SIGPIPE);
	/* Should we be stopped behind io_has_reader: qmail-send is what started us (qmail-start(8)), and we go with it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (chdir(conf_home) < 0)
		strerr_diefusys(EXIT_TEMP, "chdir to ", conf_home);
	if (chdir("queue") < 0)
		strerr_diefusys(EXIT_TEMP, "chdir to ", conf_home, "/queue");
	if (!qpath_detect(&layout))
		strerr_diefusys(EXIT_TEMP, "find the subdirectories of ", conf_home, "/queue/mess");
	if (!sandbox_enter(SANDBOX_CLEAN))
		strerr_diefusys(EXIT_TEMP, "enter the sandbox");

	for (;;) {
		ssize_t r;

		if (answered >= SWEEP_EVERY) {
			remove_stale(time(0));
			answered = 0;
		}
		r = io_read(0, block, sizeof block, 0);
		if (r < 0)
			strerr_diefusys(EXIT_TEMP, "read a request");
		if (r == 0)
			return 0;
		answered += answer(&layout, &request, block, (size_t)r);
	}
}
