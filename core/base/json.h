/* JSON: trees are cJSON's, numbers are ours (cJSON prints 15 digits, so its numbers do not
 * round-trip). */
#ifndef LB_JSON_H
#define LB_JSON_H

#include "core/base/err.h"
#include "core/base/text.h"

#include <cjson/cJSON.h>

/* Appends the tree to a buffer. Canonical: RFC 8785 (keys sorted by UTF-16 units, no blanks,
 * ECMAScript numbers). Pretty: two blanks an indent, keys in their order, lists of scalars on one
 * line, no line end after the last. Infinite numbers print as "inf" / "-inf", NaN as null. */
void lb_json_canonical(const cJSON *tree, struct lb_buf *out);
void lb_json_pretty(const cJSON *tree, struct lb_buf *out);

/* Building. A failed allocation sets a flag that lb_json_complete reports once at the end, so
 * callers need not test each call. The add functions return the new item (borrowed) or NULL; a NULL
 * object is allowed and does nothing. */
cJSON *lb_json_object(cJSON *in, const char *key);       /* in = NULL: a new root */
cJSON *lb_json_array(cJSON *in, const char *key);
void lb_json_number(cJSON *in, const char *key, double v); /* NaN becomes null, infinities "inf" / "-inf" */
void lb_json_text(cJSON *in, const char *key, const char *v); /* NULL becomes null; what is not UTF-8 is read as Latin-1 */
void lb_json_bool(cJSON *in, const char *key, int v);
void lb_json_item(cJSON *in, const char *key, cJSON *item);  /* takes item; key NULL when `in` is an array (for all above) */
void lb_json_named(cJSON *in, const char *key, cJSON *item); /* the same into an object that borrows the key for its life */
cJSON *lb_json_made(cJSON *item);                        /* item as it is; NULL counts as a failed allocation */
/* 0 when no building call failed since the last lb_json_complete, else -1 with a message. */
int lb_json_complete(struct lb_err *err);

/* Parses text strictly (no trailing garbage, no key twice in an object); `name` stands for the file
 * in the message, code is the error's code. */
cJSON *lb_json_parse(const char *name, const char *text, size_t n, enum lb_code code, struct lb_err *err);

/* Item at a dotted path such as "train.epochs", or NULL. Case-sensitive. */
const cJSON *lb_json_at(const cJSON *tree, const char *path);
/* The text at a path, NULL where there is none. */
const char *lb_json_text_at(const cJSON *tree, const char *path);
/* The number at a path ("inf" is INFINITY), or `otherwise` where there is none. */
double lb_json_number_at(const cJSON *tree, const char *path, double otherwise);

/* The member of that key, or NULL; `expected` (may be NULL), a member of the object, is looked at
 * first. */
const cJSON *lb_json_member(const cJSON *object, const char *key, const cJSON *expected);

/* Whether two trees say the same: numbers of the same value (cJSON_Compare lets them differ in the
 * last bit), lists in the same order, objects with the same keys in any. NULL is the same as NULL
 * alone. */
bool lb_json_same(const cJSON *a, const cJSON *b);

#endif
