/* SPDX-License-Identifier: ISC */

#include "base/ask.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"

enum { EXIT_TEMP = 111 };

static ask_answer later(stralloc *why, char const *text, char const *program, char const *reason)
{
	if (!stralloc_copys(why, text) || !stralloc_cats(why, program) || (*reason && !stralloc_cats(why, ": "))
		|| !stralloc_cats(why, reason) || !stralloc_0(why))
		why->len = 0;
	return ASK_LATER;
}

ask_answer ask_program(char const *const *argv, stralloc *why)
{
	pid_t pid = child_search((char *const *)argv, environ, 0, 0);
	int status;

	if (!pid)
		return later(why, "unable to run ", argv[0], strerror(errno));
	if (!child_wait(pid, &status))
		return later(why, "unable to wait for ", argv[0], strerror(errno));
	if (WIFSIGNALED(status))
		return later(why, "child crashed", "", "");
	switch (WEXITSTATUS(status)) {
	case 0: return ASK_YES;
	case EXIT_TEMP: return later(why, "temporary child error", "", "");
	default: return ASK_NO;
	}
}
