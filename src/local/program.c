/* SPDX-License-Identifier: ISC */

#include "program.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "message.h"

int program_verdict(int exitcode)
{
	switch (exitcode) {
	case 0:
		return OUTCOME_DONE;
	case 99:
		return OUTCOME_STOP;
	case 64: case 65: case 70: case 76: case 77: case 78:   /* of sysexits: no use in trying again */
	case 100:
	case 112:
		return OUTCOME_FAILED;
	default:
		return OUTCOME_DEFERRED;
	}
}

int program_run(outcome *o, char const *text)
{
	static child_fd const fds[] = { { 0, 0 }, { 1, 1 }, { 2, 2 } };
	char const *argv[] = { "/bin/sh", "-c", text, 0 };
	pid_t pid;
	int status;

	if (!message_rewind(o))
		return 0;
	pid = child_start(argv[0], (char *const *)argv, environ, 0, fds, sizeof fds / sizeof fds[0]);
	if (!pid)
		return outcome_defer(o, "Unable to run ", argv[0], "4.3.0");
	if (!child_wait(pid, &status))
		return outcome_defer(o, "Unable to wait for ", argv[0], "4.3.0");
	if (WIFSIGNALED(status))
		return outcome_set(o, OUTCOME_DEFERRED, "Aack, child crashed. (#4.3.0)", (char *)0);
	/* What there is to say the program has said. */
	outcome_set(o, program_verdict(WEXITSTATUS(status)), (char *)0);
	return o->code == OUTCOME_DONE || o->code == OUTCOME_STOP;
}
