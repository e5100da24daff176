/* SPDX-License-Identifier: ISC */

#ifndef PROTO_TCPTO_H
#define PROTO_TCPTO_H

#include <stddef.h>
#include <stdint.h>

/* queue/lock/tcpto: addresses whose connections timed out, so that not every delivery waits for them again.
 *
 * Records of 16 bytes, 64 of them in the file of 1024 that every qmail has. A longer file has room for more, up
 * to 4096: whoever defers mail for more hosts at once makes it longer (truncate -s 16384). Other qmails use the
 * first 64 records of it.
 *
 *	0-3 IPv4 address, 4 number of recent timeouts (0: unused; at most 10), 5-7 zero,
 *	8-11 time of the last one that counted (seconds since 1970, little endian), 12-15 zero.
 * An IPv6 address is a record of ours that other qmails take for one of an address nobody has (246/8):
 *	0 246, 5 6, its first 8 bytes in 1-3, 6-7 and 12-14, the sum of the others in 15.
 * Two hosts in one /64 may thus share a record; the worst that comes of it is a delivery put off.
 *
 * Writers: qmail-remote, qmail-tcpok, qmail-rspawn (zeroes it at start). Reader: qmail-tcpto. Each under an
 * exclusive flock(2). A file that cannot be used means that nothing is listed. */
enum { TCPTO_SIZE = 1024, TCPTO_MAX = 65536, TCPTO_RECORD = 16 };

typedef enum
{
	TCPTO_ABSENT,
	TCPTO_LISTED,
	TCPTO_SKIP,             /* two timeouts or more, the last one not long ago: do not connect */
} tcpto_status;

/* The table in memory, pure: t[0..n), addresses of 4 or 16 bytes, now in seconds since 1970.
 *
 * tcpto_look: what the table says. The wait is 60 to 91 times 64 seconds, by the caller's pid, so that
 * not all deliveries try again at once.
 * tcpto_count: note a timeout, tcpto_forgive: forget them. Both return the offset of the record that was
 * changed, or n when none was. */
extern tcpto_status tcpto_look(unsigned char const *t, size_t n, unsigned char const *address, size_t len,
	uint32_t now, unsigned int pid);
extern size_t tcpto_count(unsigned char *t, size_t n, unsigned char const *address, size_t len, uint32_t now);
extern size_t tcpto_forgive(unsigned char *t, size_t n, unsigned char const *address, size_t len);

/* tcpto_record: one record of 16 bytes for people. Returns the number of timeouts (0: unused record); sets
 * *when, the address (4 bytes, or 16 whose last 8 are unknown) and *len. */
extern unsigned int tcpto_record(unsigned char const *record, uint32_t *when, unsigned char address[16], size_t *len);

/* The file, at path. tcpto_check: what it says about an address now. tcpto_note: the outcome of a
 * connection to it. Silent when the file cannot be used. */
extern tcpto_status tcpto_check(char const *path, unsigned char const *address, size_t len);
extern void tcpto_note(char const *path, unsigned char const *address, size_t len, int timedout);

/* tcpto_load: up to TCPTO_MAX bytes of the file, their number into *n. tcpto_clear: zeros, as many as there were
 * bytes, TCPTO_SIZE at least and TCPTO_MAX at most. Both under the lock; 1, or 0 with errno. The file is not
 * created. */
extern int tcpto_load(char const *path, unsigned char t[TCPTO_MAX], size_t *n);
extern int tcpto_clear(char const *path);

#endif
