#!/usr/bin/env python3
"""Rebuilds common.txt from two npm packages; README.md beside this file says which and why.

    npm pack @zxcvbn-ts/language-common@4.1.3 zxcvbn@4.4.2      # unpack each .tgz into a folder
    ./build.py <language-common>/package <zxcvbn>/package > common.txt
"""

import json
import re
import sys

LIMIT = 60_000
SHORTEST = 4
# What people reach for when a rule asks for a change each quarter, and what products ship with.
OWN = """
january february march april june july august september october november december
monday tuesday wednesday thursday friday saturday sunday spring summer autumn winter
admin administrator root superuser guest operator service default changeme changeit changethis
temporary temppass passphrase passcode secret topsecret letmein welcome welcomeback company
""".split()


def core(word):
    """The word without digits and symbols at its ends, which the program strips as well."""
    return re.sub(r"^[^a-z]+|[^a-z]+$", "", word)


def lists(path):
    text = open(path, encoding="utf-8").read()
    return {name: words.split(",") for name, words in re.findall(r'^  (\w+): "([^"\n]*)"', text, re.M)}


def main(common, zxcvbn):
    leaked = json.load(open(f"{common}/src/passwords.json", encoding="utf-8"))
    words = lists(f"{zxcvbn}/src/frequency_lists.coffee")
    ranked = OWN + words["passwords"] + leaked
    ranked += words["male_names"] + words["female_names"]
    ranked += [w for w in words["english_wikipedia"][:25_000] if len(w) > 4]
    ranked = [w.lower() for w in ranked]
    ranked = [w for w in ranked if len(w) >= SHORTEST and w.isascii() and w.isprintable() and " " not in w]
    every = set(ranked)
    kept = {}
    for word in ranked:
        stripped = core(word)
        if stripped != word and len(stripped) >= SHORTEST and stripped in every:
            continue
        kept.setdefault(word)
        if len(kept) == LIMIT:
            break
    print("\n".join(sorted(kept)))


main(*sys.argv[1:])
