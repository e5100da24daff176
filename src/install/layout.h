/* SPDX-License-Identifier: ISC */

#ifndef INSTALL_LAYOUT_H
#define INSTALL_LAYOUT_H

#include "proto/qpath.h"

typedef enum
{
	LAYOUT_ERROR = -1,      /* errno */
	LAYOUT_FOUND = 0,       /* *l is that of the queue there */
	LAYOUT_NEW = 1,         /* no queue yet: *l is what this build gives a new one */
	LAYOUT_GAP = 2,         /* mess lacks subdirectory *missing below one that is there, and info disagrees too */
} layout_status;

/* layout_detect: how the queue of the installation in home is laid out. An existing queue decides for
 * itself; a damaged one (messages would be looked for in the wrong place) is told apart from a small one, and
 * one whose making was cut short (mess/0 comes last) is as good as new. */
extern layout_status layout_detect(qpath_layout *l, int home, unsigned int *missing);

#endif
