/* What lies beside the program: in a checkout, or where make install put it. */
#ifndef LB_CMD_INSTALLED_H
#define LB_CMD_INSTALLED_H

#include "core/base/err.h"

/* The path of FOLDER/name: in the folder of the binary, in the one above it, under `installed` in
 * the prefix of the binary, or in the checkout that it was built from. New memory; NULL with err
 * (LB_MACHINE). */
char *installed_path(const char *folder, const char *installed, const char *name, struct lb_err *err);

#endif
