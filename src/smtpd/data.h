/* SPDX-License-Identifier: ISC */

#ifndef SMTPD_DATA_H
#define SMTPD_DATA_H

#include "session.h"

/* data_receive: the DATA command of a transaction that is complete: start the queue program, take the
 * message, give the envelope, and answer with what came of it. The sender has been told 250 only when the
 * queue program ended well. A client that goes away or sends what is no message leaves an envelope that
 * is not complete, and so no message. */
extern session_end data_receive(session *s);

#endif
