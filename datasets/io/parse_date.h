/* Dates and times by the patterns of Java's SimpleDateFormat, which ARFF uses. Inside datasets/
 * only. */
#ifndef LB_PARSE_DATE_H
#define LB_PARSE_DATE_H

#include <stdbool.h>

/* True when every letter of the pattern is known: y M d H h a m s S Z X z E, with literal text in
 * single quotes. */
bool lb_date_known(const char *pattern);

/* The seconds from 1970-01-01 00:00 UTC to the date that `text` gives by the pattern; a text
 * without a time zone is in UTC, two digits of a year are of 1970 to 2069. False when the text does
 * not follow the pattern or is no date. */
bool lb_date_seconds(const char *pattern, const char *text, double *seconds);

#endif
