//! A demo whose gateway and connectors are up, in this one process.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::organisations::{Slug, organisations};
use super::setup::{
    Layout, Options, PROFESSIONALS, Ready, SetupError, WITNESSES, connector_address, prepare, register, registration,
};
use crate::actions::Desk;
use crate::app;
use crate::app::gateway::{Addresses, Outside, StartError, read_signing};
use crate::client::{Client, GatewayInfo, Kit, KitError};
use crate::config::{ConfigError, GatewayConfig};
use crate::connector::Connector;
use crate::connector::config::Config as ConnectorConfig;
use crate::connector::hand::Hand;
use crate::connector::professionals::Professional;
use crate::crypto::keys::{PublicKey, SigningKey};
use crate::demo::authority::Authority;
use crate::demo::households::World;
use crate::exchange::Gateway;
use crate::organisation::people::Role;
use crate::witness::config::Config as WitnessConfig;

/// How long a start waits for the first quorum.
const FIRST_QUORUM: Duration = Duration::from_secs(10);

/// The demo cannot be started.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct DemoError(String);

impl DemoError {
    /// Why.
    pub fn new(reason: impl ToString) -> Self {
        Self(reason.to_string())
    }
}

impl From<SetupError> for DemoError {
    fn from(error: SetupError) -> Self {
        Self::new(error)
    }
}

impl From<StartError> for DemoError {
    fn from(error: StartError) -> Self {
        Self::new(error)
    }
}

impl From<ConfigError> for DemoError {
    fn from(error: ConfigError) -> Self {
        Self::new(error)
    }
}

impl From<KitError> for DemoError {
    fn from(error: KitError) -> Self {
        Self::new(error)
    }
}

/// A running demo.
pub struct Running {
    /// Its files.
    pub layout: Layout,
    /// Its synthetic world.
    pub world: World,
    /// What the gateway is reached by.
    pub info: GatewayInfo,
    /// Where it listens.
    pub addresses: Addresses,
    /// The gateway.
    pub gateway: Arc<Gateway>,
    /// Actions on its registers.
    pub desk: Arc<Desk>,
    /// The connectors.
    pub connectors: BTreeMap<Slug, Arc<Connector>>,
    /// The certificate authority, when the files were made just now.
    pub authority: Option<Authority>,
    outside: Outside,
    gateway_shutdown: CancellationToken,
    gateway_task: TaskTracker,
    shutdown: CancellationToken,
    connector_shutdowns: BTreeMap<Slug, CancellationToken>,
    witness_shutdowns: BTreeMap<Slug, CancellationToken>,
    tasks: TaskTracker,
}

/// Makes or finds the demo in `folder` and starts everything.
///
/// # Errors
/// [`DemoError`].
pub async fn start(folder: &Path, options: Options, outside: Outside) -> Result<Running, DemoError> {
    start_configured(folder, options, outside, |_| {}).await
}

/// The same, with a gateway whose settings `change` has changed after they were read.
///
/// # Errors
/// [`DemoError`].
pub async fn start_configured(
    folder: &Path,
    options: Options,
    outside: Outside,
    change: impl FnOnce(&mut GatewayConfig) + Send,
) -> Result<Running, DemoError> {
    let ready = prepare(folder, &options, &outside).await?;
    let mut config = GatewayConfig::load(&ready.layout.configuration())?;
    change(&mut config);
    let (shutdown, tasks) = (CancellationToken::new(), TaskTracker::new());
    let mut witness_shutdowns = BTreeMap::new();
    for slug in WITNESSES.into_iter().filter(|slug| ready.layout.witness_configuration(*slug).exists()) {
        let stop = start_witness(&ready.layout, slug, &outside, &shutdown, &tasks).await?;
        witness_shutdowns.insert(slug, stop);
    }
    let built = Box::pin(app::gateway::build(config, outside.clone())).await?;
    if let Some(members) = &ready.members {
        let bundle = built.gateway.policy.load_full();
        register(&built.desk, &bundle, members, &ready.world, outside.clock.now()).await?;
        built.gateway.registry.refresh().await.map_err(DemoError::new)?;
        ready.finished(&options)?;
    }
    let Ready { layout, world, authority, .. } = ready;
    let (gateway, desk) = (Arc::clone(&built.gateway), Arc::clone(&built.desk));
    let bound = built.bind().await?;
    let addresses = bound.addresses();
    let (gateway_task, gateway_shutdown) = (TaskTracker::new(), CancellationToken::new());
    gateway_task.spawn(bound.run(gateway_shutdown.clone()));
    let info = Kit::open(&layout.kit_of(Slug::Police))?.gateway;
    let mut running = Running {
        layout,
        world,
        info,
        addresses,
        gateway,
        desk,
        connectors: BTreeMap::new(),
        authority,
        outside,
        gateway_shutdown,
        gateway_task,
        shutdown,
        connector_shutdowns: BTreeMap::new(),
        witness_shutdowns,
        tasks,
    };
    for organisation in organisations().filter(|organisation| organisation.is_source) {
        running.start_connector(organisation.slug).await?;
    }
    running.first_quorum().await;
    Ok(running)
}

/// Starts one witness; the token ends it.
async fn start_witness(
    layout: &Layout,
    slug: Slug,
    outside: &Outside,
    shutdown: &CancellationToken,
    tasks: &TaskTracker,
) -> Result<CancellationToken, DemoError> {
    let config = WitnessConfig::load(&layout.witness_configuration(slug)).map_err(DemoError::new)?;
    let bound = app::witness::bind(&config, outside).await?;
    let stop = shutdown.child_token();
    tasks.spawn(bound.run(stop.clone()));
    Ok(stop)
}

