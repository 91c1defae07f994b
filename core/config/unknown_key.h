/* Messages on keys and words that are not known: what is allowed, and what was meant. */
#ifndef LB_UNKNOWN_KEY_H
#define LB_UNKNOWN_KEY_H

#include "core/config/lookup.h"

#define LB_MAX_WORDS 256
#define LB_HINT_TEXT 200
struct lb_words {
	const char *v[LB_MAX_WORDS];
	size_t n;
};
void lb_words_add(struct lb_words *w, const char *word);
/* "a, b, c" */
void lb_words_join(const struct lb_words *w, struct lb_buf *out);
/* "; did you mean "x"?" or nothing, into buf. */
const char *lb_hint(const char *meant, char buf[LB_HINT_TEXT]);

/* The diagnostic "WHAT, allowed: a, b, c; did you mean "b"?"; meant may be NULL. */
void lb_reject(const struct lb_resolving *r, struct lb_location location, const char *path, const char *what, const struct lb_words *allowed,
	       const char *meant);
/* Returns the path of another option with the same last key that takes a list or block, where one
 * was given at `path` and is not taken there; NULL: none. */
const char *lb_elsewhere_as(const char *path, const struct lb_node *node);
/* The diagnostic "found a list, allowed: ALLOWED", and what was meant. */
void lb_reject_type(const struct lb_resolving *r, const struct lb_node *node, const char *path, const char *allowed);
/* Faults for the keys of a group's mapping that no option has; the root's group is "". */
void lb_check_keys(const struct lb_resolving *r, const struct lb_node *map, const char *group);
/* The same for one entry of the mapping. */
void lb_check_key(const struct lb_resolving *r, const struct lb_node *key, const struct lb_node *item, const char *group);
/* A diagnostic for a key at `path` that no option has. */
void lb_reject_key(const struct lb_resolving *r, const char *path, const struct lb_node *key);

#endif
