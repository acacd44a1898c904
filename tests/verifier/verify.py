#!/usr/bin/env python3
"""A second verifier of the disclosure log, written from the specifications on Python's standard library alone; what is common to all logs of C2SP stands
in c2sp.py beside it. Needs no key but the log's public one.

  full STORE VKEY               a gateway's database: head, every leaf, body, column and tile, the receipts it still keeps
  tiles DIR|URL VKEY            what a gateway serves under /log/
  receipt FILE STATEMENT VKEY   a receipt, and the statement that it is about

Exit codes: 0 witnessed (the policy's quorum cosigned), 5 unwitnessed, 6 diverged (from what was seen of the log before), 3 invalid, 2 wrong usage.
The first thing that is broken is named.
"""
import argparse, base64, hmac, http.client, json, pathlib, re, sqlite3, ssl, sys, urllib.request
from collections import namedtuple

sys.dont_write_bytecode = True  # leaves nothing beside itself
from c2sp import Broken, Head, check, checkpoint, decimal, includes, read_policy, root_at, root_of, sha256, signed, text_of, tile_path, unbase64, vkey

LEAF = 97  # design.md §7: 0x01 ‖ HMAC(k_mac, body) ‖ SHA-256(stored body) ‖ HMAC(k_party, statement)
# A stored body begins with the SHA-256 of the columns beside it, as canonical JSON (RFC 8785) of these; then follows the ciphertext.
COLUMNS = """kind, time, party, source, recipient, purpose, categories, outcome, overridden, lower(hex(tokens)), trace, key_class,
    coalesce((SELECT group_concat(source, ' ') FROM entry_asked WHERE entry_asked.idx = entry.idx), ''), erases"""
# Of the tokens only a salted digest is among them, so that they can be erased. What is erased is all of these; another entry says so.
ERASABLE = "tokens, wrapped_key, token_salt, subject_token, actor_token, case_token, key_class, held_by"
Proof = namedtuple("Proof", "index leaf party_key head")
WORDS = {0: "witnessed", 5: "unwitnessed", 6: "diverged", 3: "invalid"}


def octets(value):
    return value if isinstance(value, bytes) else b""


def judge(head, log, policy):
    """What is sound is witnessed when the quorum cosigned."""
    if policy is None:
        return 5, "no policy was given"
    logs, witnesses, quorum = policy
    check(not logs or log in logs, "policy", "does not name this log")
    by = [name for name, key in witnesses.items() if signed(head, key, "checkpoint")]
    return (0 if quorum(by) else 5), f"cosigned by {', '.join(by) or 'nobody'}"