/// How long the demo's links to sign in are good.
const LINKS: Duration = Duration::from_hours(8);

impl Running {
    /// For each organisation's privacy officer a link to sign in, good once: whose, and where to.
    ///
    /// # Errors
    /// [`DemoError`].
    pub async fn sign_in_links(&self) -> Result<Vec<(String, String)>, DemoError> {
        let until = self.outside.clock.now().plus(LINKS);
        let registered = self.desk.store.registered().await.map_err(DemoError::new)?;
        let mut links = Vec::new();
        for (oin, registration) in &registered.organisations {
            for (_, key) in registration.people.iter().filter(|(role, _)| *role == Role::PrivacyOfficer) {
                let secret = self.desk.sign_in_link(oin, &key.keyid, until).await.map_err(DemoError::new)?;
                links.push((registration.organisation.name.clone(), format!("{}/sign-in#{secret}", self.info.web)));
            }
        }
        Ok(links)
    }

    /// Starts one source's connector, with the professionals of the demo.
    ///
    /// # Errors
    /// [`DemoError`].
    pub async fn start_connector(&mut self, slug: Slug) -> Result<(), DemoError> {
        let folder = self.layout.source(slug);
        let config = ConnectorConfig::load(&folder.join("connector.toml")).map_err(DemoError::new)?;
        let bound = app::connector::bind(&config, &self.outside).await?;
        for reference in PROFESSIONALS {
            let key = SigningKey::from_jwk(&read_signing(&folder.join(format!("{reference}.jwk")))?).map_err(DemoError::new)?;
            let PublicKey::Ed25519(public_key) = key.public().key() else {
                return Err(DemoError::new("a professional's key is Ed25519"));
            };
            let professional = Professional {
                reference: reference.to_owned(),
                name: format!("Professional {reference}"),
                registration: registration(slug, reference),
                public_key: *public_key,
                active: true,
            };
            bound.connector.put_professional(&professional).await.map_err(DemoError::new)?;
        }
        self.connectors.insert(slug, Arc::clone(&bound.connector));
        let shutdown = self.shutdown.child_token();
        self.connector_shutdowns.insert(slug, shutdown.clone());
        self.tasks.spawn(bound.run(shutdown));
        Ok(())
    }

    /// Registers the connectors where they answer now: a demo that took fresh ports moved them.
    ///
    /// # Errors
    /// [`DemoError`].
    pub async fn register_addresses(&self) -> Result<(), DemoError> {
        let desk = self.desk.operated_by("sluis demo".parse().map_err(DemoError::new)?);
        for organisation in organisations().filter(|organisation| organisation.is_source) {
            let address = connector_address(&self.layout, &organisation)?;
            let oin = organisation.parsed_oin().map_err(DemoError::new)?;
            let mut registered = desk.registration(&oin).await.map_err(DemoError::new)?.organisation;
            if registered.connector.as_ref() != Some(&address) {
                registered.connector = Some(address);
                desk.join(registered, Vec::new()).await.map_err(DemoError::new)?;
            }
        }
        self.gateway.registry.refresh().await.map(drop).map_err(DemoError::new)
    }

    /// Starts one witness of the log again.
    ///
    /// # Errors
    /// [`DemoError`].
    pub async fn start_witness(&mut self, slug: Slug) -> Result<(), DemoError> {
        let stop = start_witness(&self.layout, slug, &self.outside, &self.shutdown, &self.tasks).await?;
        self.witness_shutdowns.insert(slug, stop);
        Ok(())
    }

    /// Stops one witness of the log.
    pub fn stop_witness(&mut self, slug: Slug) {
        if let Some(shutdown) = self.witness_shutdowns.remove(&slug) {
            shutdown.cancel();
        }
    }

    /// Waits until the lock is open, where there are witnesses: a quorum has cosigned what was registered. Not for ever: then requests tell why.
    async fn first_quorum(&self) {
        let Some(witnessing) = &self.gateway.witnessing else { return };
        let end = tokio::time::Instant::now() + FIRST_QUORUM;
        while witnessing.is_closed() && tokio::time::Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Stops one source's connector.
    pub fn stop_connector(&mut self, slug: Slug) {
        self.connectors.remove(&slug);
        if let Some(shutdown) = self.connector_shutdowns.remove(&slug) {
            shutdown.cancel();
        }
    }

    /// The client of one organisation of the kit.
    ///
    /// # Errors
    /// [`DemoError`].
    pub fn client(&self, slug: Slug) -> Result<Client, DemoError> {
        let kit = Kit::open(&self.layout.kit_of(slug))?;
        Ok(Client::new(&kit, Arc::clone(&self.outside.clock), Arc::clone(&self.outside.entropy))?)
    }

    /// A professional of a source with her key.
    ///
    /// # Errors
    /// [`DemoError`].
    pub fn hand(&self, slug: Slug, reference: &str) -> Result<Hand, DemoError> {
        let path = self.layout.source(slug).join(format!("{reference}.jwk"));
        let key = SigningKey::from_jwk(&read_signing(&path)?).map_err(DemoError::new)?;
        Ok(Hand::new(reference.to_owned(), key, Arc::clone(&self.outside.clock)))
    }

    /// The time and randomness it runs with.
    pub const fn outside(&self) -> &Outside {
        &self.outside
    }

    /// Ends the gateway alone, when what is in flight is finished. Connectors and witnesses go on: for gateways in processes of their own.
    pub async fn stop_gateway(&self) {
        self.gateway_shutdown.cancel();
        self.gateway_task.close();
        self.gateway_task.wait().await;
    }

    /// Ends everything: what is in flight is finished, for which the gateway still needs its sources.
    pub async fn stop(self) {
        self.stop_gateway().await;
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}
