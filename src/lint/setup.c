/* SPDX-License-Identifier: ISC */

#include "setup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include "base/text.h"
#include "route/rcpthosts.h"

int setup_read(stralloc *text, char const *file)
{
	struct stat st;
	int fd = open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int ok = fd >= 0 && fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || (errno = EINVAL, 0));

	text->len = 0;
	ok = ok && slurp(text, fd);
	if (fd >= 0)
		fd_close(fd);
	return ok;
}

static void load_assign(setup *s, findings *f)
{
	s->has_assign = setup_read(&s->assign, "users/assign");
	if (!s->has_assign && errno != ENOENT)
		findings_unreadable(f, "users/assign");
}

static void load_list(setup_list *l, findings *f, char const *file, char sep)
{
	control_status st = control_readlist(&l->list, file, 0);

	l->file = file;
	l->present = st == CONTROL_READ;
	if (st == CONTROL_ERROR)
		findings_unreadable(f, file);
	if (!(sep ? constmap_map(&l->map, &l->list, sep) : constmap_set(&l->map, &l->list)))
		f->failed = 1;
}

void setup_load(setup *s, findings *f)
{
	s->hosts = (hosts)HOSTS_ZERO;
	load_list(&s->locals, f, "control/locals", 0);
	load_list(&s->virtualdomains, f, "control/virtualdomains", ':');
	load_list(&s->rcpthosts, f, "control/rcpthosts", 0);
	load_list(&s->morercpthosts, f, "control/morercpthosts", 0);
	load_list(&s->percenthack, f, "control/percenthack", 0);
	load_assign(s, f);
	tables_load(&s->tables);
	s->usable = !s->tables.unread && hosts_load(&s->hosts, &s->notes);
}

static void free_list(setup_list *l)
{
	constmap_free(&l->map);
	control_list_free(&l->list);
}

void setup_free(setup *s)
{
	free_list(&s->locals);
	free_list(&s->virtualdomains);
	free_list(&s->rcpthosts);
	free_list(&s->morercpthosts);
	free_list(&s->percenthack);
	tables_free(&s->tables);
	hosts_free(&s->hosts);
	stralloc_free(&s->notes);
	stralloc_free(&s->assign);
	control_list_free(&s->only);
}

int setup_wants(setup const *s, char const *pattern, size_t n)
{
	char const *only = s->only.entries.s;
	size_t at = text_rchr(pattern, n, '@');
	size_t i;

	if (!s->only.n)
		return 1;
	if (at < n) {
		pattern += at + 1;
		n -= at + 1;
	}
	for (i = 0; i < s->only.n; i++, only += strlen(only) + 1)
		if (text_caseequals(pattern, n, only))
			return 1;
	return 0;
}

int setup_accepts(setup *s, char const *domain, size_t n)
{
	stralloc address = STRALLOC_ZERO;
	rcpthosts_status st = RCPTHOSTS_ERROR;

	if (!s->hosts.present)
		return RCPTHOSTS_YES;
	if (stralloc_cats(&address, "x@") && stralloc_catb(&address, domain, n))
		st = rcpthosts_allows(&s->hosts.few, hosts_more, &s->hosts, address.s, address.len);
	stralloc_free(&address);
	return st;
}
