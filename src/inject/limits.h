/* SPDX-License-Identifier: ISC */

#ifndef INJECT_LIMITS_H
#define INJECT_LIMITS_H

/* What a header may cost, in bytes: the whole of it as it is kept, one field of addresses, all addresses
 * together. Bodies have no limit; they are passed on as they come. Plain numbers: messages quote them. */

#define LIMIT_HEADER 16777216
#define LIMIT_FIELD 4194304
#define LIMIT_RECIPIENTS 8388608

#endif
