/* SPDX-License-Identifier: ISC */

#ifndef QMQPC_SERVER_H
#define QMQPC_SERVER_H

#include <stddef.h>

#include "net/ip.h"

enum { SERVER_PORT = 628 };

typedef struct server
{
	ip_address ip;
	unsigned int port;
} server;

/* server_parse: an entry s[0..n) of control/qmqpservers: 192.0.2.1 or [2001:db8::1], then perhaps a colon and a
 * port. What stands behind a blank is a comment. 1, or 0 if it is none: names are not looked up. */
extern int server_parse(server *v, char const *s, size_t n);

#endif
