//! Which ranges of leaves a proof is made of, and which perfect subtrees a range is made of. Arithmetic only, no hashing.

use std::ops::Range;

/// The largest tree: sizes and indexes fit a signed 64-bit integer, as the databases and the other C2SP implementations hold them.
pub const MAX_SIZE: u64 = i64::MAX as u64;

/// An index or size lies outside the tree that was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("position {position} lies outside a tree of {size} entries; ask for an index below the size, or an older size up to it")]
pub struct OutOfRange {
    /// The index, or the older size.
    pub position: u64,
    /// The size of the tree.
    pub size: u64,
}

/// A perfect subtree: `2^height` leaves, from leaf `index · 2^height` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Node {
    pub(super) height: u32,
    pub(super) index: u64,
}

/// The largest power of two below `length`, which is at least 2 (RFC 6962 section 2.1, *k*).
fn split(length: u64) -> u64 {
    1 << (length - 1).ilog2()
}

/// The ranges whose hashes are the inclusion proof of `index` in a tree of `size`, from the leaf's sibling up (RFC 6962 section 2.1.1).
pub(super) fn inclusion(index: u64, size: u64) -> Result<Vec<Range<u64>>, OutOfRange> {
    if index >= size || size > MAX_SIZE {
        return Err(OutOfRange { position: index, size });
    }
    let (mut start, mut end) = (0, size);
    let mut ranges = Vec::with_capacity(40);
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            ranges.push(middle..end);
            end = middle;
        } else {
            ranges.push(start..middle);
            start = middle;
        }
    }
    ranges.reverse();
    Ok(ranges)
}

/// The ranges whose hashes are the consistency proof from `old` to `new` (RFC 6962 section 2.1.2); none when `old` is 0 or `new`.
pub(super) fn consistency(old: u64, new: u64) -> Result<Vec<Range<u64>>, OutOfRange> {
    if old > new || new > MAX_SIZE {
        return Err(OutOfRange { position: old, size: new });
    }
    let mut ranges = Vec::with_capacity(40);
    if old == 0 {
        return Ok(ranges);
    }
    let (mut start, mut end) = (0, new);
    while end != old {
        let middle = start + split(end - start);
        if old <= middle {
            ranges.push(middle..end);
            end = middle;
        } else {
            ranges.push(start..middle);
            start = middle;
        }
    }
    // The verifier holds the old root itself, so a range that *is* the old tree is left out.
    if start != 0 {
        ranges.push(start..end);
    }
    ranges.reverse();
    Ok(ranges)
}

/// The perfect subtrees that a range of a proof falls apart into, from left to right.
pub(super) fn perfect(range: Range<u64>) -> impl Iterator<Item = Node> {
    let Range { mut start, end } = range;
    std::iter::from_fn(move || {
        let length = end.checked_sub(start).filter(|&length| length > 0)?;
        let height = start.trailing_zeros().min(length.ilog2());
        let node = Node { height, index: start >> height };
        start += 1 << height;
        Some(node)
    })
}
