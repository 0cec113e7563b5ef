/* The smallest library there is, as the floor for loading one. SPDX-License-Identifier: MIT */
int smallest(void);
int smallest(void) { return 0; }
