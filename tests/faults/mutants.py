"""Breaks the protocol in each known way and shows that a scenario sees it.

A mutant is switched on in the test build by ONBOARDING_MUTANT. Each is caught when its scenario,
which passes without it, fails.
"""

import os
import queue
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

import effects
import network_scenarios as n
import scenarios as s
from checker import UNREADABLE, Checker
from harness import World
from stage import NoPower, Stage

SETTLE_SECONDS = 40

#: mutant -> (scenario, options of the world)
MUTANTS = {
    "mark_at_commit": (s.killed_after_commit, {}),
    "mark_on_suspended": (n.swallowed_then_doubted, {}),
    "finite_message_timeout": (n.unanswered_before_another, {}),
    "reclaim_without_membership_check": (s.zombie_wakes, {}),
    "no_reclaim_by_fenced_owner": (s.fenced_by_nobody, {}),
    "no_epoch_condition": (s.woken_after_its_heir, {}),
    "no_next_offset_condition": (s.moved_under_way, {}),
    "client_position_trusted": (n.lost_place, {}),
    "no_pause_while_suspended": (s.database_away, {}),
    "buffer_kept_on_revoke": (s.revoked_while_polling, {"fenced": False}),
    "delivery_error_ignored": (s.held_while_publishing, {}),
    "no_purge_on_lost": (n.lost_with_results_on_their_way, {"fenced": False}),
    "no_read_back": (s.killed_after_commit, {}),
    "read_back_without_wait": (n.held_by_the_dead, {"fence_ms": 10000}),
    "high_watermark_instead_of_barrier": (s.killed_after_publishing, {}),
    "dead_letters_by_ce_id": (s.conflicts_of_one_id, {}),
    "stamp_of_producing": (s.plain_load, {}),
    "stamp_without_row_lock": (s.killed_with_nothing_after, {}),
    "newer_stamp_before_first_ack": (n.late_first_request, {}),
    "recompute_on_rerun": (s.moved_back, {}),
    "publish_on_duplicate": (s.plain_load, {}),
    "digest_ignored": (s.plain_load, {}),
    "digest_over_wire_bytes": (s.plain_load, {}),
    "start_at_group_offset": (s.killed_with_nothing_after, {}),
    "no_dead_letter_row": (s.plain_load, {}),
    "unknown_commit_as_success": (n.lost_commits, {}),
    "no_idle_in_transaction_timeout": (s.stopped_in_transaction, {}),
    "no_lock_on_shared_keys": (s.rivals_at_once, {"service": "lookup"}),
    "lost_answers_not_counted": (s.effects_through_deaths, {"service": effects.SERVICE}),
    "lost_leases_not_counted": (s.effects_through_deaths, {"service": effects.SERVICE}),
    "ends_recorded_anew": (s.effects_through_deaths, {"service": effects.SERVICE}),
}

#: Of no mutant; they must pass.
STORIES = {
    "killed_while_taking_over": (s.killed_while_taking_over, {}),
    "upstream_in_transactions": (s.upstream_in_transactions, {}),
}

NAMES = [*STORIES, *MUTANTS]


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
        if UNREADABLE in report.violations:  # whoever sent that, it was no worker
            raise RuntimeError("; ".join(report.lines))
        failures += [f"{kind} ({count})" for kind, count in report.violations.items()]
        if mutant is None and report.violations:
            report.print()
        return failures + world.problems
    finally:
        world.close()


def dead_of(world):
    """What the sanitizers say of workers that died under a mutant, the reason of a stalled story."""
    return [text for worker in world.gone + world.workers for text in worker.troubles()][:1]


def table(stacks, folder, arguments):
    """Prints mutant | scenario | seconds | caught by; gives (passed, failures). Each stack takes
    the next scenario, without a mutant and with each of its own."""
    groups = {}
    for name in arguments.only or NAMES:
        scenario, options = STORIES.get(name) or MUTANTS[name]
        group = groups.setdefault((scenario, tuple(options.items())), [])
        group += [name] if name in MUTANTS else []
    free = queue.SimpleQueue()
    for stack in stacks:
        free.put(stack)

    def run(group):
        (scenario, options), names = group
        stack = free.get()
        try:
            return [
                verdict(stack, folder, name, scenario, dict(options), seed)
                for name in [None, *names]
            ]
        finally:
            free.put(stack)

    seed = arguments.seed
    print(f"{'mutant':34} {'scenario':30} {'seconds':>7}  caught by", flush=True)
    with ThreadPoolExecutor(len(stacks)) as pool:
        verdicts = [wrong for some in pool.map(run, groups.items()) for wrong in some]
    failures = [wrong for wrong in verdicts if wrong]
    return len(verdicts) - len(failures), failures


def verdict(stack, folder, mutant, scenario, options, seed):
    """Plays and prints one line; what is wrong with that, or None. An error costs this line only."""
    who = f"mutant {mutant}" if mutant else f"{scenario.__name__} without a mutant"
    began, wrong = time.monotonic(), None
    try:
        found = play(
            stack, os.path.join(folder, mutant or scenario.__name__), scenario, options, seed, mutant
        )
        if mutant and not found:
            wrong = f"{who} was not caught"
        if found and not mutant:
            wrong = f"{who}: {found}"
    except NoPower as error:
        found, wrong = [f"no power: {error}"], f"{who}: no power: {error}"
    except Exception as error:  # that of a scenario is no proof, and says nothing of the others
        traceback.print_exc()
        found, wrong = [repr(error)], f"{who}: {error!r}"
    told = "; ".join(found)[:200] or ("NOT CAUGHT" if mutant else "nothing, as it must")
    seconds = time.monotonic() - began
    print(f"{mutant or '(none)':34} {scenario.__name__:30} {seconds:7.1f}  {told}", flush=True)
    return wrong
