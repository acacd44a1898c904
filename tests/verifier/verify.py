#!/usr/bin/env python3
"""A second verifier of the disclosure log, written from the specifications on Python's standard library alone. Needs no key but the log's public one.

  full STORE VKEY               a gateway's database: head, every leaf, body, column and tile, the receipts it still keeps
  tiles DIR|URL VKEY            what a gateway serves under /log/
  receipt FILE STATEMENT VKEY   a receipt, and the statement that it is about

Exit codes: 0 witnessed (the policy's quorum cosigned), 5 unwitnessed, 6 diverged (from what was seen of the log before), 3 invalid, 2 wrong usage.
The first thing that is broken is named.
"""
import argparse, base64, hashlib, hmac, http.client, json, pathlib, re, sqlite3, ssl, sys, urllib.request
from collections import namedtuple

LEAF = 97  # design.md §7: 0x01 ‖ HMAC(k_mac, body) ‖ SHA-256(stored body) ‖ HMAC(k_party, statement)
# A stored body begins with the SHA-256 of the columns beside it, as canonical JSON (RFC 8785) of these; then follows the ciphertext.
COLUMNS = """kind, time, party, source, recipient, purpose, categories, outcome, overridden, lower(hex(tokens)), trace, key_class,
    coalesce((SELECT group_concat(source, ' ') FROM entry_asked WHERE entry_asked.idx = entry.idx), ''), erases"""
# Of the tokens only a salted digest is among them, so that they can be erased. What is erased is all of these; another entry says so.
ERASABLE = "tokens, wrapped_key, token_salt, subject_token, actor_token, case_token, key_class, held_by"
WORDS = {0: "witnessed", 5: "unwitnessed", 6: "diverged", 3: "invalid"}
Key = namedtuple("Key", "name kind id public")
Head = namedtuple("Head", "size root text signatures")
Proof = namedtuple("Proof", "index leaf party_key head")


class Broken(Exception):
    """What is wrong and where, and the exit code that says so."""


def check(holds, where, what, code=3):
    if not holds:
        raise Broken(f"{where}: {what}", code)


def sha256(data):
    return hashlib.sha256(data).digest()


def octets(value):
    return value if isinstance(value, bytes) else b""


