/* SPDX-License-Identifier: ISC */

#include "recipient/otherhome.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where a name leads to in the end; 0 if nowhere, or nobody can tell. */
static int resolve(char path[PATH_MAX], char const *name)
{
	return realpath(name, path) != 0;
}

static int is_below(char const *path, char const *name)
{
	char directory[PATH_MAX];
	size_t n;

	if (!resolve(directory, name))
		return 0;
	n = strlen(directory);
	return strncmp(path, directory, n) == 0 && path[n] == '/';
}

/* path is absolute. */
static void cut_name(char *path)
{
	*strrchr(path, '/') = 0;
}

int otherhome_has(char const *directory, char const *file)
{
	char path[PATH_MAX + sizeof "/bin/qmail-send"];
	size_t n = strlen(directory);

	memcpy(path, directory, n);
	memcpy(path + n, file, strlen(file) + 1);
	return access(path, F_OK) == 0;
}

/* ---- bin/qmail-queue */

/* Each program of ours may be a link to where a package has put it: those are no other home's. */
static int is_with_ours(char const *directory)
{
	char ours[PATH_MAX];

	if (!resolve(ours, "bin/qmail-send"))
		return 0;
	cut_name(ours);
	return strcmp(ours, directory) == 0;
}

/* A home is known by its programs. */
static void name_home(char *directory)
{
	size_t n = strlen(directory);

	if (!otherhome_has(directory, "/qmail-send"))
		directory[0] = 0;
	else if (n > strlen("/bin") && strcmp(directory + n - strlen("/bin"), "/bin") == 0)
		cut_name(directory);
}

static int program_leads_out(char home[PATH_MAX])
{
	struct stat st;

	if (lstat("bin/qmail-queue", &st) < 0 || !S_ISLNK(st.st_mode) || !resolve(home, "bin/qmail-queue")
	 || is_below(home, ".") || is_below(home, "bin"))
		return 0;
	cut_name(home);
	if (is_with_ours(home))
		return 0;
	name_home(home);
	return 1;
}

/* ---- queue */

/* A queue on another disk is no home's. */
static int queue_leads_out(char home[PATH_MAX])
{
	if (!resolve(home, "queue") || is_below(home, "."))
		return 0;
	cut_name(home);
	return otherhome_has(home, "/bin/qmail-send");
}

otherhome otherhome_find(char home[PATH_MAX])
{
	if (program_leads_out(home))
		return OTHERHOME_PROGRAM;
	if (queue_leads_out(home))
		return OTHERHOME_QUEUE;
	home[0] = 0;
	return OTHERHOME_NONE;
}
