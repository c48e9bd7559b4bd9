#ifndef LINKS_H
#define LINKS_H

#include "common/worker/service.h"
#include "customer_linked.h"

/*
 * Ids that are one person's, as lookup found out: a prospect keeps its id when the bank registers
 * it under another, and what is tied to either is tied to the one person. The table is made by
 * runtime.create_links().
 */

/* What the contract demands; NULL, or what is wrong. */
const char *links_find_fault(const struct customer_linked *event);

/* Writes it down; once, however often it is told. */
void links_record(const struct turn *turn, struct outcome *out,
                  const struct customer_linked *event);

#endif
