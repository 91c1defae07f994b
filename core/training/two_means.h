/* Two clusters of rows by Lloyd's rounds. Free of precision. */
#ifndef LB_TWO_MEANS_H
#define LB_TWO_MEANS_H

#include <stddef.h>

/* in (n) <- 0 or 1, the mean that each row of x (n, d) is nearest to, ties to the first. The means
 * begin at two of the rows; rounds go on until no row changes, at most 300. A mean without rows
 * stays where it is. mean (2, d) is left with both. */
void lb_two_means(const double *x, size_t n, size_t d, size_t first, size_t second, double *mean, unsigned char *in);

#endif
