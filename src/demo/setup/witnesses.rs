//! The witnesses of the demo's log: five organisations, each with its own key and state; three of the justice chain, two outside it.

use std::path::Path;

use super::files::{self, SetupError};
use super::gateway::MadeGateway;
use super::{Layout, ports};
use crate::app::gateway::Outside;
use crate::client::GatewayInfo;
use crate::demo::authority::Authority;
use crate::demo::organisations::Slug;
use crate::ledger::note::{KeyKind, SigningKey, VerifierKey, fresh_seed};
use crate::secret::Secret;
use crate::witness::config::Config;

/// Who witnesses.
pub const WITNESSES: [Slug; 5] = [Slug::Police, Slug::Prosecution, Slug::Probation, Slug::MentalHealth, Slug::VeiligThuis];

/// Two of the three of the justice chain, and one of the two outside it: whoever makes the quorum, there are three, and one of them is outside.
const QUORUM: &str = "group justice 2 police prosecution probation\ngroup outside any mental-health veilig-thuis\n\
    group both all justice outside\nquorum both\n";

/// Makes each one's key and configuration, and the policy for all who verify.
pub(super) fn make(layout: &Layout, authority: &Authority, gateway: &MadeGateway, outside: &Outside) -> Result<(), SetupError> {
    for slug in WITNESSES {
        let folder = layout.witness(slug);
        files::folder(&folder)?;
        let organisation = slug.organisation();
        files::tls(&folder, &authority.issue(&format!("{} witness", organisation.name), None)?)?;
        let seed = fresh_seed(&*outside.entropy).map_err(|error| SetupError::new(&folder, error))?;
        files::private(&folder.join("witness.seed"), seed.expose())?;
        let held = ports::choose(None)?;
        let config = format!(
            "# Made by `sluis demo`. Every setting is explained in deploy/witness.toml.\nname = \"witness.{}.sluis.example\"\nkey = \"witness.seed\"\n\
             store = \"witness.sqlite\"\nlisten = \"127.0.0.1:{}\"\nidentity = {{ certificate = \"tls.pem\", key = \"tls.key\" }}\n\n\
             [[logs]]\nvkey = \"{}\"\n",
            slug.code(),
            ports::number(&held)?,
            gateway.log_vkey
        );
        files::write(&layout.witness_configuration(slug), config.as_bytes())?;
        gateway.held.borrow_mut().push(held);
    }
    write_policies(layout)?;
    let file = layout.kit().join("gateway.json");
    let info: Option<GatewayInfo> = files::read_optional(&file)?;
    let mut info = info.ok_or_else(|| SetupError::new(&file, "is missing"))?;
    info.witnesses = known(layout)?.into_iter().map(|known| known.key.to_string()).collect();
    files::write(&file, &files::json(&info)?)
}

/// Writes the policy: with the witnesses' addresses for the gateway, without them for all who verify.
pub(super) fn write_policies(layout: &Layout) -> Result<(), SetupError> {
    let known = known(layout)?;
    let policy = |line: fn(&Known) -> String| known.iter().map(line).collect::<String>() + QUORUM;
    let reached = policy(|known| format!("witness {} {} {}\n", known.slug.code(), known.key, known.url));
    let named = policy(|known| format!("witness {} {}\n", known.slug.code(), known.key));
    files::write(&layout.gateway().join("witnesses.policy"), reached.as_bytes())?;
    files::write(&layout.kit().join("witnesses.policy"), named.as_bytes())
}

struct Known {
    slug: Slug,
    key: VerifierKey,
    url: String,
}

/// The witnesses by their own files.
fn known(layout: &Layout) -> Result<Vec<Known>, SetupError> {
    let read = |slug: Slug| {
        let file = layout.witness_configuration(slug);
        let wrong = |error: &dyn std::fmt::Display| SetupError::new(&file, error.to_string());
        let Config { name, key, listen, .. } = Config::load(&file).map_err(|error| wrong(&error))?;
        let seed = seed(&key)?;
        let name = name.parse().map_err(|error| wrong(&error))?;
        let key = SigningKey::from_seed(name, KeyKind::Cosignature, &seed).map_err(|error| wrong(&error))?;
        Ok(Known { slug, key: key.verifier().clone(), url: format!("https://localhost:{}", listen.port()) })
    };
    WITNESSES.into_iter().map(read).collect()
}

fn seed(path: &Path) -> Result<Secret<[u8; 32]>, SetupError> {
    let bytes = std::fs::read(path).map(zeroize::Zeroizing::new).map_err(|error| SetupError::new(path, error))?;
    <[u8; 32]>::try_from(bytes.as_slice()).map(Secret::new).map_err(|_| SetupError::new(path, "not a seed of 32 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::ledger::checkpoint::SignedCheckpoint;
    use crate::ledger::cosignature::Cosigner;
    use crate::ledger::note::NoteSigner;
    use crate::ledger::quorum::Policy;
    use crate::ledger::tree::NodeHash;

    fn key(name: &str, kind: KeyKind, seed: u8) -> SigningKey {
        SigningKey::from_seed(name.parse().expect("valid"), kind, &Secret::new([seed; 32])).expect("valid")
    }

    /// All 32 sets: three at least, and one of them from outside the justice chain.
    #[test]
    fn no_quorum_is_of_the_justice_chain_alone() {
        let log = NoteSigner::new(key("log.example", KeyKind::Note, 9)).expect("a log's");
        let cosigner = |place: usize| {
            let name = format!("{}.example", WITNESSES[place].code());
            Cosigner::new(key(&name, KeyKind::Cosignature, u8::try_from(place).expect("small"))).expect("a witness's")
        };
        let lines: Vec<String> =
            (0..5).map(|place| format!("witness {} {}\n", WITNESSES[place].code(), cosigner(place).verifier())).collect();
        let policy = Policy::parse((lines.concat() + QUORUM).as_bytes()).expect("a policy");
        for set in 0_u8..32 {
            let mut checkpoint = SignedCheckpoint::sign(7, NodeHash::new([3; 32]), &log).expect("in range");
            let members: Vec<usize> = (0..5).filter(|place| set & (1 << place) != 0).collect();
            for place in &members {
                checkpoint.add(cosigner(*place).cosign(&checkpoint, Timestamp::from_seconds(1))).expect("room");
            }
            let (inside, outside) =
                (members.iter().filter(|place| **place < 3).count(), members.iter().filter(|place| **place >= 3).count());
            let met = policy.witnessed(&checkpoint).is_ok();
            assert_eq!(met, inside >= 2 && outside >= 1, "{members:?}");
            assert!(!met || members.len() >= 3);
        }
    }
}
