#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/config/config.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_BYTES = 1 << 20, MAX_LINES = 8, MAX_LENGTH = 400 };

/* The text of a comment line, without its mark and blanks; NULL for any other line. */
static const char *comment(const char *line, size_t *n)
{
	size_t end = strcspn(line, "\r\n");

	if (*line != '#')
		return NULL;
	line++;
	end--;
	while (end && *line == ' ') {
		line++;
		end--;
	}
	while (end && line[end - 1] == ' ')
		end--;
	*n = end;
	return line;
}

/* Up to the first question mark of the comment lines from `text` on; the first line alone where
 * there is none. */
static char *whole_question(const char *text, struct lb_err *err)
{
	struct lb_buf b = { 0 };
	size_t n, first = 0;
	bool ends = false;

	for (int i = 0; i < MAX_LINES && !ends; i++) {
		const char *line = comment(text, &n);
		if (!line || !n || b.n + n > MAX_LENGTH)
			break;
		const char *mark = memchr(line, '?', n);
		if (i)
			lb_buf_puts(&b, " ");
		lb_buf_add(&b, line, mark ? (size_t)(mark - line) + 1 : n);
		ends = mark;
		first = i ? first : b.n;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	char *out = b.n ? lb_strndup(b.s, ends ? b.n : first, err) : NULL;
	if (b.bad)
		lb_fail_memory(err, b.n);
	lb_buf_free(&b);
	return out;
}

char *lb_config_question(const char *path, struct lb_err *err)
{
	static const char word[] = "# Question:";
	size_t n;
	char *text = path ? lb_read_file(path, MAX_BYTES, &n, LB_CONFIG, NULL) : NULL, *question = NULL;

	for (char *line = text; line && *line == '#'; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		if (!strncmp(line, word, strlen(word))) {
			char *from = line + strlen(word) - 1;
			*from = '#'; /* so that it is a comment line like those after it */
			question = whole_question(from, err);
			break;
		}
	free(text);
	return question;
}
