#ifndef COMMON_EFFECTS_MAIL_ADDRESS_H
#define COMMON_EFFECTS_MAIL_ADDRESS_H

#include <stdbool.h>

enum { MAIL_ADDRESS_MAX = 254, MAIL_LOCAL_MAX = 64 }; /* bytes; RFC 5321, 4.5.3.1 */

/*
 * What is wrong with an address, in words behind whatever held it; NULL: nothing. The forms that
 * people have: "a.b+c@example.com", also in UTF-8 (RFC 6531); no quotes, comments, literals.
 * Nothing that passes can end a line or an address.
 */
const char *mail_address_fault(const char *address);

/* Needs a server with SMTPUTF8. */
bool mail_address_is_international(const char *address);

#endif
