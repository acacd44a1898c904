"""The formats of C2SP that the second verifier reads, from their specifications on Python's standard library alone: signed notes, checkpoints and
cosignatures, policies, and Merkle trees with their tiles and proofs; Ed25519 with them. Nothing here knows Sluis.
"""
import base64, hashlib, pathlib, re
from collections import namedtuple

Key = namedtuple("Key", "name kind id public")
Head = namedtuple("Head", "size root text signatures")


class Broken(Exception):
    """What is wrong and where, and the exit code that says so."""


def check(holds, where, what, code=3):
    if not holds:
        raise Broken(f"{where}: {what}", code)


def sha256(data):
    return hashlib.sha256(data).digest()


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
