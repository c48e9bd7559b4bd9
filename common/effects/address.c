/* Networks, and which addresses are public: by the special-purpose registries of IANA. */
#include "common/effects/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

enum { NETWORK_TEXT_SIZE = INET6_ADDRSTRLEN + 4 /* "/128" */ };

/* The first `bits` of bytes; an address is a network of all its bits. */
struct network {
    int family;
    uint8_t bytes[16];
    unsigned bits;
};

static const char *const ipv4_special[] = {
    "0.0.0.0/8",       /* this host */
    "10.0.0.0/8",      /* private */
    "100.64.0.0/10",   /* carrier's NAT */
    "127.0.0.0/8",     /* loopback */
    "169.254.0.0/16",  /* link-local, and the clouds' metadata */
    "172.16.0.0/12",   /* private */
    "192.0.0.0/24",    /* protocols */
    "192.0.2.0/24",    /* examples */
    "192.88.99.0/24",  /* 6to4 relays */
    "192.168.0.0/16",  /* private */
    "198.18.0.0/15",   /* benchmarks */
    "198.51.100.0/24", /* examples */
    "203.0.113.0/24",  /* examples */
    "224.0.0.0/4",     /* multicast */
    "240.0.0.0/4",     /* reserved, and broadcast */
};

/* IPv6 is public in one network alone, but for these parts of it. */
static const char ipv6_global[] = "2000::/3";
static const char *const ipv6_special[] = {
    "2001::/23",     /* protocols, Teredo among them */
    "2001:db8::/32", /* examples */
    "2002::/16",     /* 6to4: IPv4 of any kind inside */
    "3fff::/20",     /* examples */
};

/* Gateways to IPv4: as public as the address inside. */
static const char nat64[] = "64:ff9b::/96";
enum { NAT64_IPV4_AT = 12 };

static bool read_address(const struct sockaddr *address, struct network *out)
{
    *out = (struct network){.family = address->sa_family};
    switch (address->sa_family) {
    case AF_INET:
        memcpy(out->bytes, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
        out->bits = 32;
        return true;
    case AF_INET6:
        memcpy(out->bytes, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
        out->bits = 128;
        return true;
    default: return false;
    }
}

static bool bits_agree(const uint8_t *left, const uint8_t *right, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;

    return memcmp(left, right, whole) == 0 &&
           (rest == 0 || (left[whole] ^ right[whole]) >> (8 - rest) == 0);
}

static bool has_bits_behind(const struct network *network)
{
    for (unsigned bit = network->bits; bit < (network->family == AF_INET ? 32U : 128U); bit++)
        if ((network->bytes[bit / 8] >> (7 - bit % 8) & 1) != 0)
            return true;
    return false;
}

/* "24" up to `max`, without signs and spaces; false: something else. */
static bool read_bits(const char *text, unsigned max, unsigned *out)
{
    unsigned bits = 0;

    if (*text == '\0' || strlen(text) > 3)
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        bits = bits * 10 + (unsigned)(*text - '0');
    }
    *out = bits;
    return bits <= max;
}

/* "10.0.0.0/8", or an address alone. */
static bool read_network(const char *text, size_t size, struct network *out)
{
    char copy[NETWORK_TEXT_SIZE];
    char *slash;

    if (size >= sizeof copy)
        return false;
    memcpy(copy, text, size);
    copy[size] = '\0';
    slash = strchr(copy, '/');
    if (slash != NULL)
        *slash = '\0';
    *out = (struct network){.family = strchr(copy, ':') == NULL ? AF_INET : AF_INET6};
    out->bits = out->family == AF_INET ? 32 : 128;
    return inet_pton(out->family, copy, out->bytes) == 1 &&
           (slash == NULL || read_bits(slash + 1, out->bits, &out->bits)) && !has_bits_behind(out);
}

static bool is_within(const struct network *address, const struct network *network)
{
    return address->family == network->family &&
           bits_agree(address->bytes, network->bytes, network->bits);
}

static bool is_in(const struct network *address, const char *text)
{
    struct network network;

    return read_network(text, strlen(text), &network) && is_within(address, &network);
}

static bool is_in_any(const struct network *address, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_in(address, texts[i]))
            return true;
    return false;
}

static bool is_public(const struct network *address)
{
    struct network inner = {.family = AF_INET, .bits = 32};

    if (address->family == AF_INET)
        return !is_in_any(address, ipv4_special, COUNT(ipv4_special));
    if (is_in(address, nat64)) {
        memcpy(inner.bytes, address->bytes + NAT64_IPV4_AT, 4);
        return !is_in_any(&inner, ipv4_special, COUNT(ipv4_special));
    }
    return is_in(address, ipv6_global) && !is_in_any(address, ipv6_special, COUNT(ipv6_special));
}

bool address_is_public(const struct sockaddr *address)
{
    struct network network;

    return read_address(address, &network) && is_public(&network);
}

bool address_is_loopback(const struct sockaddr *address)
{
    struct network network;

    return read_address(address, &network) &&
           (is_in(&network, "127.0.0.0/8") || is_in(&network, "::1"));
}

bool address_in_list(const struct sockaddr *address, const char *networks)
{
    struct network wanted, network;

    if (!read_address(address, &wanted))
        return false;
    while (*networks != '\0') {
        size_t size = strcspn(networks, ",");

        if (read_network(networks, size, &network) && is_within(&wanted, &network))
            return true;
        networks += size + (networks[size] == ',' ? 1 : 0);
    }
    return false;
}

const char *address_list_fault(const char *networks)
{
    struct network network;

    if (*networks == '\0')
        return NULL;
    for (;;) {
        size_t size = strcspn(networks, ",");

        if (!read_network(networks, size, &network))
            return "holds what is no network as 10.1.0.0/16 or fd00::/8, without bits behind";
        if (networks[size] == '\0')
            return NULL;
        networks += size + 1;
    }
}
