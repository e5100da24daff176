/* SPDX-License-Identifier: ISC */

#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include <skalibs/stralloc.h>

/* What a target is: one input, checked. Always 0. It leaves nothing behind that another input could see. */
extern int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size);

/* HOLDS: a property of the code under test. One that does not hold is told on descriptor 2, and the program
 * ends as for a crash. */
#define HOLDS(x) ((x) ? (void)0 : fuzz_broken(#x, __FILE__, __LINE__))
extern _Noreturn void fuzz_broken(char const *property, char const *file, int line);

/* Bytes of the input, which has an end but no NUL there. */
typedef struct span
{
	char const *s;
	size_t n;
} span;

/* fuzz_section: take what *in starts with up to a form feed, or all of it; the form feed is dropped. A target that
 * needs several texts has them in one file this way. fuzz_line: the same for newline. fuzz_whole: the input. */
extern span fuzz_section(span *in);
extern span fuzz_line(span *in);
extern span fuzz_whole(uint8_t const *data, size_t size);

/* fuzz_netstring: take the whole netstring that *in starts with. 1 and its content, or 0 if it starts with none or
 * with a part of one. */
extern int fuzz_netstring(span *in, span *content);

/* fuzz_same, fuzz_same_fold: whether two texts are equal, or equal but for the case of ASCII letters. */
extern int fuzz_same(span a, span b);
extern int fuzz_same_fold(span a, span b);

/* How an input arrives: all at once, byte by byte, or in pieces that an arithmetic of their own decides upon. */
typedef enum { CUT_NOT, CUT_BYTES, CUT_PIECES, CUTS } cut;

/* fuzz_piece: how much of n bytes comes next; *state is 0 in the beginning. 0 for n 0. */
extern size_t fuzz_piece(cut c, uint32_t *state, size_t n);

/* An input as it arrives. fuzz_next: the next piece is in block, in memory of its own, n bytes; 0: there is none
 * left. fuzz_done: give the last one's memory back. */
typedef struct pieces
{
	span left;
	cut cut;
	uint32_t state;
	char *block;
	size_t n;
} pieces;
#define PIECES(in, how) { .left = (in), .cut = (how) }
extern int fuzz_next(pieces *p);
extern void fuzz_done(pieces *p);

/* fuzz_put: note an observation in *sa, a text or (fuzz_putn) a number; two runs that saw the same have equal notes.
 * fuzz_agree: they must be equal; the second is freed. No memory is the end of the program. */
extern void fuzz_put(stralloc *sa, char const *s, size_t n);
extern void fuzz_putn(stralloc *sa, uint64_t n);
extern void fuzz_agree(stralloc const *known, stralloc *notes);

/* fuzz_copy: the text with a NUL behind it, in memory of its own: an access behind its end is seen. */
extern char *fuzz_copy(span x);

/* fuzz_memory: what a function that says 0 without memory has said: the end of the program. */
extern void fuzz_memory(int ok);

#endif
