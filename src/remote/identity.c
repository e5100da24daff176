/* SPDX-License-Identifier: ISC */

#include "identity.h"

#include <string.h>

#include "base/control.h"
#include "net/tcp.h"
#include "route/pattern.h"

enum { V4 = 4 };

static char const file[] = "control/domainips";

identity_status identity_find(identity *id, control_list const *l, constmap const *m, char const *sender, size_t n)
{
	constmap_entry const *e;
	size_t index;

	id->v4.len = id->v6.len = 0;
	id->helohost.len = 0;
	id->line = 0;
	switch (pattern_choose(&e, &index, l, m, sender, n, 1)) {
	case PATTERN_NOTHING:
		return IDENTITY_OK;
	case PATTERN_NOCOLON:
		id->line = control_line(l, index);
		return IDENTITY_NOCOLON;
	case PATTERN_FOUND:
		break;
	}
	id->line = control_line(l, e->index);
	return identity_parse(id, e->value, e->valuelen);
}

identity_status identity_load(identity *id, char const *sender)
{
	control_list lines = CONTROL_LIST_ZERO;
	constmap m = CONSTMAP_ZERO;
	identity_status status = IDENTITY_ERROR;

	if (control_readlist(&lines, file, 0) != CONTROL_ERROR && constmap_map(&m, &lines, ':'))
		status = identity_find(id, &lines, &m, sender, strlen(sender));
	if (status == IDENTITY_OK && !identity_ours(id))
		status = IDENTITY_NOTOURS;
	constmap_free(&m);
	control_list_free(&lines);
	return status;
}

int identity_bind(identity const *id, int fd, ip_address const *to)
{
	ip_address const *from = to->len == V4 ? &id->v4 : &id->v6;

	return !from->len || tcp_bind(fd, from);
}