def unbase64(text):
    """RFC 4648 §4 in its one canonical spelling; empty for any other text."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return b""
    return data if base64.b64encode(data).decode() == text else b""


def decimal(text):
    return int(text) if re.fullmatch("0|[1-9][0-9]{0,18}", text) else -1


# Ed25519 (RFC 8032 §5.1): a point is (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z.
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def point(data):  # §5.1.3
    encoded = int.from_bytes(data, "little")
    sign, y = encoded >> 255, encoded % 2**255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    x = x if x % 2 == sign else P - x
    return (x, y, 1, x * y % P) if y < P and x < P and x * x % P == square else None


def add(p, q):  # §5.1.4
    a, b, c, d = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0]), 2 * D * p[3] * q[3], 2 * p[2] * q[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar, p):
    product = (0, 1, 1, 0)
    for bit in f"{scalar:b}":
        product = add(product, product)
        product = add(product, p) if bit == "1" else product
    return product


def verifies(public, message, signature):  # §5.1.7
    a, r = point(public), point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or a is None or r is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    left, right = times(s, point(b"\x58" + b"\x66" * 31)), add(r, times(k, a))
    return all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))


# Keys, notes, checkpoints (c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature).
def vkey(text, kind=1):
    name, _, rest = text.partition("+")
    material = unbase64(rest[9:])
    key = Key(name, kind, sha256(name.encode() + b"\n" + material)[:4], material[1:])
    if not re.fullmatch(r"[^\s+]+", name) or rest[:9] != f"{key.id.hex()}+" or material[:1] != bytes([kind]) or len(key.public) != 32:
        raise ValueError(f"not a verifier key of type {kind}: {text!r}")
    return key


def text_of(data):
    return data.decode(errors="replace")  # notes with U+FFFD are refused


def checkpoint(note, where, log):
    """The head in a note that the log signed."""
    text, _, lines = note.rpartition("\n\n")
    found = re.fullmatch(r"(.+)\n(.+)\n(.+)((?:\n.+)*)", text)
    check(found and not re.search(r"[\0-\x09\x0b-\x1f\ufffd]", text), where, "no checkpoint")
    origin, size, root = found[1], decimal(found[2]), unbase64(found[3])
    check(size >= 0 and len(root) == 32, where, "no checkpoint: size or root")
    check(re.fullmatch(r"(?:— [^\s+]+ \S+\n)+", lines), where, "no signature lines")
    signatures = [(name, unbase64(blob)) for name, blob in re.findall(r"— (\S+) (\S+)\n", lines)]
    check(all(len(blob) > 4 for _, blob in signatures), where, "a signature is no base64")
    head = Head(size, root, text + "\n", signatures)
    check(origin == log.name, where, f"of another log, {origin!r}")
    check(signed(head, log, where), where, "not signed by the log")
    return head


def signed(head, key, where):
    """When the key signed. Each line that claims to be of it must verify (signed-note §Signatures)."""
    seconds = []
    for signature in (blob[4:] for name, blob in head.signatures if (name, blob[:4]) == (key.name, key.id)):
        message, at = head.text, 0
        if key.kind == 4:  # tlog-cosignature §Ed25519 signed message
            at, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            message = f"cosignature/v1\ntime {at}\n{head.text}"
        check(at < 2**63 and verifies(key.public, message.encode(), signature), where, f"a signature of {key.name} does not verify")
        seconds.append(at)
    return seconds


# Whose cosignatures are asked for (c2sp.org/tlog-policy).
def read_policy(path):
    logs, witnesses, rules, members, quorum = [], {}, {"none": (0, [])}, [], []
    text = text_of(pathlib.Path(path).read_bytes())
    for line in text.split("\n"):
        match re.findall(r"[^ \t]+", line):
            case ["log", key] | ["log", key, _]:
                logs.append(vkey(key))
            case ["witness", name, key] | ["witness", name, key, _] if name not in rules:
                rules[name], witnesses[name] = (1, [name]), vkey(key, 4)
            case ["group", name, k, *names] if name not in rules and set(names) <= rules.keys() - {"none"}:
                rules[name] = ({"any": 1, "all": len(names)}.get(k, decimal(k)), names)
                members += names
            case ["quorum", name] if name in rules:
                quorum.append(name)
            case [word, *_] if not word.startswith("#"):
                raise ValueError(f"policy: {line!r}")
    possible = all(1 <= k <= len(names) for name, (k, names) in rules.items() if name != "none")
    once = len(set(members)) == len(members) and all(len({key.public for key in keys}) == len(keys) for keys in (logs, witnesses.values()))
    if not (text.endswith("\n") and len(quorum) == 1 and possible and once) or re.search(r"[\0-\x08\x0b-\x1f\x7f]", text):
        raise ValueError("policy: cut off, a threshold that cannot be, a name or key used twice, or not one quorum")

    def met(name, by):
        count, names = rules[name]
        return name in by if name in witnesses else sum(met(member, by) for member in names) >= count

    return logs, witnesses, lambda by: met(quorum[0], by)


def judge(head, log, policy):
    """What is sound is witnessed when the quorum cosigned."""
    if policy is None:
        return 5, "no policy was given"
    logs, witnesses, quorum = policy
    check(not logs or log in logs, "policy", "does not name this log")
    by = [name for name, key in witnesses.items() if signed(head, key, "checkpoint")]
    return (0 if quorum(by) else 5), f"cosigned by {', '.join(by) or 'nobody'}"


# The tree (RFC 6962 §2.1) and its tiles (c2sp.org/tlog-tiles).
def root_of(row):
    while len(row) > 1:  # pairing from the left, an odd last one going up as it is, gives the RFC's tree
        row = [sha256(b"\1" + b"".join(row[i : i + 2])) if row[i + 1 : i + 2] else row[i] for i in range(0, len(row), 2)]
    return row[0] if row else sha256(b"")


def root_at(nodes, size):
    """The root of the first entries, from the perfect subtrees over them: the smallest stands on the right."""
    over = [nodes[height][(size >> height) - 1] for height in range(size.bit_length()) if size >> height & 1]
    root = over[0] if over else sha256(b"")
    for left in over[1:]:
        root = sha256(b"\1" + left + root)
    return root


def tile_path(level, n, width):
    last, groups = f"{n % 1000:03}", ""
    while n := n // 1000:
        groups = f"x{n % 1000:03}/{groups}"
    return f"tile/{level}/{groups}{last}" + (f".p/{width}" if width < 256 else "")


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


def includes(index, head, path, hash):  # RFC 9162 §2.1.3.2
    fn, sn = index, head.size - 1
    for sibling in path:
        if sn <= 0 or len(sibling) != 32:
            return False
        while fn == sn and fn % 2 == 0:  # a last node without sibling goes up as it is
            fn, sn = fn // 2, sn // 2
        hash = sha256(b"\1" + sibling + hash) if fn % 2 else sha256(b"\1" + hash + sibling)
        fn, sn = fn // 2, sn // 2
    return index < head.size and sn == 0 and hash == head.root


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
        raise Broken(f"{tile_path(level, n, 256)}: a log of {size} has none such", 3)
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
    if store.execute("SELECT 1 FROM sqlite_schema WHERE name = 'cosigned'").fetchall():  # the same head with its witnesses' lines, once they are there
        for (note,) in store.execute("SELECT checkpoint FROM cosigned WHERE size = ?", (size,)):
            head, own = checkpoint(str(note), "cosigned", log), head
            check((head.size, head.root) == (own.size, own.root), "cosigned", "another root than the head's")
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
