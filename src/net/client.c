/* SPDX-License-Identifier: ISC */

#include "net/client.h"

#include <stdlib.h>

static char const *variable(char const *name, char const *otherwise)
{
	char const *s = getenv(name);

	return s ? s : otherwise;
}

void client_known(received *r, char const *protocol)
{
	r->host = variable("TCPREMOTEHOST", "unknown");
	r->ip = variable("TCPREMOTEIP", "unknown");
	r->info = variable("TCPREMOTEINFO", 0);
	r->helo = 0;
	r->local = variable("TCPLOCALHOST", variable("TCPLOCALIP", "unknown"));
	r->protocol = protocol;
}
