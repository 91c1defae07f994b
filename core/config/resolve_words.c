#include "core/base/mem.h"
#include "core/config/defaults.h"
#include "core/config/lookup.h"
#include "core/config/resolve.h"
#include "core/config/unknown_key.h"
#include "core/config/yaml_overlay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_word_of(const char *const *words, const char *text)
{
	while (*words && strcmp(*words, text))
		words++;
	return *words;
}

/* A word of a list and its place in it. */
struct word {
	const char *text;
	size_t at;
};

static int by_text(const void *a, const void *b)
{
	const struct word *x = a, *y = b;
	const int order = strcmp(x->text, y->text);

	return order ? order : (x->at > y->at) - (x->at < y->at);
}

/* For each entry of a list whether an earlier one says the same; NULL for want of memory. Yours to
 * free. */
static bool *find_repeated(const struct lb_node *list)
{
	bool *repeated = lb_alloc(list->n, sizeof *repeated, NULL);
	struct word *word = lb_alloc(list->n, sizeof *word, NULL);
	size_t n = 0;

	for (size_t i = 0; word && i < list->n; i++)
		if (list->item[i]->type == LB_SCALAR)
			word[n++] = (struct word){ list->item[i]->text, i };
	if (n)
		qsort(word, n, sizeof *word, by_text);
	for (size_t i = 1; repeated && i < n; i++)
		repeated[word[i].at] = !strcmp(word[i - 1].text, word[i].text);
	if (!word) {
		free(repeated);
		repeated = NULL;
	}
	free(word);
	return repeated;
}

static bool check_word(const struct lb_resolving *r, const struct lb_option *o, const struct lb_node *node, bool repeated)
{
	struct lb_words allowed = { 0 };
	char what[LB_FOUND_TEXT + 8], found[LB_FOUND_TEXT];

	if (node->type != LB_SCALAR) {
		lb_reject_type(r, node, o->path, "a text");
		return false;
	}
	if (repeated) {
		lb_diagnostic(r->diagnostics, &node->location, o->path, "%s stands twice; keep one", lb_node_found(node, found));
		return false;
	}
	if (!o->words || is_word_of(o->words, node->text))
		return true;
	for (size_t i = 0; o->words[i]; i++)
		lb_words_add(&allowed, o->words[i]);
	snprintf(what, sizeof what, "found %s", lb_node_found(node, found));
	lb_reject(r, node->location, o->path, what, &allowed, lb_nearest(node->text, allowed.v, allowed.n));
	return false;
}

cJSON *lb_resolve_words(const struct lb_resolving *r, const struct lb_option *o, const struct lb_node *node)
{
	char allowed[LB_PATH_TEXT], wanted[LB_FOUND_TEXT];
	cJSON *list = NULL;

	if (o->word && (!node || (node->type == LB_SCALAR && !strcmp(node->text, o->word))))
		return lb_json_made(cJSON_CreateString(o->word));
	if (!node && (o->optional || lb_rule_default(r, o->path, &list)))
		return list;
	if (node && node->type != LB_SEQUENCE) {
		snprintf(wanted, sizeof wanted, "%.40s", node->type == LB_SCALAR ? node->text : "a, b");
		snprintf(allowed, sizeof allowed, "%s%sa list such as [%s]", o->word ? o->word : "", o->word ? ", or " : "", wanted);
		lb_reject_type(r, node, o->path, allowed);
		return NULL;
	}
	list = lb_json_array(NULL, NULL);
	bool *repeated = node ? find_repeated(node) : NULL;
	if (node && !repeated)
		lb_json_made(NULL); /* want of memory, told of when the tree is complete */
	for (size_t i = 0; repeated && i < node->n; i++)
		if (check_word(r, o, node->item[i], repeated[i]))
			lb_json_text(list, NULL, node->item[i]->text);
	free(repeated);
	return list;
}
