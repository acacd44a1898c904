//! The registry as one node holds it: keys parsed once, exchanged whole when the facts' revision moves.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::clock::Timestamp;
use crate::crypto::envelope::EncryptionKey;
use crate::crypto::keys::{Algorithm, Jwk, VerifyingKey};
use crate::organisation::keys::Validity;
use crate::organisation::{Oin, Organisation, Status};
use crate::store::facts::registration_digest;
use crate::store::{Registered, Registration, Revision, Store, StoreError};

/// One organisation with its credentials, ready to use.
#[derive(Debug)]
pub struct Member {
    /// The organisation.
    pub organisation: Organisation,
    /// A digest of everything registered about it, for comparing facts.
    pub digest: [u8; 32],
    certificates: HashMap<[u8; 32], Validity>,
    encryption: Vec<(EncryptionKey, Validity)>,
    signing: Vec<Validity>,
}

impl Member {
    /// Whether it may take part.
    pub fn is_active(&self) -> bool {
        self.organisation.status == Status::Active
    }

    /// Whether the certificate with this fingerprint is its own and counts at `now`.
    pub fn shows(&self, fingerprint: &[u8; 32], now: Timestamp) -> bool {
        self.certificates.get(fingerprint).is_some_and(|validity| validity.holds(now))
    }

    /// The encryption key to seal to: of those that count, the one published last.
    pub fn encryption_key(&self, now: Timestamp) -> Option<(&EncryptionKey, Validity)> {
        let counting = self.encryption.iter().filter(|(_, validity)| validity.holds(now));
        counting.max_by_key(|(_, validity)| validity.from).map(|(key, validity)| (key, *validity))
    }

    /// Whether what was sealed to its key of this id may still be given: the key was not withdrawn.
    pub fn may_still_open(&self, kid: &str) -> bool {
        self.encryption.iter().any(|(key, validity)| key.id().as_str() == kid && !validity.revoked)
    }
}

impl Member {
    /// The next instants at which a credential begins or ends to count.
    pub fn next_changes(&self) -> impl Iterator<Item = Timestamp> {
        let certificates = self.certificates.values();
        let encryption = self.encryption.iter().map(|(_, validity)| validity);
        certificates.chain(encryption).chain(&self.signing).flat_map(|validity| [validity.from, validity.until])
    }
}

/// A signing key with its owner.
#[derive(Debug)]
pub struct KnownKey {
    /// Whose key it is.
    pub owner: Oin,
    /// The key.
    pub key: VerifyingKey,
    /// Its algorithm: the registry fixes it, not the signature.
    pub algorithm: Algorithm,
    /// When it counts.
    pub validity: Validity,
}

/// All organisations and keys at one revision.
#[derive(Debug)]
pub struct Registry {
    /// The revision of the facts it was read at.
    pub revision: Revision,
    /// The hash of the policies in force, once a gateway has served.
    pub policy: Option<String>,
    members: BTreeMap<Oin, Arc<Member>>,
    keys: HashMap<String, KnownKey>,
}

impl Registry {
    /// Parses what the store holds. A key that cannot be parsed is left out and reported: it then verifies and receives nothing.
    pub fn of(registered: Registered) -> Self {
        let mut keys = HashMap::new();
        let mut members = BTreeMap::new();
        for (oin, registration) in registered.organisations {
            for published in &registration.signing {
                match signing_key(published.jwk.as_bytes(), &published.alg) {
                    Some((key, algorithm)) => {
                        let known = KnownKey { owner: oin.clone(), key, algorithm, validity: published.validity };
                        keys.insert(published.keyid.clone(), known);
                    }
                    None => {
                        tracing::error!(organisation = %oin, keyid = published.keyid, "a registered signing key cannot be used");
                    }
                }
            }
            members.insert(oin, Arc::new(member(registration)));
        }
        Self { revision: registered.revision, policy: registered.policy, members, keys }
    }

    /// The organisation with this OIN.
    pub fn member(&self, oin: &Oin) -> Option<&Arc<Member>> {
        self.members.get(oin)
    }

    /// All organisations.
    pub fn members(&self) -> impl Iterator<Item = &Arc<Member>> {
        self.members.values()
    }

    /// The signing key with this id.
    pub fn key(&self, keyid: &str) -> Option<&KnownKey> {
        self.keys.get(keyid)
    }
}

fn signing_key(jwk: &[u8], alg: &str) -> Option<(VerifyingKey, Algorithm)> {
    let algorithm = Algorithm::from_name(alg)?;
    let key = Jwk::from_json(jwk).ok().and_then(|jwk| VerifyingKey::from_jwk(&jwk).ok())?;
    (key.algorithm() == algorithm).then_some((key, algorithm))
}

fn member(registration: Registration) -> Member {
    let digest = registration_digest(&registration);
    let oin = &registration.organisation.oin;
    let encryption = registration.encryption.iter().filter_map(|published| {
        let key = Jwk::from_json(published.jwk.as_bytes()).ok().and_then(|jwk| EncryptionKey::from_jwk(&jwk).ok());
        if key.is_none() {
            tracing::error!(organisation = %oin, keyid = published.keyid, "a registered encryption key cannot be used");
        }
        Some((key?, published.validity))
    });
    let encryption = encryption.collect();
    let certificates =
        registration.certificates.iter().map(|certificate| (certificate.fingerprint, certificate.validity)).collect();
    let signing = registration.signing.iter().map(|published| published.validity).collect();
    Member { organisation: registration.organisation, digest, certificates, encryption, signing }
}

/// The registry, exchanged when it is found to be older than the facts.
pub struct LiveRegistry {
    store: Arc<dyn Store>,
    current: ArcSwap<Registry>,
    reading: tokio::sync::Mutex<()>,
    exchanged: tokio::sync::watch::Sender<Revision>,
}

impl LiveRegistry {
    /// Reads the registry.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn load(store: Arc<dyn Store>) -> Result<Self, StoreError> {
        let registry = Registry::of(store.registered().await?);
        let (exchanged, _) = tokio::sync::watch::channel(registry.revision);
        Ok(Self { store, current: ArcSwap::from_pointee(registry), reading: tokio::sync::Mutex::new(()), exchanged })
    }

    /// Tells of each exchange.
    pub fn exchanges(&self) -> tokio::sync::watch::Receiver<Revision> {
        self.exchanged.subscribe()
    }

    /// The registry as this node last read it.
    pub fn current(&self) -> Arc<Registry> {
        self.current.load_full()
    }

    /// A registry of `revision` or later, read anew if need be; many who need it at once cause one reading.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn at_least(&self, revision: Revision) -> Result<Arc<Registry>, StoreError> {
        let current = self.current();
        if current.revision >= revision {
            return Ok(current);
        }
        self.exchange_unless(|current| current.revision >= revision).await
    }

    /// Reads the head's revision and takes the registry of then, also where that is an older one: the database lost what this node saw in it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn refresh(&self) -> Result<Arc<Registry>, StoreError> {
        let revision = self.store.head().await?.revision;
        self.exchange_unless(|current| current.revision == revision).await
    }

    async fn exchange_unless(&self, is_right: impl Fn(&Registry) -> bool) -> Result<Arc<Registry>, StoreError> {
        let _one_at_a_time = self.reading.lock().await;
        let current = self.current();
        if is_right(&current) {
            return Ok(current);
        }
        let registry = Arc::new(Registry::of(self.store.registered().await?));
        self.current.store(Arc::clone(&registry));
        self.exchanged.send_replace(registry.revision);
        Ok(registry)
    }
}
