/* Names that stand in policies, tables and keys, so that none needs quoting anywhere. */
#include "services/consent/names.h"

#include <string.h>

bool consent_is_name(const char *text)
{
    size_t size = strlen(text);

    return size >= 1 && size <= CONSENT_NAME_BYTES_MAX &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz"
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == size;
}
