"""Every failpoint's turn comes, with each thing that may be done there.

    test_plan.py [STACK_DIR]
"""

import itertools
import random
import unittest

import shots
from run import plan

HEEDED = ("after_fence_update", "mid_insert", "before_commit", "effect_sent")  # errors are
TURNS = 12  # a multiple of how many actions any failpoint has


class TestPlan(unittest.TestCase):
    def test_all_actions_come_equally_often(self):
        names = [*shots.FAILPOINTS, *shots.EFFECTS]
        for turn in range(3):
            with self.subTest(turn=turn):
                faults = plan(random.Random(turn), names, shots.AROUND, turn)
                made = list(itertools.islice(faults, TURNS * (len(names) + len(shots.AROUND))))
                for name in names:
                    own = sorted(action for other, action in made if other == name)
                    wanted = sorted(TURNS // 3 * ["kill", "stop", "delay"])
                    if name in ("exchange", "answer"):
                        wanted = TURNS * ["error"]
                    elif name in HEEDED:
                        wanted = sorted(TURNS // 4 * ["kill", "stop", "delay", "error"])
                    self.assertEqual(own, wanted, name)
                for name in shots.AROUND:
                    self.assertEqual(made.count((name, None)), TURNS)


if __name__ == "__main__":
    unittest.main(argv=["test_plan.py"], verbosity=2)
