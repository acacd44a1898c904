//! Verification of a whole log by the code of `sluis log verify full`: every sealed body and column against its leaf, every leaf into the tree, the tree
//! against its tiles and the signed head, the receipts that the store keeps.

use std::process::{Command, Stdio};
use std::time::Duration;

use sluis::client::{Against, Kit, StorePlace};
use sluis::config::StoreUrl;

use crate::figures::Figures;
use crate::process::{Running, own_processor};
use crate::world::{REQUESTER, SLUIS, World};
use crate::{Outcome, progress};

/// The exit code of a log that is sound and that no witness vouches for, as all logs here.
const UNWITNESSED: i32 = 5;

/// How a verification went.
pub(crate) struct Verified {
    /// How many entries there are.
    pub(crate) entries: f64,
    /// How many of them for a second of processor time.
    pub(crate) rate: f64,
}

/// Verifies, and says how fast.
pub(crate) async fn log(world: &World) -> Outcome<Verified> {
    let kit = Kit::open(&world.layout.kit_of(REQUESTER))?;
    let against = Against { log: kit.gateway.log_vkey.parse()?, policy: None, seen: Vec::new() };
    let store = world.store()?;
    let place = match &store {
        StoreUrl::File(path) => {
            // What a disk gives that has not read it lately is the disk's figure: it is in memory, as far as that goes.
            std::io::copy(&mut std::fs::File::open(path)?, &mut std::io::sink())?;
            path.as_path().into()
        }
        StoreUrl::Database(url) => StorePlace::Database(url.clone()),
    };
    let before = own_processor()?;
    let verified = against.verify(&place, |_, _| {}).await?;
    let used = own_processor()?.saturating_sub(before);
    let count = f64::from(u32::try_from(verified.size)?);
    Ok(Verified { entries: count, rate: count / used.as_secs_f64() })
}

/// Whether the command finds the log of a world sound.
pub(crate) fn is_sound(world: &World) -> Outcome<bool> {
    let place = match world.store()? {
        StoreUrl::File(path) => path.into_os_string(),
        StoreUrl::Database(url) => url.into(),
    };
    let mut command = Command::new(SLUIS);
    command.args(["log", "verify", "full", "--store"]).arg(place).arg("--kit").arg(world.layout.kit_of(REQUESTER));
    let status = command.stdout(Stdio::null()).status()?;
    Ok(status.code() == Some(UNWITNESSED))
}

/// The command itself, in a process of its own, and the second verifier: both must find the log sound. How long each takes, and how much memory it ever has.
pub(crate) async fn commands(world: &World, figures: &mut Figures) -> Outcome<()> {
    let (folder, StoreUrl::File(store)) = (world.layout.kit_of(REQUESTER), world.store()?) else { return Ok(()) };
    let mut own = Command::new(SLUIS);
    own.args(["log", "verify", "full", "--store"]).arg(&store).arg("--kit").arg(&folder);
    command("`sluis log verify full`", &mut own, figures).await?;
    let mut second = Command::new("python3");
    second.arg("tests/verifier/verify.py").arg("full").arg(&store).arg(Kit::open(&folder)?.gateway.log_vkey);
    command("the second verifier (Python)", &mut second, figures).await
}

async fn command(name: &str, command: &mut Command, figures: &mut Figures) -> Outcome<()> {
    progress(name);
    let begun = std::time::Instant::now();
    let mut running = Running::start(command.stderr(Stdio::null()))?;
    let mut most: f64 = 0.0;
    let code = loop {
        if let Some(status) = running.ended()? {
            break status.code();
        }
        most = running.resident_mib().map_or(most, |now| most.max(now));
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    // The world has no witnesses.
    if code != Some(UNWITNESSED) {
        return Err(format!("{name} ended with {code:?} instead of {UNWITNESSED}").into());
    }
    figures.beside(format!("{name}, s"), begun.elapsed().as_secs_f64());
    figures.beside(format!("{name}, resident memory, MiB"), most);
    Ok(())
}
