//! Verification of a whole log by the code of `sluis log verify full`: every sealed body and column against its leaf, every leaf into the tree, the tree
//! against its tiles and the signed head, the receipts that the store keeps.

use std::process::Command;
use std::time::Duration;

use sluis::client::{Against, Kit};

use crate::Outcome;
use crate::figures::Figures;
use crate::process::{Running, own_processor};
use crate::world::{REQUESTER, SLUIS, World};

/// Verifies, and says how fast.
pub(crate) async fn log(world: &World, figures: &mut Figures) -> Outcome<()> {
    let kit = Kit::open(&world.layout.kit_of(REQUESTER))?;
    let against = Against { log: kit.gateway.log_vkey.parse()?, policy: None, seen: Vec::new() };
    let store = world.store()?;
    let before = own_processor()?;
    let verified = against.verify(&store, |_, _| {}).await?;
    let used = own_processor()?.saturating_sub(before);
    let count = f64::from(u32::try_from(verified.size)?);
    figures.set("log_entries", count);
    figures.set("verify_entries_per_s", count / used.as_secs_f64());
    let bytes = std::fs::metadata(&store)?.len();
    figures.beside("full verification: bytes of the store per entry", f64::from(u32::try_from(bytes / verified.size.max(1))?));
    Ok(())
}

/// The command itself, in a process of its own: how long it takes, and how much memory it ever has.
pub(crate) async fn command(world: &World, figures: &mut Figures) -> Outcome<()> {
    let begun = std::time::Instant::now();
    let (kit, store) = (world.layout.kit_of(REQUESTER), world.store()?);
    let arguments = ["log", "verify", "full", "--store"];
    let mut running =
        Running::start(Command::new(SLUIS).args(arguments).arg(store).arg("--kit").arg(kit).stderr(std::process::Stdio::null()))?;
    let mut most: f64 = 0.0;
    while !running.ended()? {
        most = running.resident_mib().map_or(most, |now| most.max(now));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    figures.beside("`sluis log verify full`, s", begun.elapsed().as_secs_f64());
    figures.beside("`sluis log verify full`, resident memory, MiB", most);
    Ok(())
}
