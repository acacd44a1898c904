//! A disclosure that asks several sources: beside the police of the demo so many other police forces, each with an OIN, a signing key and a connector of its
//! own, over the same records.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use sluis::crypto::keys::{Algorithm, generate_signing_key};

use crate::Outcome;
use crate::process::{Running, port};
use crate::world::{SLUIS, SOURCE, World, request};

/// What a force is registered as.
const KIND: &str = "police";

/// The day until which its key counts.
const UNTIL: &str = "2099-01-01";

/// Sources that are registered with a world's gateway, which must not be running.
pub(crate) struct Sources {
    oins: Vec<String>,
    configurations: Vec<PathBuf>,
}

impl Sources {
    /// The demo's police and as many other forces as make `count`.
    pub(crate) fn register(world: &World, count: usize) -> Outcome<Self> {
        let own = world.layout.source(SOURCE);
        let mut sources =
            Self { oins: vec![SOURCE.organisation().oin.to_owned()], configurations: vec![own.join("connector.toml")] };
        for number in 1..count {
            let oin = format!("000000990000009{number:05}");
            let folder = own.with_file_name(format!("force-{number}"));
            force(world, &own, &folder, &oin)?;
            sources.oins.push(oin);
            sources.configurations.push(folder.join("connector.toml"));
        }
        Ok(sources)
    }

    /// The question about each person to the first `count` of them.
    pub(crate) fn requests(&self, world: &World, count: usize) -> Outcome<Arc<Vec<Vec<u8>>>> {
        let asked = self.oins.get(..count).ok_or("not so many sources")?;
        Ok(Arc::new(world.numbers.iter().map(|number| request(number, asked)).collect::<Outcome<_>>()?))
    }

    /// Starts all connectors, in one process.
    pub(crate) async fn connectors(&self) -> Outcome<Running> {
        crate::world::connectors(&self.configurations).await
    }
}

/// Makes a force's folder, and registers it.
fn force(world: &World, police: &Path, folder: &Path, oin: &str) -> Outcome<()> {
    if folder.exists() {
        return Ok(());
    }
    let [port, local] = [port()?, port()?];
    std::fs::create_dir(folder)?;
    for file in std::fs::read_dir(police)? {
        let file = file?;
        // What it holds of others' questions is its own.
        if !file.file_name().to_string_lossy().starts_with("connector.") {
            std::fs::copy(file.path(), folder.join(file.file_name()))?;
        }
    }
    let key = generate_signing_key(Algorithm::EcdsaP256Sha256, format!("force-{port}").parse()?)?;
    std::fs::write(folder.join("signing.jwk"), key.to_json().as_bytes())?;
    std::fs::write(folder.join("public.jwk"), serde_json::to_vec(key.public())?)?;
    let text = std::fs::read_to_string(police.join("connector.toml"))?;
    std::fs::write(folder.join("connector.toml"), configured(&text, oin, port, local))?;
    let connector = format!("https://localhost:{port}");
    let name = format!("Force {oin}");
    let added =
        ["organisation", "add", "--oin", oin, "--kind", KIND, "--name", &name, "--bsn-authority", "--connector", &connector];
    operator(world, &added)?;
    let public = folder.join("public.jwk").display().to_string();
    operator(world, &["keys", "publish", "--organisation", oin, "--signing", &public, "--until", UNTIL])
}

/// The police's configuration with another OIN and other ports.
fn configured(police: &str, oin: &str, port: u16, local: u16) -> String {
    let mut ports = [port, local].into_iter();
    let (mut text, mut first) = (String::new(), true);
    for line in police.lines() {
        if line.starts_with("oin = ") && std::mem::take(&mut first) {
            writeln!(text, "oin = \"{oin}\"").ok();
        } else if line.starts_with("listen = ")
            && let Some(port) = ports.next()
        {
            writeln!(text, "listen = \"127.0.0.1:{port}\"").ok();
        } else {
            writeln!(text, "{line}").ok();
        }
    }
    text
}

fn operator(world: &World, arguments: &[&str]) -> Outcome<()> {
    let mut command = Command::new(SLUIS);
    command.args(arguments).arg("--config").arg(world.layout.configuration()).args(["--by", "benches"]);
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("sluis {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr)).into())
}
