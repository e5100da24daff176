/* SPDX-License-Identifier: ISC */

#ifndef EXPLAIN_POLICY_H
#define EXPLAIN_POLICY_H

#include <stddef.h>

#include "steps.h"

/* What holds for the mail of some senders or to some domains only. A file that is not there is not spoken of, and neither
 * decides whether mail can be delivered, but for a mistake in control/domainips. The current directory is the home. */

/* policy_queue: as qmail-queue-route decides it: the line of control/queueroutes about an envelope sender. */
extern void policy_queue(steps *s, char const *sender);

/* policy_explain: as qmail-send decides it: the line of control/queuelifetimes about an envelope sender, and that of
 * control/concurrencydomains about a recipient as it is delivered to. */
extern void policy_explain(steps *s, char const *sender, char const *recipient, size_t n);

/* policy_source: as qmail-remote decides it: the line of control/domainips about a sender, expanded for the recipient. 1;
 * or 0, and *s has the result. */
extern int policy_source(steps *s, char const *sender);

#endif
