"""Tests of how values of the tables with tests are shown."""
import math
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import report_fixture  # noqa: E402, F401  finds scripts/, or skips these tests without the packages

import test_tables  # noqa: E402


class Sheets(unittest.TestCase):
    def test_values(self):
        f = test_tables.Field("p", "p")
        self.assertEqual([test_tables.shown(v, f) for v in (0.0004, 0.0314, None, 1.0)], ["<0.001", "0.031", "-", "1.000"])
        self.assertEqual(test_tables.shown(0.5, test_tables.Field("d", places=2, signed=True)), "+0.50")
        self.assertEqual(test_tables.full(math.inf), "inf")
        self.assertEqual(test_tables.full(0.1), "0.1")


if __name__ == "__main__":
    unittest.main()
