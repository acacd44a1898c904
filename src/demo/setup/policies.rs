//! The demo's own policies: those of the program in a folder, approved by two persons who exist only here. Their keys stand beside it, so that
//! anyone can try what a change needs.

use super::{Layout, SetupError, files};
use crate::crypto::base64;
use crate::crypto::keys::{Algorithm, PublicKey, generate_signing_key};
use crate::policy::Bundle;
use crate::policy::manifest::{Proposal, Replaces, approve};

/// Who approves in the demo, with the name of her key's file.
pub const APPROVERS: [(&str, &str); 2] = [("Demo privacy officer", "privacy-officer.jwk"), ("Demo lawyer", "lawyer.jwk")];

/// Makes the folder, and gives `[policy]` for the gateway's configuration.
pub(super) fn make(layout: &Layout) -> Result<String, SetupError> {
    let folder = layout.policies();
    let failed = |error: &dyn std::fmt::Display| SetupError::new(&folder, error.to_string());
    files::folder(&folder)?;
    files::folder(&layout.approvers())?;
    let bundle = Bundle::embedded().map_err(|error| failed(&error))?;
    bundle.write(&folder).map_err(|error| failed(&error))?;
    let mut section = "[policy]\nfolder = \"policies\"\n".to_owned();
    for (place, (name, file)) in APPROVERS.into_iter().enumerate() {
        let id = format!("approver-{place}").parse().map_err(|error| failed(&error))?;
        let key = generate_signing_key(Algorithm::Ed25519, id).map_err(|error| failed(&error))?;
        files::private(&layout.approvers().join(file), key.to_json().as_bytes())?;
        let first = Proposal { version: "demo-1", replaces: Replaces::Nothing };
        approve(&folder, (place == 0).then_some(&first), name, &key).map_err(|error| failed(&error))?;
        let PublicKey::Ed25519(public) = key.public().key() else { return Err(failed(&"not an Ed25519 key")) };
        let key = base64::encode_url(public);
        section.extend(["\n[[policy.approvers]]\nname = \"", name, "\"\nkey = \"", &key, "\"\n"]);
    }
    Ok(section)
}
