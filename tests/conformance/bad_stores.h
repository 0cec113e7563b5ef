/* Stores with one defect each, which the conformance kit must find. */
#ifndef BAD_STORES_H
#define BAD_STORES_H

#include "store_conformance.h"

struct bad_store {
  const char* defect;
  const char* found_by; /* the check that must fail */
  struct store_subject subject;
};

extern const struct bad_store bad_stores[];
extern const int bad_store_count;

/* The sample without a defect. */
extern const struct store_subject good_store;

#endif
