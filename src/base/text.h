/* SPDX-License-Identifier: ISC */

#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stddef.h>

#include <skalibs/stralloc.h>

/* Bytes as ASCII, whatever the locale; bytes over 127 are never folded. */

extern char text_lower(char c);
extern void text_lowerb(char *s, size_t n);

/* text_casecmp: order of a[0..n) and b[0..n) with A-Z folded: negative, 0 or positive. */
extern int text_casecmp(char const *a, char const *b, size_t n);

/* text_caseequals: whether the counted string s[0..n) equals the NUL-terminated t, case folded. */
extern int text_caseequals(char const *s, size_t n, char const *t);

/* text_rchr: offset of the last c in s[0..n), or n when there is none. */
extern size_t text_rchr(char const *s, size_t n, char c);

/* text_safe: append s[0..n) to *sa as it may stand in a log line: newline becomes /; %, blanks, controls
 * and bytes over 126 become _ (qmail-log(5)). Returns 0 when out of memory. */
extern int text_safe(stralloc *sa, char const *s, size_t n);

/* text_visible: append s[0..n) in printable ASCII: any other byte as \xNN, a backslash as two. Returns 0 when out of
 * memory. */
extern int text_visible(stralloc *sa, char const *s, size_t n);

/* text_oneline: append s[0..n) to *sa with each CR and LF a blank. Returns 0 when out of memory. */
extern int text_oneline(stralloc *sa, char const *s, size_t n);

#endif
