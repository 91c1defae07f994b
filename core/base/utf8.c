#include "core/base/utf8.h"

#include <stdio.h>
#include <string.h>

bool lb_utf8_valid(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s, *end = p + n;

	while (p < end) {
		unsigned c = *p++;
		int more = c < 0x80 ? 0 : c >= 0xC2 && c < 0xE0 ? 1 : (c & 0xF0) == 0xE0 ? 2 : c >= 0xF0 && c < 0xF5 ? 3 : -1;
		if (c == 0 || more < 0 || end - p < more)
			return false;
		if ((c == 0xE0 && p[0] < 0xA0) || (c == 0xED && p[0] > 0x9F) || (c == 0xF0 && p[0] < 0x90) || (c == 0xF4 && p[0] > 0x8F))
			return false;
		for (; more > 0; more--)
			if ((*p++ & 0xC0) != 0x80)
				return false;
	}
	return true;
}

size_t lb_utf8_length(const char *s)
{
	for (size_t n = 1; n <= 4; n++) {
		if (lb_utf8_valid(s, n))
			return n;
		if (!s[n - 1])
			break;
	}
	return 0;
}

/* Control characters are below U+0020 and U+007F to U+009F; the marks of direction are U+200E,
 * U+200F, U+202A to U+202E, U+2066 to U+2069. */
bool lb_utf8_steers(const char *text, size_t n)
{
	const unsigned char *s = (const unsigned char *)text;

	if (n == 1)
		return *s < 0x20 || *s == 0x7f;
	if (n == 2)
		return s[0] == 0xC2 && s[1] < 0xA0;
	return n == 3 && s[0] == 0xE2 && ((s[1] == 0x80 && (s[2] == 0x8E || s[2] == 0x8F || (s[2] >= 0xAA && s[2] <= 0xAE))) ||
					  (s[1] == 0x81 && s[2] >= 0xA6 && s[2] <= 0xA9));
}

size_t lb_utf8_show(const char **text, char out[LB_MOST_SHOWN + 1])
{
	const size_t n = lb_utf8_length(*text), taken = n ? n : 1;
	size_t made = n;

	if (n && !lb_utf8_steers(*text, n)) {
		memcpy(out, *text, n);
	} else {
		made = 0;
		for (size_t i = 0; i < taken; i++)
			made += (size_t)sprintf(out + made, "\\x%02x", (unsigned char)(*text)[i]);
	}
	*text += taken;
	return made;
}

void lb_visible(char *out, size_t size, const char *text)
{
	char shown[LB_MOST_SHOWN + 1];
	size_t used = 0;

	while (*text) {
		const bool end = *text == '\n';
		const size_t n = end ? 1 : lb_utf8_show(&text, shown);
		if (used + n >= size)
			break;
		memcpy(out + used, end ? text++ : shown, n);
		used += n;
	}
	out[used] = '\0';
}

unsigned lb_utf8_code_point(const char *text, size_t n)
{
	const unsigned char *s = (const unsigned char *)text;

	return n == 1 ? s[0] : n == 2 ? (s[0] & 0x1FU) << 6 | (s[1] & 0x3FU) : (s[0] & 0xFU) << 12 | (s[1] & 0x3FU) << 6 | (s[2] & 0x3FU);
}
