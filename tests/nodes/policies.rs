//! Policies that one node puts in force: the others take them from the store when their own approvers signed them, and decide nothing when they did not.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sluis::app::policies::put_in_force;
use sluis::client::Trouble;
use sluis::crypto::keys::{Algorithm, PrivateJwk, PublicKey, generate_signing_key};
use sluis::demo::organisations::Slug;
use sluis::policy::Bundle;
use sluis::policy::manifest::{Approver, Proposal, Replaces, approve};

use super::region::{NODES, Region};
use crate::support::{LONG, until};

/// Two who approve policies, with their keys.
struct Approvers([(&'static str, PrivateJwk); 2]);

impl Approvers {
    /// Those whom the nodes know.
    fn of_the_demo(folder: &Path) -> Self {
        let key = |file: &str| PrivateJwk::from_json(&std::fs::read(folder.join(file)).expect("a key")).expect("a key");
        Self([("Demo privacy officer", key("privacy-officer.jwk")), ("Demo lawyer", key("lawyer.jwk"))])
    }

    /// Two of their names whom nobody knows.
    fn strangers() -> Self {
        let key = |id: &str| generate_signing_key(Algorithm::Ed25519, id.parse().expect("an id")).expect("a key");
        Self([("Demo privacy officer", key("m1")), ("Demo lawyer", key("m2"))])
    }

    /// Makes a version that replaces the one with this hash, and approves it.
    fn version(&self, name: &str, replaced: &str, folder: PathBuf) -> Arc<Bundle> {
        Bundle::embedded().expect("policies").write(&folder).expect("written");
        let file = folder.join("reasons/en.toml");
        let text = std::fs::read_to_string(&file).expect("a file");
        std::fs::write(&file, format!("# version {name}\n{text}")).expect("written");
        let proposal = Proposal { version: name, replaces: Replaces::Version(replaced.to_owned()) };
        for (place, (person, key)) in self.0.iter().enumerate() {
            approve(&folder, (place == 0).then_some(&proposal), person, key).expect("approved");
        }
        let approvers = self.0.iter().map(|(person, key)| {
            let PublicKey::Ed25519(public) = key.public().key() else { panic!("an Ed25519 key") };
            Approver::new(person, &sluis::crypto::base64::encode_url(public)).expect("an approver")
        });
        Arc::new(Bundle::load_approved(&folder, &approvers.collect::<Vec<_>>()).expect("approved by two"))
    }
}

/// What an approved version is for the others: they decide by it, though their own files are as they were. One that persons whom they do not know have signed stops
/// them, and they say so; the next that is theirs heals them.
///
/// Broken on purpose to see it fail: without `follow` the others decide nothing any more; `of_archive` in the place of `of_archive_approved`; `usable` without
/// the policies.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_follow_what_their_own_approvers_signed_and_nothing_else() {
    let region = Region::start().await;
    let running = region.gateway.running();
    let folder = |name: &str| running.layout.gateway().join(name);
    let (own, strangers) = (Approvers::of_the_demo(&running.layout.approvers()), Approvers::strangers());
    let in_force = running.gateway.policy.load_full().hash().to_owned();
    let body = region.gateway.question("P22").to_string().into_bytes();

    let second = own.version("second", &in_force, folder("second"));
    put_in_force(&running.gateway, &running.desk, Arc::clone(&second)).await.expect("in force");
    for node in &region.nodes {
        until("the second version", LONG, async || node.readiness().await.contains(second.hash())).await;
    }
    for node in 0..NODES {
        let disclosed = region.client_of(node, Slug::VeiligThuis).disclose(&body, None).await.expect("an answer");
        assert!(disclosed.items().count() > 0, "node {node} decides");
    }

    let foreign = strangers.version("foreign", second.hash(), folder("foreign"));
    put_in_force(&running.gateway, &running.desk, Arc::clone(&foreign)).await.expect("this one takes them");
    for (number, node) in region.nodes.iter().enumerate() {
        let refuses = async || {
            let said = node.readiness().await;
            said.starts_with("503")
                && said.contains(foreign.hash())
                && said.contains("the signature of Demo privacy officer is not valid")
        };
        until("says that it cannot use them", LONG, refuses).await;
        match region.client_of(number, Slug::VeiligThuis).disclose(&body, None).await {
            Err(Trouble::Problem(problem)) => assert_eq!(problem.status, 503, "{problem}"),
            other => panic!("node {number} decided: {:?}", other.map(|disclosed| disclosed.id)),
        }
    }

    let third = own.version("third", foreign.hash(), folder("third"));
    put_in_force(&running.gateway, &running.desk, Arc::clone(&third)).await.expect("in force");
    for (number, node) in region.nodes.iter().enumerate() {
        let ready = async || {
            let said = node.readiness().await;
            said.starts_with("200") && said.contains(third.hash())
        };
        until("the third version", LONG, ready).await;
        region.client_of(number, Slug::VeiligThuis).disclose(&body, None).await.expect("it decides again");
    }
    region.stop().await;
}
