/* Which addresses are public, and lists of networks. */
#include "common/effects/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "tests/support/test.h"

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static union address address_of(const char *text)
{
    union address address = {.any.sa_family = strchr(text, ':') == NULL ? AF_INET : AF_INET6};
    void *bytes = address.any.sa_family == AF_INET ? (void *)&address.v4.sin_addr
                                                   : (void *)&address.v6.sin6_addr;

    assert_int_equal(inet_pton(address.any.sa_family, text, bytes), 1);
    return address;
}

/* Each range by its first and last address, and the neighbours outside. */
static const struct kind {
    const char *name;
    bool public, loopback;
} kinds[] = {
    {"0.0.0.0", false, false},
    {"0.255.255.255", false, false},
    {"1.0.0.0", true, false},
    {"9.255.255.255", true, false},
    {"10.0.0.0", false, false},
    {"10.255.255.255", false, false},
    {"11.0.0.0", true, false},
    {"100.63.255.255", true, false},
    {"100.64.0.0", false, false},
    {"100.127.255.255", false, false},
    {"100.128.0.0", true, false},
    {"126.255.255.255", true, false},
    {"127.0.0.0", false, true},
    {"127.0.0.1", false, true},
    {"127.255.255.255", false, true},
    {"128.0.0.0", true, false},
    {"169.253.255.255", true, false},
    {"169.254.0.0", false, false},
    {"169.254.169.254", false, false},
    {"169.255.0.0", true, false},
    {"172.15.255.255", true, false},
    {"172.16.0.0", false, false},
    {"172.31.255.255", false, false},
    {"172.32.0.0", true, false},
    {"192.0.0.8", false, false},
    {"192.0.2.1", false, false},
    {"192.88.99.1", false, false},
    {"192.167.255.255", true, false},
    {"192.168.0.0", false, false},
    {"192.168.255.255", false, false},
    {"192.169.0.0", true, false},
    {"198.17.255.255", true, false},
    {"198.18.0.0", false, false},
    {"198.19.255.255", false, false},
    {"198.51.100.7", false, false},
    {"203.0.113.7", false, false},
    {"223.255.255.255", true, false},
    {"224.0.0.0", false, false},
    {"239.255.255.255", false, false},
    {"240.0.0.0", false, false},
    {"255.255.255.255", false, false},
    {"::", false, false},
    {"::1", false, true},
    {"::2", false, false},
    {"::8.8.8.8", false, false},
    {"::ffff:8.8.8.8", false, false},
    {"::ffff:127.0.0.1", false, false},
    {"::ffff:10.0.0.1", false, false},
    {"64:ff9b::8.8.8.8", true, false},
    {"64:ff9b::127.0.0.1", false, false},
    {"64:ff9b::10.0.0.1", false, false},
    {"64:ff9b:1::8.8.8.8", false, false},
    {"100::1", false, false},
    {"2000::1", true, false},
    {"2001::1", false, false},
    {"2001:1ff:ffff::1", false, false},
    {"2001:200::1", true, false},
    {"2001:db8::1", false, false},
    {"2001:db9::1", true, false},
    {"2002:a00:1::1", false, false},
    {"2a00:1450::1", true, false},
    {"3ffe:ffff::1", true, false},
    {"3fff:fff::1", false, false},
    {"3fff:1000::1", true, false},
    {"4000::1", false, false},
    {"fc00::1", false, false},
    {"fdff:ffff::1", false, false},
    {"fe80::1", false, false},
    {"fec0::1", false, false},
    {"ff02::1", false, false},
};

static void test_kind(void **state)
{
    const struct kind *kind = *state;
    union address address = address_of(kind->name);

    assert_int_equal(address_is_public(&address.any), kind->public);
    assert_int_equal(address_is_loopback(&address.any), kind->loopback);
}

static void test_other_family(void **state)
{
    struct sockaddr address = {.sa_family = AF_UNIX};

    (void)state;
    assert_false(address_is_public(&address));
    assert_false(address_is_loopback(&address));
    assert_false(address_in_list(&address, "0.0.0.0/0,::/0"));
}

static const struct member {
    const char *name; /* the list */
    const char *address;
    bool in;
} members[] = {
    {"", "10.0.0.1", false},
    {"10.0.0.1", "10.0.0.1", true},
    {"10.0.0.1", "10.0.0.2", false},
    {"10.0.0.0/8", "10.255.255.255", true},
    {"10.0.0.0/8", "11.0.0.0", false},
    {"10.1.128.0/17", "10.1.128.0", true},
    {"10.1.128.0/17", "10.1.127.255", false},
    {"192.168.0.0/16,10.0.0.0/8", "10.0.0.1", true},
    {"192.168.0.0/16,10.0.0.0/8", "172.16.0.1", false},
    {"0.0.0.0/0", "127.0.0.1", true},
    {"0.0.0.0/0", "::1", false},
    {"::/0", "10.0.0.1", false},
    {"::ffff:10.0.0.0/104", "10.0.0.1", false},
    {"10.0.0.0/8", "::ffff:10.0.0.1", false},
    {"fd00::/8", "fd12::1", true},
    {"fd00::/8", "fe80::1", false},
    {"::1", "::1", true},
};

static void test_member(void **state)
{
    const struct member *member = *state;
    union address address = address_of(member->address);

    assert_null(address_list_fault(member->name));
    assert_int_equal(address_in_list(&address.any, member->name), member->in);
}

static const struct bad_list {
    const char *name;
} bad_lists[] = {
    {","},           {"10.0.0.0/8,"},   {",10.0.0.0/8"}, {"10.0.0.0/33"},
    {"10.0.0.0/"},   {"10.0.0/8"},      {"10.0.0.1/8"},  {"::/129"},
    {"fd00::1/8"},   {"example.com"},   {"10.0.0.0/+8"}, {"10.0.0.0/8 "},
    {" 10.0.0.0/8"}, {"10.0.0.0/0008"}, {"010.0.0.1"},   {"10.0.0.0/8/8"},
};

static void test_bad_list(void **state)
{
    const struct bad_list *list = *state;

    assert_non_null(address_list_fault(list->name));
}

int main(void)
{
    struct CMUnitTest tests[COUNT(kinds) + COUNT(members) + COUNT(bad_lists) + 1];
    size_t count = 0;

    for (size_t i = 0; i < COUNT(kinds); i++)
        tests[count++] = EXAMPLE(test_kind, &kinds[i]);
    for (size_t i = 0; i < COUNT(members); i++)
        tests[count++] = EXAMPLE(test_member, &members[i]);
    for (size_t i = 0; i < COUNT(bad_lists); i++)
        tests[count++] = EXAMPLE(test_bad_list, &bad_lists[i]);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_other_family);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
