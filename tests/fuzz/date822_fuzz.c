/* SPDX-License-Identifier: ISC */

/* Input: a time, 8 bytes, least first, and a zone, 2 bytes. */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "fuzz.h"
#include "mail/date822.h"

static int64_t const last = INT64_C(253402300799);

static int64_t held(int64_t t)
{
	return t < 0 ? 0 : t > last ? last : t;
}

static char const months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* The seconds that a text stands for, by the C library. */
static int64_t read_back(char const *s, size_t n, int *east)
{
	char text[DATE822_FMT + 1];
	char month[4] = "";
	char const *found;
	struct tm tm = { .tm_isdst = 0 };
	char sign;
	int hours, minutes;
	int used = 0;

	HOLDS(n <= DATE822_FMT);
	memcpy(text, s, n);
	text[n] = 0;
	HOLDS(sscanf(text, "%2d %3s %4d %2d:%2d:%2d %c%2d%2d%n", &tm.tm_mday, month, &tm.tm_year, &tm.tm_hour, &tm.tm_min,
		&tm.tm_sec, &sign, &hours, &minutes, &used) == 9);
	HOLDS((size_t)used == n && (sign == '+' || sign == '-') && minutes < 60);
	found = strstr(months, month);
	HOLDS(found && (found - months) % 3 == 0);
	tm.tm_mon = (int)(found - months) / 3;
	tm.tm_year -= 1900;
	*east = (sign == '-' ? -1 : 1) * (hours * 60 + minutes);
	return (int64_t)timegm(&tm) - *east * 60;
}

static void check_ctime(int64_t t)
{
	char s[DATE_CTIME_FMT];
	char expected[64];
	time_t seconds = (time_t)held(t);
	struct tm tm;
	size_t n = date_ctime_fmt(s, t);

	HOLDS(n <= sizeof s && gmtime_r(&seconds, &tm));
	HOLDS(strftime(expected, sizeof expected, "%a %b %d %H:%M:%S %Y", &tm) == n && memcmp(s, expected, n) == 0);
	HOLDS(date_stamp_fmt(s, t) == DATE_STAMP_FMT);
	HOLDS(strftime(expected, sizeof expected, "%Y%m%d%H%M%S", &tm) == DATE_STAMP_FMT);
	HOLDS(memcmp(s, expected, DATE_STAMP_FMT) == 0);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
	char s[DATE822_FMT];
	uint64_t bits = 0;
	int64_t t;
	int16_t zone = 0;
	int east;
	size_t i;

	for (i = 0; i < 8 && i < size; i++)
		bits |= (uint64_t)data[i] << 8 * i;
	for (; i < 10 && i < size; i++)
		zone = (int16_t)(zone * 256 + data[i]);
	memcpy(&t, &bits, sizeof t);
	HOLDS(read_back(s, date822_fmt(s, t), &east) == held(t) && east == 0);
	/* A zone does not change what time it is. */
	t = t < 0 ? 0 : t > last - 86400 ? last - 86400 : t;
	i = date822_zone_fmt(s, t, zone);
	if (t > 86400)
		HOLDS(read_back(s, i, &east) == t && east == zone % 1440);
	check_ctime(t);
	return 0;
}
