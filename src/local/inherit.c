/* SPDX-License-Identifier: ISC */

#include "inherit.h"

#include <stdlib.h>
#include <unistd.h>

#include <skalibs/env.h>

#include "route/environment.h"

int inherit_environment(delivery const *d, char const *default_part)
{
	enum { NAMES = 20 };
	static stralloc vars = STRALLOC_ZERO;
	size_t n = env_len((char const *const *)environ);
	char const **v = malloc((n + NAMES + 1) * sizeof *v);

	vars.len = 0;
	if (!v || !environment_make(&vars, d, default_part)
		|| !env_merge(v, n + NAMES + 1, (char const *const *)environ, n, vars.s, vars.len)) {
		free(v);
		return 0;
	}
	/* Ours until we exit, as the texts it points to. */
	environ = (char **)v;
	return 1;
}
