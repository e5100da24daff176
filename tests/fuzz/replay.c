/* SPDX-License-Identifier: ISC */

/* A fuzz target without a fuzzer: runs each file of its corpus, tests/fuzz/corpus/NAME, or each file named. */

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static void run(char const *file)
{
	static char room[1 << 20];
	FILE *f = fopen(file, "rb");
	size_t n;
	uint8_t *exact;

	/* If it is the last thing this program says, this is the file. */
	printf("[ RUN      ] %s\n", file);
	fflush(stdout);
	if (!f || (n = fread(room, 1, sizeof room, f)) == sizeof room || ferror(f))
		perror(file), exit(1);
	fclose(f);
	exact = malloc(n + !n);
	if (!exact)
		perror(file), exit(1);
	memcpy(exact, room, n);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
}

int main(int argc, char **argv)
{
	char const *slash = strrchr(argv[0], '/');
	char const *name = slash ? slash + 1 : argv[0];
	char pattern[256];
	glob_t seeds = { .gl_pathc = 0 };
	int i;
	size_t k;

	for (i = 1; i < argc; i++)
		run(argv[i]);
	if (argc > 1)
		return 0;
	snprintf(pattern, sizeof pattern, "tests/fuzz/corpus/%s/*", name);
	if (glob(pattern, 0, 0, &seeds) != 0)
		fprintf(stderr, "%s: no files\n", pattern), exit(1);
	for (k = 0; k < seeds.gl_pathc; k++)
		run(seeds.gl_pathv[k]);
	globfree(&seeds);
	printf("[       OK ] %s: %zu files\n", name, k);
	return 0;
}