def rebuild(head, row, tile, seen):
    """Heads that were seen before, every tile and the root against the leaf hashes in `row`."""
    for name, old in seen:
        check(old.size <= head.size, name, f"the log had {old.size} entries, and has {head.size}", 6)
        check(root_of(row[: old.size]) == old.root, name, f"the log had other entries among the first {old.size}", 6)
    level, genuine = 0, root_of(row) == head.root
    while row:
        for n in range(-(-len(row) // 256)):
            right = row[256 * n : 256 * n + 256]
            path, found = tile_path(level, n, len(right)), octets(tile(level, n, len(right)))
            check(len(found) == 32 * len(right), path, f"{len(found)} bytes instead of {32 * len(right)}")
            wrong = next((i for i, hash in enumerate(right) if found[32 * i : 32 * i + 32] != hash), None)
            # Either the tile was changed or what is below it. The log signed for what is below it, or it did not.
            check(wrong is None or level > 0 or genuine, f"entry {256 * n + (wrong or 0)}", f"another leaf than in {path}")
            check(wrong is None, path, f"hash {wrong} is not that of what is below it")
        row, level = [root_of(row[i : i + 256]) for i in range(0, len(row) - 255, 256)], level + 1
    check(genuine, "root", "entries and tiles agree with each other, but not with the signed root")


# Receipts (c2sp.org/tlog-proof): extra data is the leaf and its party's key.
def read_proof(text, where, log):
    start, _, note = text.partition("\n\n")
    found = re.fullmatch(r"c2sp\.org/tlog-proof@v1\nextra (\S+)\nindex (\S+)((?:\n\S{44}){0,63})", start)
    extra, index = (unbase64(found[1]), decimal(found[2])) if found else (b"", -1)
    check(index >= 0 and len(extra) == LEAF + 32 and extra[0] == 1, where, "no tlog-proof of a leaf of this log")
    head, path = checkpoint(note, f"{where}: checkpoint", log), [unbase64(line) for line in found[3].split()]
    check(includes(index, head, path, sha256(b"\0" + extra[:LEAF])), where, f"entry {index} of {head.size} is not this leaf")
    return Proof(index, extra[:LEAF], extra[LEAF:], head)


def read_seen(path, log):
    text = text_of(pathlib.Path(path).read_bytes())
    return path, read_proof(text, path, log).head if text.startswith("c2sp.org/tlog-proof") else checkpoint(text, path, log)


def erasable(erases, index, digest, key, salt, *tokens):
    """What can be erased is as it was written, or is gone and an entry says so; gives whether it is gone."""
    *tokens, kept_by, held_by = tokens
    if (key, salt, *tokens) == (None,) * 5:
        by = {kept_by} | ({held_by} if held_by else set())
        check(str(index) in erases or by <= erases, f"entry {index}", "erased, and no entry says so")
        return True
    tokens = [None if token is None else octets(token) for token in tokens]
    lengths = key is not None and len(octets(salt)) == 16 and all(token is None or len(token) == 16 for token in tokens)
    salted = octets(salt) + b"".join(b"\0" if token is None else b"\1" + token for token in tokens)
    check(lengths and sha256(salted) == digest, f"entry {index}", "a column is not the one in its body: a token, or a part of what is erased together")
    return False


# The three commands: each gives the head that was found sound, and says what was looked at.
def full(log, options, file):
    store = sqlite3.connect(pathlib.Path(file).absolute().as_uri() + "?mode=ro", uri=True)
    store.text_factory = text_of
    store.execute("BEGIN")  # all as of one moment, though a gateway may go on writing
    rows = store.execute("SELECT size, root, checkpoint FROM head").fetchall()
    check(len(rows) == 1, "head", f"{len(rows)} rows")
    size, root, note = rows[0]
    head = Head(0, sha256(b""), "", []) if (size, note) == (0, "") else checkpoint(str(note), "head: checkpoint", log)
    check(size == head.size, "head: size", f"{size}, the checkpoint says {head.size}")
    check(root == head.root, "head: root", "not the one in the checkpoint")
    hashes, emptied, erased, entry = [], [], 0, "entry {}".format
    # Not yet known to be true: that each is what its leaf says shows below.
    erases = {text for (text,) in store.execute("SELECT erases FROM entry WHERE erases IS NOT NULL")}
    for index, leaf, body, *columns in store.execute(f"SELECT idx, leaf, body, {ERASABLE}, {COLUMNS} FROM entry ORDER BY idx"):
        kept, columns = columns[:8], columns[8:]
        check(0 <= index < size, entry(index), f"a log of {size} has none such")
        check(index == len(hashes), entry(len(hashes)), "missing")
        check(len(octets(leaf)) == LEAF and leaf[0] == 1, entry(index), "its leaf is malformed")
        check(body is None or sha256(octets(body)) == leaf[33:65], entry(index), "its body is not the one in its leaf")
        canonical = json.dumps(columns, ensure_ascii=False, separators=(",", ":")).encode()
        check(body is None or sha256(canonical) == body[:32], entry(index), "a column is not the one in its body")
        erased += erasable(erases, index, *kept)
        hashes.append(sha256(b"\0" + leaf))
        emptied += [index] * (body is None)
    stored = {(level, n): octets(tile) for level, n, tile in store.execute("SELECT level, idx, hashes FROM tile")}
    if len(hashes) < size:  # one is missing where the first does not fit, though others may have been moved up
        known = b"".join(tile for (level, _), tile in sorted(stored.items()) if level == 0)
        first = next((i for i, hash in enumerate(hashes) if known[32 * i : 32 * i + 32] != hash), len(hashes))
        raise Broken(f"entry {first}: missing, {len(hashes)} are there instead of {size}", 3)
    rebuild(head, hashes, lambda level, n, _: stored.pop((level, n), b""), options.seen)
    for level, n in sorted(stored):
        raise Broken(f"tile {level}/{n}: a log of {size} has none such", 3)
    for index, source in store.execute("SELECT idx, source FROM entry_asked ORDER BY idx"):
        check(0 <= index < size and re.fullmatch("[0-9]{20}", str(source)), entry(index), "a source that was asked is none, or of no entry")
    check(not emptied, entry(*emptied[:1] or "-"), "its body was taken out")  # its leaf says nothing about the columns any more
    receipts = "SELECT disclosure || ' at ' || seq, seq, receipt FROM delivery"
    receipts += " UNION ALL SELECT disclosure || ' for ' || source, NULL, receipt FROM contribution_receipt"
    nodes = [hashes]  # of perfect subtrees, by their height
    while len(nodes[-1]) > 1:
        nodes.append([sha256(b"\1" + left + right) for left, right in zip(nodes[-1][::2], nodes[-1][1::2])])
    for about, at, text in store.execute(receipts):
        proof, where = read_proof(str(text), f"receipt of {about}", log), f"receipt of {about}"
        in_place = at in (None, proof.index) and [sha256(b"\0" + proof.leaf)] == hashes[proof.index :][:1]
        check(in_place, where, "not of the entry at its place")
        check(proof.head.size <= size, where, f"the log had {proof.head.size} entries, and has {size}", 6)
        check(root_at(nodes, proof.head.size) == proof.head.root, where, "the log never had the head under it", 6)
    if store.execute("SELECT 1 FROM sqlite_schema WHERE name = 'cosigned'").fetchall():  # heads with their witnesses' lines, once they are there
        for at, note in store.execute("SELECT size, checkpoint FROM cosigned ORDER BY size"):
            where, own = f"cosigned head of {at}", checkpoint(str(note), "cosigned", log)
            check(own.size == at, where, f"it says {own.size}")
            check(own.size <= size and root_at(nodes, own.size) == own.root, where, "the log never had it", 6)
            head = own if own.size == size else head
    fault = store.execute("PRAGMA integrity_check(1)").fetchone()[0]  # an index that leaves out what its table has
    check(fault == "ok", "store", fault)
    return head, f"{size} entries" + (f" ({erased} erased)" if erased else "")


def tiles(log, options, source):
    def read(path, limit):  # at most one byte more than the limit
        try:
            with urllib.request.urlopen(f"{base.rstrip('/')}/{path}", timeout=30, context=context) as answer:
                return answer.read(limit + 1)
        except (OSError, http.client.HTTPException) as error:
            raise Broken(f"{path}: {error}", 3) from None

    base = source if re.match("https?://", source) else pathlib.Path(source).absolute().as_uri()
    context = ssl.create_default_context(cafile=options.tls[0]) if options.tls else None
    if context:
        context.load_cert_chain(*options.tls[1:])
    head, hashes = checkpoint(text_of(read("checkpoint", 2**20)), "checkpoint", log), []
    for n in range(-(-head.size // 256)):
        width = min(256, head.size - 256 * n)
        path = tile_path("entries", n, width)
        bundle = read(path, 99 * width)
        check(len(bundle) == 99 * width, path, f"not {width} public leaves")
        for i in range(0, len(bundle), 99):  # tlog-tiles §Log entries: each behind its length
            check(bundle[i : i + 3] == b"\0\x61\1", path, f"entry {256 * n + i // 99} is no public leaf")
            hashes.append(sha256(b"\0" + bundle[i + 2 : i + 99]))
    rebuild(head, hashes, lambda *tile: read(tile_path(*tile), 8192), options.seen)
    return head, f"{head.size} entries"


def receipt(log, _, file, statement):
    proof, statement = read_proof(text_of(pathlib.Path(file).read_bytes()), "receipt", log), pathlib.Path(statement).read_bytes()
    form = rb'\{"disclosure":"[0-9a-f-]{36}","party":"[0-9]{20}","payload":"[\w-]{43}","request":"[\w-]{43}"\}'
    check(re.fullmatch(form, statement), "statement", "not in canonical JSON (RFC 8785)")
    mac = hmac.digest(proof.party_key, statement, "sha256")
    check(hmac.compare_digest(mac, proof.leaf[65:]), "statement", "the entry is about something else")
    return proof.head, f"entry {proof.index} of {proof.head.size}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["full", "tiles", "receipt"])
    parser.add_argument("what", nargs="+", help="what is verified, and last the log's key: <name>+<key id>+<base64>")
    parser.add_argument("--policy", help="whose cosignatures are asked for (c2sp.org/tlog-policy)")
    parser.add_argument("--seen", action="append", default=[], metavar="FILE", help="a checkpoint or receipt that was kept, for full and tiles")
    parser.add_argument("--tls", nargs=3, metavar=("CA", "CERTIFICATE", "KEY"), help="PEM files, for tiles")
    options = parser.parse_args()
    sys.stdout.reconfigure(errors="backslashreplace")
    run, places = {"full": (full, 1), "tiles": (tiles, 1), "receipt": (receipt, 2)}[options.command]
    *what, key = options.what
    try:
        log, policy = vkey(key), options.policy and read_policy(options.policy)
        options.seen = [read_seen(path, log) for path in options.seen]
    except (OSError, ValueError, Broken) as error:
        parser.error(str(error.args[0] if isinstance(error, Broken) else error))
    if len(what) != places:
        parser.error(f"wrong number of arguments for {options.command}")
    try:
        head, said = run(log, options, *what)
        code, by = judge(head, log, policy)
        said += f", root {base64.b64encode(head.root).decode()}; {by}"
    except Broken as broken:
        said, code = broken.args
    except Exception as error:  # whatever else damage can do: nothing is verified
        code, said = 3, f"{'store' if isinstance(error, sqlite3.Error) else options.command}: {error!r}"
    print(f"{WORDS[code]}: {said}")
    return code


if __name__ == "__main__":
    sys.exit(main())
