/* SPDX-License-Identifier: ISC */

#include "mail/date822.h"

#include <string.h>

#include <skalibs/types.h>

typedef struct civil
{
	unsigned int year, month, day, hour, minute, second, weekday;
} civil;

static char const months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
static char const weekdays[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };

enum { DAYS_400_YEARS = 146097, DAYS_TO_MARCH_0000 = 719468 };
static int64_t const last_second = INT64_C(253402300799);      /* 9999-12-31 23:59:59 */

/* The proleptic Gregorian calendar, with years counted from March so that the leap day comes last. */
static void civil_from(civil *c, int64_t t)
{
	uint64_t s = t < 0 ? 0 : (uint64_t)(t > last_second ? last_second : t);
	unsigned int days = (unsigned int)(s / 86400);
	unsigned int rest = (unsigned int)(s % 86400);
	unsigned int z = days + DAYS_TO_MARCH_0000;
	unsigned int era = z / DAYS_400_YEARS;
	unsigned int doe = z % DAYS_400_YEARS;
	unsigned int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned int m = (5 * doy + 2) / 153;

	c->day = doy - (153 * m + 2) / 5 + 1;
	c->month = m < 10 ? m + 2 : m - 10;
	c->year = yoe + era * 400 + (c->month < 2);
	c->hour = rest / 3600;
	c->minute = rest / 60 % 60;
	c->second = rest % 60;
	c->weekday = (days + 4) % 7;
}

static size_t put2(char *s, unsigned int n)
{
	s[0] = (char)('0' + n / 10);
	s[1] = (char)('0' + n % 10);
	return 2;
}

static size_t put_time(char *s, civil const *c)
{
	put2(s, c->hour);
	s[2] = ':';
	put2(s + 3, c->minute);
	s[5] = ':';
	put2(s + 6, c->second);
	return 8;
}

size_t date822_fmt(char *s, int64_t t)
{
	civil c;
	size_t n;

	civil_from(&c, t);
	n = uint_fmt(s, c.day);
	s[n++] = ' ';
	memcpy(s + n, months[c.month], 3);
	n += 3;
	s[n++] = ' ';
	n += uint_fmt(s + n, c.year);
	s[n++] = ' ';
	n += put_time(s + n, &c);
	memcpy(s + n, " -0000", 6);
	return n + 6;
}

size_t date822_zone_fmt(char *s, int64_t t, int east)
{
	int64_t const last = last_second - 86400;       /* so that no zone takes it over the end */
	int64_t utc = t < 0 ? 0 : t > last ? last : t;
	unsigned int minutes = (unsigned int)(east < 0 ? -east : east) % 1440;
	size_t n = date822_fmt(s, utc + (east < 0 ? -60 : 60) * (int64_t)minutes);

	s[n - 5] = east < 0 ? '-' : '+';
	put2(s + n - 4, minutes / 60);
	put2(s + n - 2, minutes % 60);
	return n;
}

size_t date_ctime_fmt(char *s, int64_t t)
{
	civil c;
	size_t n = 0;

	civil_from(&c, t);
	memcpy(s, weekdays[c.weekday], 3);
	s[3] = ' ';
	memcpy(s + 4, months[c.month], 3);
	s[7] = ' ';
	n = 8 + put2(s + 8, c.day);
	s[n++] = ' ';
	n += put_time(s + n, &c);
	s[n++] = ' ';
	return n + uint_fmt(s + n, c.year);
}

size_t date_stamp_fmt(char *s, int64_t t)
{
	civil c;

	civil_from(&c, t);
	put2(s, c.year / 100);
	put2(s + 2, c.year % 100);
	put2(s + 4, c.month + 1);
	put2(s + 6, c.day);
	put2(s + 8, c.hour);
	put2(s + 10, c.minute);
	put2(s + 12, c.second);
	return DATE_STAMP_FMT;
}
