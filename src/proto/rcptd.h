/* SPDX-License-Identifier: ISC */

#ifndef PROTO_RCPTD_H
#define PROTO_RCPTD_H

#include <stddef.h>
#include <stdint.h>

/* What qmail-smtpd asks qmail-rcptd: whether there is anybody at an address. Over the socket rcptd/socket in the home,
 * which keeps packets apart (SOCK_SEQPACKET): one packet is one question or one answer, and each question gets one
 * answer before the next is asked.
 *
 * question    R address                   1 to RCPTD_ADDRESS_MAX bytes, no NUL
 * answer      one byte: rcptd_answer
 *
 * The part of qmail-rcptd that hears strangers asks the part that is root, over a pair of such sockets:
 *
 * question    number local NUL            number: 4 bytes, the lowest first; 1 to RCPTD_LOCAL_MAX bytes, no other NUL
 * answer      number byte
 *
 * A question of another form has no answer: who hears it closes the connection, and who has asked takes the mail.
 * What is too long is never asked. */

enum { RCPTD_ADDRESS_MAX = 2000, RCPTD_LOCAL_MAX = 4000 };
enum { RCPTD_QUESTION_MAX = 1 + RCPTD_ADDRESS_MAX, RCPTD_NUMBER = 4, RCPTD_LOOK_MAX = RCPTD_NUMBER + RCPTD_LOCAL_MAX + 1,
	RCPTD_FOUND = RCPTD_NUMBER + 1 };

typedef enum
{
	RCPTD_YES = 'Y',
	RCPTD_NO = 'N',                 /* the mail would bounce: no mailbox here by that name */
	RCPTD_DOUBT = '?',              /* nobody knows; the mail is taken */
} rcptd_answer;

extern char const rcptd_directory[];            /* below the home; root's alone */
extern char const rcptd_socket[];

/* rcptd_question: write it; its length, or 0: that cannot be asked. rcptd_question_read: the address, which points
 * into s, or 0: no question. */
extern size_t rcptd_question(char packet[RCPTD_QUESTION_MAX], char const *address, size_t n);
extern int rcptd_question_read(char const *s, size_t n, char const **address, size_t *len);

/* The same for the question of the one part to the other; *local has its NUL. */
extern size_t rcptd_look(char packet[RCPTD_LOOK_MAX], uint32_t number, char const *local, size_t n);
extern int rcptd_look_read(char const *s, size_t n, uint32_t *number, char const **local);

/* rcptd_found: write an answer with a number; rcptd_found_read: 1, or 0 for what is none.
 * rcptd_answer_read: a byte that is no answer is a doubt. */
extern void rcptd_found(char packet[RCPTD_FOUND], uint32_t number, rcptd_answer answer);
extern int rcptd_found_read(char const *s, size_t n, uint32_t *number, rcptd_answer *answer);
extern rcptd_answer rcptd_answer_read(char c);

/* ---- the side that asks. The current directory is the home; io_start has been called. */

/* rcptd_connect: a connection to qmail-rcptd, or -1: there is none. Does not wait. */
extern int rcptd_connect(void);

/* rcptd_ask: the answer to one question, at most that many seconds from now. RCPTD_DOUBT with *gone: the connection is
 * of no more use; errno is ETIMEDOUT if it took too long. (An address that cannot be asked for is a doubt, and the
 * connection is as before.) */
extern rcptd_answer rcptd_ask(int fd, char const *address, size_t n, unsigned int seconds, int *gone);

#endif
