/* Addresses of mail, of the forms that people have. */
#include "common/effects/mail_address.h"

#include <string.h>
#include <utf8proc.h>

#include "common/core/base.h"

enum { DOMAIN_LABEL_MAX = 63 };

/* Of RFC 5322's atoms, beside letters and digits. */
static const char atom_marks[] = "!#$%&'*+-/=?^_`{|}~.";

static bool is_plain(int32_t code)
{
    return (code >= '0' && code <= '9') || (code >= 'a' && code <= 'z') ||
           (code >= 'A' && code <= 'Z');
}

/* Beyond ASCII: what is written, not controls, spaces or marks that turn the direction of text. */
static bool is_written(int32_t code)
{
    switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_ZS: return false;
    default: return code >= 0x80;
    }
}

static bool holds_only(const char *text, size_t size, const char *marks)
{
    const uint8_t *at = (const uint8_t *)text, *end = at + size;

    while (at < end) {
        int32_t code;
        utf8proc_ssize_t taken = utf8proc_iterate(at, end - at, &code);

        if (taken <= 0 ||
            !(is_plain(code) || is_written(code) || (code < 0x80 && strchr(marks, code) != NULL)))
            return false;
        at += taken;
    }
    return true;
}

/* Parts between dots, none of them empty. */
static bool has_empty_part(const char *text, size_t size)
{
    if (size == 0 || text[0] == '.' || text[size - 1] == '.')
        return true;
    return memmem(text, size, "..", 2) != NULL;
}

static bool is_label(const char *text, size_t size)
{
    return size <= DOMAIN_LABEL_MAX && text[0] != '-' && text[size - 1] != '-';
}

static bool is_domain(const char *text)
{
    size_t size;

    if (has_empty_part(text, strlen(text)) || !holds_only(text, strlen(text), "-."))
        return false;
    for (;;) {
        size = strcspn(text, ".");
        if (!is_label(text, size))
            return false;
        if (text[size] == '\0')
            return true;
        text += size + 1;
    }
}

const char *mail_address_fault(const char *address)
{
    const char *at = strchr(address, '@');
    size_t local = at == NULL ? 0 : (size_t)(at - address);

    if (*address == '\0')
        return "is empty";
    if (strlen(address) > MAIL_ADDRESS_MAX || local > MAIL_LOCAL_MAX)
        return "is too long for an address of mail";
    if (at == NULL || has_empty_part(address, local) || !holds_only(address, local, atom_marks) ||
        !is_domain(at + 1))
        return "is no address of mail";
    return NULL;
}

bool mail_address_is_international(const char *address)
{
    for (; *address != '\0'; address++)
        if ((unsigned char)*address >= 0x80)
            return true;
    return false;
}
