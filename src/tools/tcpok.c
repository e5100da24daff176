/* SPDX-License-Identifier: ISC */

#include <unistd.h>

#include <skalibs/strerr.h>

#include "base/conf.h"
#include "proto/tcpto.h"

char const *PROG = "qmail-tcpok";

int main(void)
{
	if (chdir(conf_home) < 0)
		strerr_diefusys(111, "chdir to ", conf_home);
	if (!tcpto_clear("queue/lock/tcpto"))
		strerr_diefusys(111, "clear ", conf_home, "/queue/lock/tcpto");
	return 0;
}
