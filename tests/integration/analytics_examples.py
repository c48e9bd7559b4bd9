"""Rows in every table that a view of schema analytics reads."""

import datetime

from database import SERVICES

UTC = datetime.timezone.utc
NOON = datetime.datetime(2026, 3, 1, 12, tzinfo=UTC)

HOLDERS_OF_CASES = ["evaluation", "approval"]
EXPIRED = "onboarding.process.expired.v1"

# Stands in every column that no view may show.
HIDDEN = "Zxqv"


def at(minutes):
    return NOON + datetime.timedelta(minutes=minutes)


# process, minutes after noon, code, user, demand for consent
ANSWERS = [
    ("p-found", 0, "FOUND", "u-1", "REQUIRED"),
    ("p-nobody", 1, "NOT_FOUND", None, "NOT_EVALUATED"),
    ("p-late", 2, "AMBIGUOUS", None, "NOT_EVALUATED"),
    ("p-late", 3, "PROSPECT", "u-2", "NOT_REQUIRED"),
    ("p-ok", 4, "FOUND", "u-3", "REQUIRED"),
    ("p-ok", 5, "FOUND", "u-3", "NOT_REQUIRED"),
    ("p-nok", 6, "FOUND", "u-4", "NOT_EVALUATED"),
    ("p-wait", 7, "FOUND", "u-5", "NOT_EVALUATED"),
    ("p-expired", 8, "FOUND", "u-8", "REQUIRED"),
    ("p-next-day", 24 * 60, "INSUFFICIENT", None, "NOT_EVALUATED"),
]

# user, version, state, process, minutes, version of the text
SUBMISSIONS = [
    ("u-3", 1, "APPROVED", "p-ok", 8, "1"),
    ("u-7", 1, "APPROVED", "p-late", 2, None),
    ("u-7", 2, "WITHDRAWN", "p-consent", 9, "1"),
]

# process, minutes, verification, version, user, result, code, rule, reviewer
DECISIONS = [
    ("p-ok", 10, "v-ok", 1, "u-3", "WAIT", "SCORE_UNCERTAIN", 15, None),
    ("p-ok", 10, "v-ok", 2, "u-3", "OK", "REVIEWED", None, HIDDEN),
    ("p-nok", 11, "v-nok-1", 1, "u-4", "OK", "ACCEPTED", None, None),
    ("p-nok", 12, "v-nok-2", 1, "u-4", "NOK", "UNDER_AGE", 6, None),
    ("p-wait", 13, "v-wait", 1, "u-5", "WAIT", "IMAGE_MISSING", 16, None),
    ("p-unknown", 14, "v-unknown", 1, "u-6", "OK", "ACCEPTED", None, None),
    ("p-again", 29, "v-again-1", 1, "u-9", "OK", "ACCEPTED", None, None),
    ("p-again", 31, "v-again-2", 1, "u-9", "OK", "ACCEPTED", None, None),
    ("p-face", 34, "v-face", 1, "u-10", "OK", "ACCEPTED", None, None),
]

# process, minutes, verification, version, user, result, code, rule, whether it awaits facts, reviewer
APPROVALS = [
    ("p-ok", 20, "v-ok", 1, "u-3", "WAIT", "EVALUATION_PENDING", 8, True, None),
    ("p-ok", 21, "v-ok", 2, "u-3", "WAIT", "SCORE_UNCERTAIN", 10, False, None),
    ("p-ok", 22, "v-ok", 3, "u-3", "OK", "REVIEWED", None, False, HIDDEN),
    ("p-again", 30, "v-again-1", 1, "u-9", "NOK", "SCORE_TOO_LOW", 5, False, None),
    ("p-face", 33, "v-face", 1, "u-10", "WAIT", "FACE_IN_USE", 6, False, None),
    ("p-alone", 36, "v-alone", 1, "u-11", "NOK", "PROVIDER_FAILURE", 1, False, None),
]


def fill_approval(connection):
    for process_id, minutes, verification, version, user_id, *decided in APPROVALS:
        result, code, rule, awaits, reviewer = decided
        connection.execute(
            """insert into approval.decision
                      (identity_verification_id, version, process_id, process_type, user_id, result,
                       code, reason, rule, policy_version, failed, score, frame, frame_in_use,
                       process_attempt, day_attempt, awaits_facts, event_date, requested_at,
                       reviewed_by, words, decided_at)
               values (%s, %s, %s, 'onboarding', %s, %s, %s, %s, %s, 'policy-4', false, 6.5,
                       true, false, 1, 2, %s, '2026-03-01', %s, %s, %s, %s)""",
            (verification, version, process_id, user_id, result, code,
             f"Text of {code}", rule, awaits, at(20), reviewer, reviewer, at(minutes)),
        )
    connection.execute(
        """insert into approval.face_use (blind_index, user_id, identity_verification_id, recorded_at)
           values (%s, 'u-3', 'v-ok', now())""",
        (HIDDEN.encode() * 8,),
    )
    connection.execute("insert into approval.evaluation values ('v-ok', 'u-3', 'OK', now())")
    connection.execute("insert into approval.consent values ('u-3', 'GDPR', true, now())")


