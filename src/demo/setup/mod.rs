//! Everything the demo needs, made once per folder: certificates, keys, source databases, configurations, the integrator's kit. Started again
//! on the same folder it finds them.

mod files;
mod gateway;
mod members;
mod policies;

mod ports;
mod registers;
mod renew;
mod witnesses;

use std::path::{Path, PathBuf};

pub use files::SetupError;
pub use members::{PRIVACY_OFFICER, PROFESSIONALS, registration};
pub use policies::APPROVERS;
pub use registers::register;
pub use renew::{connector_address, fresh_ports};
pub use witnesses::WITNESSES;

use super::authority::Authority;
use super::households::World;
use super::kit;
use super::organisations::{DemoOrganisation, Slug, organisations};
use super::sources;
use crate::app::gateway::Outside;
use crate::clock::Timestamp;
use crate::organisation::Oin;

/// The gateway's own OIN.
pub const GATEWAY_OIN: &str = "00000099000000000100";

/// What the demo is made of.
#[derive(Clone)]
pub struct Options {
    /// How many households.
    pub households: usize,
    /// Fixes households and script, not keys, ids or times.
    pub seed: u64,
    /// Whether answers leave at their fixed instant; off only for benchmarks.
    pub answer_at: bool,
    /// Whether the gateway takes other ports than the usual ones, be they free.
    pub fresh_ports: bool,
    /// Whether the log has witnesses.
    pub witnesses: bool,
    /// Where the gateway keeps its data, as `[store] url`; none for a SQLite file in its folder, or, of a demo that is resumed, for where it is.
    pub store: Option<String>,
}

/// The folders and files of a demo.
#[derive(Clone, Debug)]
pub struct Layout {
    folder: PathBuf,
}

impl Layout {
    /// The demo in `folder`.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The integrator's kit.
    pub fn kit(&self) -> PathBuf {
        self.folder.join("kit")
    }

    /// One organisation's part of the kit.
    pub fn kit_of(&self, slug: Slug) -> PathBuf {
        self.kit().join(slug.code())
    }

    /// The gateway's folder.
    pub fn gateway(&self) -> PathBuf {
        self.folder.join("gateway")
    }

    /// The gateway's configuration.
    pub fn configuration(&self) -> PathBuf {
        self.gateway().join("sluis.toml")
    }

    /// The policies that the gateway decides by.
    pub fn policies(&self) -> PathBuf {
        self.gateway().join("policies")
    }

    /// The keys of those who approve them.
    pub fn approvers(&self) -> PathBuf {
        self.folder.join("approvers")
    }

    /// One source's folder.
    pub fn source(&self, slug: Slug) -> PathBuf {
        self.folder.join("sources").join(slug.code())
    }

    /// One witness's folder.
    pub fn witness(&self, slug: Slug) -> PathBuf {
        self.folder.join("witnesses").join(slug.code())
    }

    /// One witness's configuration; not there in a demo without witnesses.
    pub fn witness_configuration(&self, slug: Slug) -> PathBuf {
        self.witness(slug).join("witness.toml")
    }

    /// What is written last, so that a folder that was not finished is not taken for one that was.
    fn made(&self) -> PathBuf {
        self.folder.join("demo.json")
    }
}

/// What is kept of how a demo was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Made {
    seed: u64,
    households: usize,
    now: Timestamp,
}

/// A demo whose files are there.
pub struct Ready {
    /// Where.
    pub layout: Layout,
    /// The synthetic world.
    pub world: World,
    /// What must still be registered; `None` when an earlier start did.
    pub members: Option<Vec<members::Member>>,
    /// The certificate authority, while the files are being made.
    pub authority: Option<Authority>,
}

/// Makes the demo in `folder`, or finds the one that is there.
///
/// # Errors
/// [`SetupError`]: a folder that holds something else, or was made with another seed or size.
pub async fn prepare(folder: &Path, options: &Options, outside: &Outside) -> Result<Ready, SetupError> {
    let layout = Layout::new(folder);
    if let Some(made) = files::read_optional::<Made>(&layout.made())? {
        if (made.seed, made.households) != (options.seed, options.households) {
            let wanted = format!("made with --seed {} --households {}; use these, or another --dir", made.seed, made.households);
            return Err(SetupError::new(&layout.made(), wanted));
        }
        renew::check(&layout)?;
        gateway::is_stored(&layout, options.store.as_deref())?;
        let world = World::generate(made.seed, made.households, made.now).map_err(|error| SetupError::new(folder, error))?;
        return Ok(Ready { layout, world, members: None, authority: None });
    }
    if folder.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(SetupError::new(folder, "not empty, and not a finished demo; use another --dir, or one that is empty"));
    }
    gateway::can_be_reached(options.store.as_deref()).await.map_err(|error| SetupError::new(folder, error))?;
    let now = outside.clock.now();
    let world = World::generate(options.seed, options.households, now).map_err(|error| SetupError::new(folder, error))?;
    let authority = Authority::new("Sluis demo root", now).map_err(|error| SetupError::new(folder, error))?;
    files::folder(&layout.kit())?;
    sources::write_all(&world, &folder.join("sources")).await.map_err(|error| SetupError::new(folder, error))?;
    let gateway = gateway::make(&layout, &authority, options, outside)?;
    if options.witnesses {
        witnesses::make(&layout, &authority, &gateway, outside)?;
    }
    let members = organisations().map(|organisation| members::make(&layout, &authority, &gateway, organisation, outside));
    let members = members.collect::<Result<Vec<_>, _>>()?;
    files::write(&layout.kit().join("organisations.json"), &files::json(&kit::organisations_listed())?)?;
    files::write(&layout.kit().join("persons.json"), &files::json(&kit::persons(&world))?)?;
    Ok(Ready { layout, world, members: Some(members), authority: Some(authority) })
}

/// Whether a finished demo is in `folder`.
pub fn is_made(folder: &Path) -> bool {
    Layout::new(folder).made().exists()
}

impl Ready {
    /// Marks the demo as finished, when everything is registered.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn finished(&self, options: &Options) -> Result<(), SetupError> {
        let made = Made { seed: options.seed, households: options.households, now: self.world.now };
        files::write(&self.layout.made(), &files::json(&made)?)
    }
}

/// The OIN of a demo organisation.
pub(super) fn oin(organisation: &DemoOrganisation) -> Result<Oin, SetupError> {
    organisation.parsed_oin().map_err(|error| SetupError::new(Path::new(organisation.slug.code()), error))
}
