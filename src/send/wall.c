/* SPDX-License-Identifier: ISC */

#include "send/wall.h"

#include <time.h>

/* More than so many are counted as one. */
enum { LEAPS_MAX = 16 };

/* Set forward by so many seconds when it showed at. */
typedef struct leap
{
	int64_t at;
	int64_t by;
} leap;

static leap leaps[LEAPS_MAX];
static unsigned int n_leaps;

static int64_t last_wall;
static int64_t last_steady;
static int looked;

static void set_forward(int64_t at, int64_t by)
{
	if (n_leaps < LEAPS_MAX)
		leaps[n_leaps++] = (leap){ .at = at, .by = by };
	else
		leaps[n_leaps - 1].by += by;
}

/* A clock that was set wrong and then right has made nobody younger. */
static void set_back(int64_t by)
{
	while (n_leaps && by >= leaps[n_leaps - 1].by)
		by -= leaps[--n_leaps].by;
	if (n_leaps)
		leaps[n_leaps - 1].by -= by;
}

int64_t wall_look(int64_t wall, int64_t steady)
{
	int64_t should_be = last_wall + (steady - last_steady);
	int64_t jump = looked ? wall - should_be : 0;

	looked = 1;
	last_wall = wall;
	last_steady = steady;
	if (jump >= WALL_MINUTE)
		set_forward(should_be, jump);
	else if (jump <= -WALL_MINUTE)
		set_back(-jump);
	else
		return 0;
	return jump;
}

int64_t wall_now(int64_t *jump)
{
	struct timespec steady = { 0 };
	int64_t now = time(0);

	clock_gettime(CLOCK_BOOTTIME, &steady);
	*jump = wall_look(now, steady.tv_sec);
	return now;
}

int64_t wall_time(int64_t t)
{
	unsigned int i;

	for (i = 0; i < n_leaps; i++)
		if (t <= leaps[i].at)
			t += leaps[i].by;
	return t;
}
