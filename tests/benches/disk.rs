//! The floor under every durable commit: how fast this disk syncs.

use std::fs::OpenOptions;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::figures::median;

/// How long each size is tried.
const TIME: Duration = Duration::from_secs(3);

/// How much is written before it begins again from the start, as a write-ahead log does.
const LENGTH: u64 = 4 * 1024 * 1024;

/// What `fdatasync` after writes of one size takes.
pub(crate) struct Syncs {
    /// Per second.
    pub(crate) rate: f64,
    /// The median of one.
    pub(crate) median: Duration,
}

/// Writes `size` bytes and syncs, over and over, into a file in `folder`.
pub(crate) fn syncs(folder: &Path, size: usize) -> Outcome<Syncs> {
    syncs_for(folder, size, TIME)
}

/// The same for so long.
pub(crate) fn syncs_for(folder: &Path, size: usize, time: Duration) -> Outcome<Syncs> {
    let path = folder.join("fdatasync.probe");
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).open(&path)?;
    file.set_len(LENGTH)?;
    file.sync_all()?;
    let block = vec![0x5a; size];
    let mut times = Vec::new();
    let begun = Instant::now();
    while begun.elapsed() < time {
        let one = Instant::now();
        file.write_all(&block)?;
        file.sync_data()?;
        times.push(one.elapsed());
        if file.stream_position()? + u64::try_from(size)? > LENGTH {
            file.seek(SeekFrom::Start(0))?;
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    std::fs::remove_file(&path)?;
    let rate = f64::from(u32::try_from(times.len())?) / seconds;
    Ok(Syncs { rate, median: median(&mut times) })
}
