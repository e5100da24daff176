/* SPDX-License-Identifier: ISC */

/* rewrite [DOMAINS]: look-ups a second in a virtualdomains of 100,000 lines, as qmail-send makes one for each
 * recipient. By processor time; the best of several rounds. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "route/rewrite.h"

enum { LOOKUPS = 200000, ROUNDS = 9, ADDRESSES = 4096 };

static rewrite_tables tables;
static char addresses[ADDRESSES][64];

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(char const *what)
{
	perror(what);
	_Exit(111);
}

/* Every tenth line covers the names below a domain. */
static void load(unsigned int domains)
{
	static char const locals[] = "localhost\nbench.local\n";
	static control_list list, own;
	size_t room = (size_t)domains * 64 + 1, n = 0;
	char *text = malloc(room);

	if (!text)
		die("memory");
	for (unsigned int i = 0; i < domains; i++)
		n += (size_t)snprintf(text + n, room - n, "%sdomain%u.example.org:user%u\n", i % 10 ? "" : ".", i, i % 97);
	tables = (rewrite_tables){ .envnoathost = "bench.local", .envnoathostlen = 11 };
	if (!control_list_parse(&list, text, n) || !control_list_parse(&own, locals, sizeof locals - 1)
		|| !constmap_map(&tables.virtualdomains, &list, ':') || !constmap_set(&tables.locals, &own))
		die("memory");
	free(text);
}

typedef struct kind
{
	char const *name;
	char const *start;
	unsigned int number;    /* of the first domain, the others being 10, 20, ... further on */
	char const *end;
	rewrite_route route;
} kind;

static kind const kinds[] = {
	{ "in a virtual domain", "domain", 1, ".org", REWRITE_LOCAL },
	{ "below one", "host.domain", 0, ".org", REWRITE_LOCAL },
	{ "elsewhere", "domain", 1, ".net", REWRITE_REMOTE },
};

static double measure(kind const *k, unsigned int domains)
{
	stralloc out = STRALLOC_ZERO;
	double best = 0;

	for (unsigned int i = 0; i < ADDRESSES; i++) {
		unsigned int number = (unsigned int)(i * 7919UL % (domains / 10)) * 10 + k->number;
		(void)snprintf(addresses[i], sizeof addresses[i], "someone@%s%u.example%s", k->start, number, k->end);
	}
	for (int r = 0; r < ROUNDS; r++) {
		double began = cpu();
		for (unsigned int i = 0; i < LOOKUPS; i++) {
			char const *a = addresses[i % ADDRESSES];
			if (rewrite_address(&tables, &out, a, strlen(a)) != k->route) {
				(void)fprintf(stderr, "%s went the wrong way\n", a);
				_Exit(1);
			}
		}
		double rate = LOOKUPS / (cpu() - began) / 1e6;
		best = rate > best ? rate : best;
	}
	stralloc_free(&out);
	return best;
}

int main(int argc, char **argv)
{
	unsigned int domains = argc > 1 ? (unsigned int)atoi(argv[1]) : 100000;

	if (domains < 100) {
		(void)fputs("usage: rewrite [DOMAINS], at least 100\n", stderr);
		return 100;
	}
	double began = cpu();
	load(domains);
	(void)printf("%-32s %8.0f\n", "reading so many domains, ms", (cpu() - began) * 1000);
	(void)printf("%-32s %8s\n", "address, of so many domains", "million/s");
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		(void)printf("%-32s %8.2f\n", kinds[i].name, measure(&kinds[i], domains));
	return 0;
}
