"""What each service consumes, and where its results go."""

import approval
import consent
import effects
import otp

LINKED = "onboarding.customer.linked.v1"

#: An event of these may have any number of results, each under a key of its own.
SEVERAL = {
    ("lookup", "onboarding.customer.registered.v1"): {LINKED},
    (approval.SERVICE, approval.EVALUATED): {approval.COMPLETED},
    (approval.SERVICE, approval.CONSENTED): {approval.COMPLETED},
    (approval.SERVICE, approval.DECIDED): {approval.COMPLETED, approval.REVIEWED},
    (approval.SERVICE, approval.EXPIRED): {approval.COMPLETED},
}

#: To an event of these the result may come later, when an effect has ended.
ANSWERED_LATER = {otp.REQUESTED}

#: What a service consumes, and the topic of the one result of each event (None: no result).
SERVICES = {
    "evaluation": {
        "onboarding.evaluation.requested.v1": "onboarding.evaluation.completed.v1",
        "onboarding.customer.registered.v1": None,
        "onboarding.customer.linked.v1": None,
        "onboarding.review.decided.v1": None,
        "onboarding.review.expired.v1": None,
        "onboarding.process.expired.v1": None,
    },
    "lookup": {
        "onboarding.lookup.requested.v1": "onboarding.lookup.completed.v1",
        "onboarding.customer.registered.v1": None,
        "onboarding.consent.completed.v1": None,
    },
    otp.SERVICE: {
        otp.REQUESTED: otp.COMPLETED,
        "onboarding.otp.expired.v1": None,
        "onboarding.customer.registered.v1": None,
        "onboarding.customer.linked.v1": None,
    },
    approval.SERVICE: {
        approval.REQUESTED: approval.COMPLETED,
        approval.EVALUATED: None,
        approval.CONSENTED: None,
        approval.DECIDED: None,
        approval.EXPIRED: None,
        "onboarding.review.expired.v1": None,
    },
    consent.SERVICE: {
        consent.SUBMITTED: consent.COMPLETED,
        consent.TEXT_REQUESTED: consent.TEXT_COMPLETED,
    },
    effects.SERVICE: {"onboarding.consent-text.requested.v1": None},
}

#: Where a service tells what became of effects, beside the topics above.
EFFECT_RESULTS = {
    effects.SERVICE: {"onboarding.consent-text.completed.v1"},
    otp.SERVICE: {otp.COMPLETED},
}
