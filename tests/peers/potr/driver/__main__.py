"""potr-driver: python-potr behind the engine contract. Requests on standard input, answers on standard output."""
import argparse
import logging
import signal
import sys

import backend
import rpc
from account import Account
from methods import Methods
from policy import NAMES, Policy

# The longest fragment header of potr; a limit below it leaves no room for text.
FRAGMENT_HEADER = 19


class OneLine(logging.Formatter):
    """What potr logs, without the stack of what it catches itself."""

    def formatException(self, ei):
        return ""


def versions(text):
    if text not in ("2", "2,3", "3,2"):
        raise argparse.ArgumentTypeError("takes 2 or 2,3: potr knows version 2 only")
    return text


def size(text):
    number = int(text)
    if number < 0 or 0 < number <= FRAGMENT_HEADER:
        raise argparse.ArgumentTypeError(f"is 0 (never fragment) or more than {FRAGMENT_HEADER} bytes")
    return number


def name(text):
    if not text or set(text) & set("\t\r\n"):
        raise argparse.ArgumentTypeError("is a name without tabs and line ends")
    return text


def arguments():
    parser = argparse.ArgumentParser(prog="potr-driver", allow_abbrev=False,
                                     description="Without --home nothing touches the disk.")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--home")
    place.add_argument("--ephemeral", action="store_true")
    parser.add_argument("--account", required=True, type=name)
    parser.add_argument("--protocol", default="prpl-jabber", type=name)
    parser.add_argument("--policy", default="opportunistic", choices=NAMES)
    parser.add_argument("--versions", default="2", type=versions)
    parser.add_argument("--max-message-size", default=0, type=size)
    return parser.parse_args()


def main():
    options = arguments()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # nobody reads any more
    log = logging.StreamHandler(sys.stderr)
    log.setFormatter(OneLine("potr: %(message)s"))
    logging.basicConfig(handlers=[log], level=logging.ERROR)
    sys.stdout.reconfigure(encoding="utf-8")
    backend.install()
    try:
        account = Account(options.account, options.protocol, Policy(options.policy), options.max_message_size,
                          options.home)
    except (OSError, KeyError, ValueError) as error:
        sys.exit(f"potr-driver: {options.home}: {error}")
    rpc.serve(Methods(account).call)
    account.end_all()


main()
