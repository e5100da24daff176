/* SPDX-License-Identifier: ISC */

#ifndef ROUTE_EXTENSION_H
#define ROUTE_EXTENSION_H

#include <stddef.h>

#include <skalibs/stralloc.h>

/* From an address to the .qmail file that handles it, and to what the file's programs are told about the
 * address (dot-qmail(5), qmail-command(8)). Pure: names and texts only, no file is looked at.
 * The separator inside an extension is always "-", whatever conf-break says. */

/* extension_safe: append ext[0..n) as it stands in file names: A-Z folded, each dot a colon, so that an
 * address cannot climb out of a directory. 0 when out of memory. */
extern int extension_safe(stralloc *sa, char const *ext, size_t n);

/* The names to try, in order: .qmail DASH SAFE; then, SAFE cut after each of its dashes, right to left,
 * and at last cut to nothing: .qmail DASH CUT default. */
typedef struct extension_search
{
	char const *dash;
	size_t dashlen;
	char const *safe;
	size_t safelen;
	size_t keep;            /* bytes of safe in the present name */
	int is_default;         /* the present name is CUT default */
	int started;
} extension_search;

extern void extension_start(extension_search *x, char const *dash, size_t dashlen, char const *safe, size_t safelen);

/* extension_next: 1 when there is a (next) name to try, 0 when all have been. */
extern int extension_next(extension_search *x);

/* extension_file: the present name, into *sa, replacing what was there, NUL-terminated (the NUL not
 * counted). 0 when out of memory. */
extern int extension_file(extension_search const *x, stralloc *sa);

/* extension_default: where $DEFAULT starts in the extension if the present name is the file that was
 * used. 1 and *offset, or 0: DEFAULT is not set. */
extern int extension_default(extension_search const *x, size_t *offset);

/* extension_after: offset of what follows the k-th dash of ext[0..n); n when there are fewer. */
extern size_t extension_after(char const *ext, size_t n, unsigned int k);

/* extension_host: how much of host[0..n) is left when it is cut before its last dot, k times over. A host
 * without a dot (left) stays as it is. */
extern size_t extension_host(char const *host, size_t n, unsigned int k);

/* extension_owner: the name of the owner file (.qmail DASH SAFE -owner) or, with wildcard, of the file
 * that catches its bounces (.qmail DASH SAFE -owner-default), into *sa as extension_file. */
extern int extension_owner(stralloc *sa, char const *dash, char const *safe, size_t safelen, int wildcard);

/* extension_keeps_sender: whether mail from sender is forwarded with that sender whatever owner files
 * there are: bounces and double bounces. */
extern int extension_keeps_sender(char const *sender);

/* extension_newsender: the sender of forwarded mail where there is an owner file: LOCAL-owner@HOST, or,
 * if its bounces are caught too, the form that qmail-send makes a sender of its own of for each
 * recipient, LOCAL-owner-@HOST-@[]. Into *sa, NUL-terminated (the NUL not counted). 0 when out of memory. */
extern int extension_newsender(stralloc *sa, char const *local, char const *host, int wildcard);

#endif
