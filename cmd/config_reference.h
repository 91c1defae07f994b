/* The reference page of config keys, in Markdown on stdout, from the option table and the
 * descriptors. */
#ifndef LB_CMD_CONFIG_REFERENCE_H
#define LB_CMD_CONFIG_REFERENCE_H

void config_reference(void);

#endif
