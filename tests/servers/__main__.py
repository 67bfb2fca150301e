"""``python -m tests.servers install``: make sure that the servers of the tests can be started."""

import sys

from tests.servers.install import install

if sys.argv[1:] != ["install"]:
    sys.exit("usage: python -m tests.servers install")
sys.exit(install())
