/* The settings of every program that talks to Kafka, in one table. */
#include "common/kafka/config.h"

#include "common/core/certificate.h"

#define FIELD(name) offsetof(struct kafka_config, name)

static const char *const security_protocols[] = {"plaintext", "ssl", "sasl_plaintext", "sasl_ssl"};
static const char *const sasl_mechanisms[] = {"", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"};

enum { FIRST_WITH_SASL = 2 }; /* of the security protocols */

/* clang-format off */
const struct setting kafka_settings[] = {
    {"ONBOARDING_KAFKA_BROKERS", SETTING_HOSTS, FIELD(brokers), NULL,
     "brokers to begin with, host:port separated by commas", 0, 0, NULL},
    {"ONBOARDING_KAFKA_SECURITY_PROTOCOL", SETTING_CHOICE, FIELD(security_protocol), "plaintext",
     "how brokers are talked to", 0, 0, "plaintext|ssl|sasl_plaintext|sasl_ssl"},
    {"ONBOARDING_KAFKA_SASL_MECHANISM", SETTING_CHOICE, FIELD(sasl_mechanism), "none",
     "with a protocol of SASL", 0, 0, "none|PLAIN|SCRAM-SHA-256|SCRAM-SHA-512"},
    {"ONBOARDING_KAFKA_SASL_USERNAME", SETTING_TEXT, FIELD(sasl_username), "",
     "user name for SASL", 0, 0, NULL},
    {"ONBOARDING_KAFKA_SASL_PASSWORD_FILE", SETTING_SECRET_FILE, FIELD(sasl_password), "",
     "file with the password for SASL", 0, 0, NULL},
    {"ONBOARDING_KAFKA_CA_FILE", SETTING_FILE, FIELD(ca_file), "",
     "certificates to trust in place of the system's", 0, 0, NULL},
    {"ONBOARDING_KAFKA_CERTIFICATE_FILE", SETTING_FILE, FIELD(certificate_file), "",
     "the program's own certificate, for mutual TLS", 0, 0, NULL},
    {"ONBOARDING_KAFKA_KEY_FILE", SETTING_SAFE_FILE, FIELD(key_file), "",
     "the private key of that certificate", 0, 0, NULL},
    {"ONBOARDING_FENCE", SETTING_DURATION_MS, FIELD(fence_ms), "5s",
     "message.timestamp.before.max.ms of the fenced topics, 4s..10s", 4000, 10000, NULL},
};
/* clang-format on */

const size_t kafka_setting_count = COUNT(kafka_settings);

static void check_sasl(const struct kafka_config *config, struct problems *problems)
{
    static const char required[] = "is required with a protocol of SASL";

    if (config->security_protocol < FIRST_WITH_SASL)
        return;
    if (config->sasl_mechanism == 0)
        problems_add(problems, "ONBOARDING_KAFKA_SASL_MECHANISM", required);
    if (config->sasl_username[0] == '\0')
        problems_add(problems, "ONBOARDING_KAFKA_SASL_USERNAME", required);
    if (config->sasl_password[0] == '\0')
        problems_add(problems, "ONBOARDING_KAFKA_SASL_PASSWORD_FILE", required);
}

static bool is_given(const char *path)
{
    return path[0] != '\0';
}

/* librdkafka would tell of the first mistake only, once it is opened. */
static void check_files(const struct kafka_config *config, struct problems *problems)
{
    static const char no_certificate[] = "names a file without a certificate";
    const char *certificate = config->certificate_file;
    const char *key = config->key_file;

    if (is_given(config->ca_file) && !certificate_is_in(config->ca_file))
        problems_add(problems, "ONBOARDING_KAFKA_CA_FILE", no_certificate);
    if (is_given(certificate) != is_given(key))
        problems_add(problems, "ONBOARDING_KAFKA_CERTIFICATE_FILE",
                     "goes together with ONBOARDING_KAFKA_KEY_FILE");
    if (is_given(certificate) && !certificate_is_in(certificate))
        problems_add(problems, "ONBOARDING_KAFKA_CERTIFICATE_FILE", no_certificate);
    else if (is_given(key) && !private_key_is_in(key))
        problems_add(problems, "ONBOARDING_KAFKA_KEY_FILE",
                     "names a file without a private key in clear");
    else if (is_given(certificate) && is_given(key) && !certificate_has_key(certificate, key))
        problems_add(problems, "ONBOARDING_KAFKA_KEY_FILE",
                     "does not belong to ONBOARDING_KAFKA_CERTIFICATE_FILE");
}

void kafka_config_check(const struct kafka_config *config, struct problems *problems)
{
    check_sasl(config, problems);
    check_files(config, problems);
}

struct kafka_options kafka_config_options(const struct kafka_config *config, const char *client_id)
{
    return (struct kafka_options){
        .brokers = config->brokers,
        .client_id = client_id,
        .security_protocol = security_protocols[config->security_protocol],
        .sasl_mechanism = sasl_mechanisms[config->sasl_mechanism],
        .sasl_username = config->sasl_username,
        .sasl_password = config->sasl_password,
        .ca_location = config->ca_file,
        .certificate_location = config->certificate_file,
        .key_location = config->key_file,
    };
}