# process, minutes, user, channel, result, attempts
CODES = [
    ("p-ok", 9, "u-3", "SMS", "SENT", 2),
    ("p-nobody", 9, None, None, "NO_DESTINATION", 0),
]


def fill_otp(connection):
    for process_id, minutes, user_id, channel, result, attempts in CODES:
        connection.execute(
            """insert into otp.answer (answer_id, process_id, user_id, otp_type, resend, channel,
                                       result, attempts, policy_version, requested_at, decided_at)
               values (gen_random_uuid(), %s, %s, 'ACTIVATION', false, %s, %s, %s, 'policy-5', %s,
                       %s)""",
            (process_id, user_id, channel, result, attempts, at(minutes - 1), at(minutes)),
        )
    for state, failure, finished, content in [
        ("PENDING", None, None, HIDDEN.encode()),
        ("FAILED", "REFUSED", at(9), None),
    ]:
        connection.execute(
            """insert into otp.effect
                      (effect_id, group_id, topic_id, partition, kind, state, failure, attempts,
                       last_status, created_at, due_at, expires_at, finished_at, order_key,
                       reference, subject, sealed_by, provider_id, cause, content)
               values (gen_random_uuid(), 1, 1, 0, 'sms', %s, %s, 1, 429, now() - interval '1 hour',
                       %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
            (state, failure, at(8), at(13), finished, HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN,
             HIDDEN.encode(), content),
        )


# process, minutes: of a process that was decided on the schedule may be told too late
EXPIRIES = [("p-expired", 190), ("p-nok", 191)]


# verification, version, state, minutes open, result
CASES = [
    ("v-ok", 1, "OPEN", 2, None),
    ("v-ok", 2, "RESOLVED", 2, "OK"),
    ("v-wait", 1, "OPEN", 90, None),
]


def fill_cases(connection, job):
    for verification, version, state, minutes, result in CASES:
        connection.execute(
            f"""insert into {job}.review_case
                       (identity_verification_id, version, state, process_id, process_type, user_id,
                        code, reason, opened_at, expires_at, result, closed_code, closed_at)
                values (%s, %s, %s, 'p-wait', 'onboarding', 'u-5', 'IMAGE_MISSING', 'Text', now() - %s,
                        now(), %s, %s, %s)""",
            (verification, version, state, datetime.timedelta(minutes=minutes), result,
             result and "REVIEWED", result and at(20)),
        )


def fill_domain(connection):
    for job in HOLDERS_OF_CASES:
        fill_cases(connection, job)
    for process_id, minutes in EXPIRIES:
        connection.execute(
            """insert into schedule.published (topic, name, event_id, due_at, published_at)
               values (%s, %s, gen_random_uuid(), %s, %s)""",
            (EXPIRED, process_id, at(minutes - 1), at(minutes)),
        )
    connection.execute(
        """insert into schedule.published (topic, name, event_id, due_at)
           values (%s, 'p-wait', gen_random_uuid(), %s)""",
        ("onboarding.review.expired.v1", at(192)),
    )
    for process_id, minutes, code, user_id, consent in ANSWERS:
        connection.execute(
            """insert into lookup.answer (answer_id, process_id, process_type, code, user_id,
                                          consent, policy_version, decided_at)
               values (gen_random_uuid(), %s, 'onboarding', %s, %s, %s, 'policy-1', %s)""",
            (process_id, code, user_id, consent, at(minutes)),
        )
    connection.execute(
        """insert into lookup.consent (user_id, consent_type, approved, process_id, recorded_at)
           values ('u-3', 'GDPR', true, 'p-ok', %s)""",
        (at(8),),
    )
    for user_id, version, state, process_id, minutes, text_version in SUBMISSIONS:
        connection.execute(
            """insert into consent.submission
                      (user_id, consent_type, version, process_id, process_type, state,
                       text_version, language, text_digest, required, channel, source, event_id,
                       policy_version, submitted_at, recorded_at)
               values (%s, 'GDPR', %s, %s, 'onboarding', %s, %s, 'cs', %s, true, %s, %s, %s,
                       'policy-3', %s, %s)""",
            (user_id, version, process_id, state, text_version,
             HIDDEN.encode() * 8 if text_version else None, HIDDEN, HIDDEN, HIDDEN,
             at(minutes - 1), at(minutes)),
        )
    connection.execute(
        """insert into consent.edition (consent_type, language, version, effective_from, html,
                                        digest, imported_by)
           values ('GDPR', 'cs', '1', '2026-01-01', %(text)s, sha256(convert_to(%(text)s, 'UTF8')),
                   %(text)s)""",
        {"text": HIDDEN},
    )
    for process_id, minutes, verification, version, user_id, *decided in DECISIONS:
        result, code, rule, reviewer = decided
        connection.execute(
            """insert into evaluation.decision
                      (identity_verification_id, version, process_id, process_type, user_id, result,
                       code, reason, rule, policy_version, score, event_date, evidence, identities,
                       reviewed_by, words, decided_at)
               values (%s, %s, %s, 'onboarding', %s, %s, %s, %s, %s, 'policy-2', 5.5, '2026-03-01',
                       %s, %s, %s, %s, %s)""",
            (
                verification,
                version,
                process_id,
                user_id,
                result,
                code,
                f"Text of {code}",
                rule,
                f'{{"country": "{HIDDEN}"}}',
                HIDDEN.encode() * 8,
                reviewer,
                reviewer,
                at(minutes),
            ),
        )
    connection.execute(
        """insert into evaluation.customer (user_id, version, surname, birth_date, personal_number,
                                            identities, recorded_at)
           values ('u-3', 1, %(digest)s, %(digest)s, %(digest)s, %(digest)s, now())""",
        {"digest": HIDDEN.encode() * 8},
    )
    connection.execute(
        "insert into lookup.identity (blind_index, user_id, prospect) values (%s, 'u-2', true)",
        (HIDDEN.encode() * 8,),
    )


def fill_runtime(connection, service):
    """Three partitions: one with unpublished results, one without any left, one stopped."""
    connection.execute(f"set local search_path = {service}")
    connection.execute("insert into consumer_group (name) values (%s)", (f"onboarding-{service}",))
    connection.execute("insert into topic (name) values (%s)", (f"onboarding.{service}.v1",))
    connection.execute("insert into source (name) values (%s)", (HIDDEN,))
    for partition, next_offset, published, stopped in [
        (0, 400, 150, None),
        (1, 100, 100, None),
        (2, 100, 20, "the topic was created anew"),
    ]:
        connection.execute(
            """insert into partition (group_id, topic_id, partition, generation, cluster_id,
                                      next_offset, published_offset, owner_epoch, last_stamp,
                                      stopped)
               values (1, 1, %s, 3, %s, %s, %s, 1, now(), %s)""",
            (partition, HIDDEN, next_offset, published, stopped),
        )
    for partition, first, last, generation, count, minutes in [
        (0, 0, 99, 3, 1, 0),  # published
        (0, 100, 199, 3, 0, 1),  # at the published offset, but without results
        (0, 200, 299, 3, 5, 2),  # the oldest to be published
        (0, 300, 399, 3, 5, 3),
        (0, 150, 399, 2, 5, -60),  # of the generation before
        (1, 0, 99, 3, 5, 4),  # published
        (2, 0, 99, 3, 5, 5),  # published in part
    ]:
        connection.execute(
            """insert into batch (group_id, topic_id, generation, partition, first_offset,
                                  last_offset, results_count, results, recorded_at)
               values (1, 1, %s, %s, %s, %s, %s, %s, %s)""",
            (generation, partition, first, last, count, HIDDEN.encode(), at(minutes)),
        )
    connection.execute(
        """insert into dead_letter (group_id, topic_id, generation, partition, "offset", reason,
                                    detail, event_id_text, recorded_at, replayed_at)
           values (1, 1, 3, 0, 17, 'UNDECODABLE', 'field score: ends early', %s, %s, null),
                  (1, 1, 3, 1, 18, 'ID_CONFLICT', null, %s, %s, %s)""",
        (HIDDEN, at(0), HIDDEN, at(1), at(2)),
    )
    connection.execute(
        """insert into ledger (group_id, source_id, event_id, topic_id, partition, "offset",
                               generation, outcome, digest_key, digest, event_id_text)
           values (1, 1, gen_random_uuid(), 1, 0, 17, 3, 4, 0, %s, %s)""",
        (HIDDEN.encode(), HIDDEN),
    )
    connection.execute(
        "insert into schema_version (fingerprint, name, json) values (1, %s, %s)", (HIDDEN, HIDDEN)
    )


def fill(connection):
    fill_domain(connection)
    fill_approval(connection)
    fill_otp(connection)
    for service in SERVICES:
        fill_runtime(connection, service)
