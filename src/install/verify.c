/* SPDX-License-Identifier: ISC */

#include "verify.h"

#include <errno.h>
#include <sys/stat.h>

#include "walk.h"

static int right_type(hier_type type, mode_t mode)
{
	switch (type) {
	case HIER_DIR: return S_ISDIR(mode);
	case HIER_FIFO: return S_ISFIFO(mode);
	default: return S_ISREG(mode);
	}
}

static int compare(struct stat const *st, hier_entry const *e, place_ids const *ids)
{
	int found = VERIFY_FINE;

	if (!right_type(e->type, st->st_mode))
		return VERIFY_TYPE;
	if (ids && st->st_uid != ids->uid)
		found |= VERIFY_OWNER;
	if (ids && st->st_gid != ids->gid)
		found |= VERIFY_GROUP;
	if ((st->st_mode & 07777) != e->mode)
		found |= VERIFY_MODE;
	if (e->type == HIER_ZEROS && st->st_size < HIER_TCPTO_SIZE)
		found |= VERIFY_SIZE;
	return found;
}

int verify_entry(int home, hier_entry const *e, place_ids const *ids)
{
	struct stat st;
	walk w;
	int found;

	if (!walk_to(&w, home, e->path))
		return errno == ENOENT || errno == ENOTDIR ? VERIFY_ABSENT : VERIFY_ERROR;
	if (walk_stat(&w, &st))
		found = compare(&st, e, ids);
	else
		found = errno == ENOENT ? VERIFY_ABSENT : VERIFY_ERROR;
	walk_done(&w);
	return found;
}
