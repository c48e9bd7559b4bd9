"""Breaks the protocol in each known way and shows that a scenario sees it.

A mutant is switched on in the test build by ONBOARDING_MUTANT. Each is caught when its scenario,
which passes without it, fails.
"""

import os
import time

import effects
import scenarios as s
from checker import Checker
from harness import World
from stage import NoPower, Stage

SETTLE_SECONDS = 40

#: mutant -> (scenario, options of the world)
MUTANTS = {
    "mark_at_commit": (s.killed_after_commit, {}),
    "mark_on_suspended": (s.swallowed_then_doubted, {}),
    "finite_message_timeout": (s.held_often, {}),
    "reclaim_without_membership_check": (s.zombie_wakes, {}),
    "no_reclaim_by_fenced_owner": (s.fenced_by_nobody, {}),
    "no_epoch_condition": (s.woken_after_its_heir, {}),
    "no_next_offset_condition": (s.moved_under_way, {}),
    "client_position_trusted": (s.lost_place, {}),
    "no_pause_while_suspended": (s.database_away, {}),
    "buffer_kept_on_revoke": (s.revoked_while_polling, {"fenced": False}),
    "delivery_error_ignored": (s.stopped_while_publishing, {}),
    "no_purge_on_lost": (s.lost_with_results_on_their_way, {"fenced": False}),
    "no_read_back": (s.killed_after_commit, {}),
    "read_back_without_wait": (s.held_by_the_dead, {"fence_ms": 10000}),
    "high_watermark_instead_of_barrier": (s.killed_after_publishing, {}),
    "dead_letters_by_ce_id": (s.conflicts_of_one_id, {}),
    "stamp_of_producing": (s.plain_load, {}),
    "stamp_without_row_lock": (s.killed_with_nothing_after, {}),
    "newer_stamp_before_first_ack": (s.held_first_request, {}),
    "recompute_on_rerun": (s.moved_back, {}),
    "publish_on_duplicate": (s.plain_load, {}),
    "digest_ignored": (s.plain_load, {}),
    "digest_over_wire_bytes": (s.plain_load, {}),
    "start_at_group_offset": (s.killed_with_nothing_after, {}),
    "no_dead_letter_row": (s.plain_load, {}),
    "unknown_commit_as_success": (s.lost_commits, {}),
    "no_idle_in_transaction_timeout": (s.stopped_in_transaction, {}),
    "no_lock_on_shared_keys": (s.rivals_at_once, {"service": "lookup"}),
    "lost_answers_not_counted": (s.effects_through_deaths, {"service": effects.SERVICE}),
    "lost_leases_not_counted": (s.effects_through_deaths, {"service": effects.SERVICE}),
    "ends_recorded_anew": (s.effects_through_deaths, {"service": effects.SERVICE}),
}


def play(stack, folder, scenario, options, seed, mutant=None):
    """The failures that a scenario shows, as short texts."""
    world = World(stack, folder, seed=seed, mutant=mutant, **options)
    try:
        try:
            failures = list(scenario(Stage(world)) or [])
        except NoPower:
            if not dead_of(world):
                raise
            return dead_of(world)
        world.load.flush()
        if not world.settle(SETTLE_SECONDS):
            failures.append("lag is not 0")
        world.stop_workers()
        report = Checker(
            stack.brokers,
            stack.admin_url(world.database),
            world.service,
            world.group,
            stack.contract,
            data_keys=world.data_keys(),
            providers=world.providers,
        ).run()
        failures += [f"{kind} ({count})" for kind, count in report.violations.items()]
        if mutant is None and report.violations:
            report.print()
        return failures + world.problems
    finally:
        world.close()


def dead_of(world):
    """What the sanitizers say of workers that died under a mutant, the reason of a stalled story."""
    return [text for worker in world.gone + world.workers for text in worker.troubles()][:1]


def table(stack, folder, arguments):
    """Prints mutant | caught by | seconds; gives (passed, failures)."""
    chosen = arguments.only or list(MUTANTS)
    passed, failures = 0, []
    controls = {}
    print(f"{'mutant':34} {'scenario':26} {'seconds':>7}  caught by", flush=True)
    for name in chosen:
        scenario, options = MUTANTS[name]
        control = scenario.__name__, str(options)
        if control not in controls:
            controls[control] = show(stack, folder, None, scenario, options, arguments.seed)
            if controls[control]:
                failures.append(f"{scenario.__name__} without a mutant: {controls[control]}")
            else:
                passed += 1
        if show(stack, folder, name, scenario, options, arguments.seed):
            passed += 1
        else:
            failures.append(f"mutant {name} was not caught")
    return passed, failures


def show(stack, folder, mutant, scenario, options, seed):
    """Plays and prints one line; gives the failures."""
    began = time.monotonic()
    try:
        found = play(
            stack, os.path.join(folder, mutant or scenario.__name__), scenario, options, seed, mutant
        )
    except NoPower as error:
        found = [] if mutant else [str(error)]
        if mutant:
            print(f"  no power: {error}")
    verdict = "; ".join(found)[:200] or ("NOT CAUGHT" if mutant else "nothing, as it must")
    seconds = time.monotonic() - began
    print(f"{mutant or '(none)':34} {scenario.__name__:26} {seconds:7.1f}  {verdict}", flush=True)
    return found
