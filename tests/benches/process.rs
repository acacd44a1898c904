//! Processes that the run starts and stops, and what the kernel says they used.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use sluis::entropy::{SystemEntropy, random};

use crate::Outcome;

/// The kernel's clock ticks per second in `/proc`, the same on every Linux.
const TICKS: u32 = 100;

/// How long a process gets to stop.
const STOP: Duration = Duration::from_secs(25);

/// A process of ours; it ends with this value.
pub(crate) struct Running(Child);

impl Running {
    /// Starts it, silent but for errors.
    pub(crate) fn start(command: &mut Command) -> Outcome<Self> {
        let started = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        Ok(Self(started.map_err(|error| format!("{}: {error}", command.get_program().display()))?))
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// The processor time that it has used.
    pub(crate) fn processor(&self) -> Outcome<Duration> {
        processor(self.id())
    }

    /// Its resident memory in MiB.
    pub(crate) fn resident_mib(&self) -> Outcome<f64> {
        resident_mib(self.id())
    }

    /// How it ended, once it has.
    pub(crate) fn ended(&mut self) -> Outcome<Option<ExitStatus>> {
        Ok(self.0.try_wait()?)
    }

    /// Waits until it uses next to nothing: what it does after its answers belongs to them.
    pub(crate) async fn settled(&self) -> Outcome<Duration> {
        let until = Instant::now() + Duration::from_secs(30);
        let mut before = self.processor()?;
        loop {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let now = self.processor()?;
            if now.saturating_sub(before) <= Duration::from_millis(20) || Instant::now() > until {
                return Ok(now);
            }
            before = now;
        }
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) async fn stop(mut self) -> Outcome<()> {
        Command::new("kill").arg("-TERM").arg(self.id().to_string()).status()?;
        let until = Instant::now() + STOP;
        while self.0.try_wait()?.is_none() {
            if Instant::now() > until {
                return Err(format!("process {} does not stop", self.id()).into());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }
}

impl Drop for Running {
    /// Asks first: an nginx that is killed leaves its workers behind.
    fn drop(&mut self) {
        Command::new("kill").arg("-TERM").arg(self.id().to_string()).stderr(Stdio::null()).status().ok();
        let until = Instant::now() + Duration::from_secs(5);
        while matches!(self.0.try_wait(), Ok(None)) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// The resident memory of a process in MiB.
pub(crate) fn resident_mib(id: u32) -> Outcome<f64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib / 1024.0)
}

/// utime + stime of a process.
pub(crate) fn processor(id: u32) -> Outcome<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The name in parentheses may hold anything, so fields are counted from its end: utime and stime are the 14th and 15th of all.
    let (_, fields) = stat.rsplit_once(')').ok_or("no stat")?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u32>).sum::<Result<u32, _>>()?;
    Ok(Duration::from_secs(1) * ticks / TICKS)
}

/// The children of a process.
pub(crate) fn children(id: u32) -> Outcome<Vec<u32>> {
    let listed = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children"))?;
    listed.split_whitespace().map(|child| Ok(child.parse()?)).collect()
}

/// The processor time of all threads of this process, in nanoseconds' precision.
pub(crate) fn own_processor() -> Outcome<Duration> {
    let mut nanos = 0_u64;
    for thread in std::fs::read_dir("/proc/self/task")? {
        let Ok(line) = std::fs::read_to_string(thread?.path().join("schedstat")) else { continue };
        nanos += line.split_whitespace().next().map(str::parse::<u64>).transpose()?.unwrap_or_default();
    }
    Ok(Duration::from_nanos(nanos))
}

/// The machine: processors, load, kernel.
pub(crate) fn machine() -> (usize, String, String) {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let read = |path: &str| std::fs::read_to_string(Path::new(path)).unwrap_or_default();
    let load = read("/proc/loadavg").split_whitespace().take(3).collect::<Vec<_>>().join(" ");
    let info = read("/proc/cpuinfo");
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    (cores, load, model.trim_start_matches([' ', '\t', ':']).to_owned())
}

/// The ports that were given: none twice.
static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// A free port below the ephemeral range (32768 and up on Linux): until somebody listens there, no connection of the run takes it.
pub(crate) fn port() -> Outcome<u16> {
    for _ in 0..100 {
        let port = 20_000 + u16::from_be_bytes(random(&SystemEntropy::default())?) % 12_000;
        let is_new = GIVEN.lock().is_ok_and(|mut given| given.insert(port));
        if is_new && std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err("no port is free".into())
}
