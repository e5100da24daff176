#!/bin/sh
# SPDX-License-Identifier: ISC
# qmail-qstat(8): how many messages are in the queue.

cd @QMAIL@/queue || exit 111

count() { find "$1" -type f -print | wc -l | tr -d ' '; }

echo "messages in queue: $(count mess)"
echo "messages in queue but not yet preprocessed: $(count todo)"
