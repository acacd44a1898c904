//! `sluis keys`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{ArgGroup, Args, Subcommand};

use super::operator::{By, Gateway, IN_FORCE, instant};
use super::output::{EXIT_CODES, Failure, finish};
use super::{input, own_key, say};
use crate::actions::credentials::{Credential, encryption_key, signing_key};
use crate::app::gateway::Outside;
use crate::clock::Timestamp;
use crate::http::{peer, tls};
use crate::organisation::Oin;
use crate::organisation::keys::Validity;
use crate::organisation::people::PersonalKey;
use crate::organisation::people::Role;
use crate::store::{CredentialChange, Registration};

const ROTATION: &str = "Rotation with overlap: publish the new key before the old one ends; both signing keys count as long as both are valid, and the \
    gateway seals to the encryption key whose validity began last. Then revoke the old one, or let it end.";

/// Certificates and keys of organisations.
#[derive(Args)]
#[command(after_help = format!("{IN_FORCE}\n\n{ROTATION}\n\n{EXIT_CODES}"))]
pub(super) struct Keys {
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand)]
enum Step {
    /// All certificates and keys, or those of one organisation.
    List {
        #[command(flatten)]
        gateway: Gateway,
        /// Of this organisation only.
        #[arg(long, value_name = "OIN")]
        organisation: Option<Oin>,
    },
    /// Publish a certificate or a public key of an organisation.
    Publish(Publish),
    /// Enrol a professional who makes overrides, or a privacy officer (FG) who reviews them: nobody's signature or verdict counts otherwise.
    Enrol(Enrol),
    /// Withdraw a certificate or a key, for good: nothing that it signed is taken any more.
    Revoke(Revoke),
    /// Make a key of your own, as a privacy officer (FG): no gateway and no organisation needs to be at hand.
    Make(Make),
}

#[derive(Args)]
struct Make {
    /// Your reference, as your organisation writes it: visible ASCII.
    #[arg(long, value_name = "REF")]
    reference: String,
    /// Where your private key goes: a new file that only you can read. Nobody else needs a copy.
    #[arg(long, value_name = "FILE")]
    key_out: PathBuf,
}

#[derive(Args)]
#[command(group = ArgGroup::new("credential").required(true).args(["certificate", "signing", "encryption"]))]
struct Publish {
    #[command(flatten)]
    by: By,
    /// Whose it is.
    #[arg(long, value_name = "OIN")]
    organisation: Oin,
    /// A TLS certificate (PEM, leaf first). Its subject.serialNumber must be the OIN.
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// A public signing key (JWK with a `kid`).
    #[arg(long, value_name = "FILE")]
    signing: Option<PathBuf>,
    /// A public encryption key (JWK with `kid` and `alg`).
    #[arg(long, value_name = "FILE")]
    encryption: Option<PathBuf>,
    /// From when it counts: YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ [default: now].
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    from: Option<Timestamp>,
    /// Until when, not included [default for a certificate: its own end].
    #[arg(long, value_name = "INSTANT", value_parser = instant, required_unless_present = "certificate")]
    until: Option<Timestamp>,
}

#[derive(Args)]
struct Enrol {
    #[command(flatten)]
    by: By,
    /// Whose professional or privacy officer.
    #[arg(long, value_name = "OIN")]
    organisation: Oin,
    /// As what: professional or privacy-officer.
    #[arg(long, value_parser = role)]
    role: Role,
    /// Her public key (JWK, Ed25519; its `kid` is her reference), as `sluis connector professional add` or `sluis keys make` prints it.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Her registration (BIG, SKJ, service number), as her organisation sends it with her overrides. Only a keyed digest is kept.
    #[arg(long)]
    registration: String,
    /// From when it counts: YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ [default: now].
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    from: Option<Timestamp>,
    /// Until when, not included.
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    until: Timestamp,
}

fn role(code: &str) -> Result<Role, String> {
    Role::from_code(code).ok_or_else(|| format!("expected one of {}", Role::ALL.map(Role::code).join(", ")))
}

#[derive(Args)]
#[command(group = ArgGroup::new("which").required(true).args(["keyid", "certificate", "fingerprint"]))]
struct Revoke {
    #[command(flatten)]
    by: By,
    /// The key with this id.
    #[arg(long, value_name = "ID")]
    keyid: Option<String>,
    /// This certificate (PEM, leaf first).
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// The certificate with this SHA-256, in hexadecimal, as `list` prints it.
    #[arg(long, value_name = "HEX")]
    fingerprint: Option<String>,
}

impl Keys {
    pub(super) async fn run(self, outside: Outside) -> ExitCode {
        finish(Box::pin(self.take(outside)).await)
    }

    async fn take(self, outside: Outside) -> Result<(), Failure> {
        let now = outside.clock.now();
        match self.step {
            Step::List { gateway, organisation } => {
                let desk = gateway.desk(outside).await?;
                let registered = desk.store.registered().await.map_err(Failure::usage)?;
                if let Some(oin) = &organisation {
                    desk.registration(oin).await?;
                }
                let shown =
                    registered.organisations.iter().filter(|(oin, _)| organisation.as_ref().is_none_or(|only| only == *oin));
                shown.for_each(|(oin, registration)| list(oin, registration, now));
                Ok(())
            }
            Step::Publish(publish) => {
                let (change, name) = publish.change(now)?;
                publish.by.desk(outside).await?.publish_credential(&publish.organisation, change).await?;
                say(&format!("published {name} of {}", publish.organisation));
                Ok(())
            }
            Step::Enrol(Enrol { by, organisation, role, key, registration, from, until }) => {
                let jwk = input::bytes(&key)?;
                let desk = by.desk(outside).await?;
                let validity = Validity { from: from.unwrap_or(now), until, revoked: false };
                let personal = desk.personal_key(&organisation, &jwk, &registration, validity);
                let personal = personal.map_err(|error| Failure::refused(format!("{}: {error}", key.display())))?;
                let keyid = personal.keyid.clone();
                desk.enrol(&organisation, role, personal).await?;
                say(&format!("enrolled {} {keyid} of {organisation}", role.code()));
                Ok(())
            }
            Step::Revoke(revoke) => {
                let (credential, name) = revoke.credential()?;
                let oin = revoke.by.desk(outside).await?.revoke_credential(credential).await?;
                say(&format!("revoked {name} of {oin}"));
                Ok(())
            }
            Step::Make(Make { reference, key_out }) => {
                let (_, published) = own_key::make(&reference, &key_out)?;
                say(&format!("your private key is in {}: it stays with you", key_out.display()));
                say(&format!("your public key, with which the gateway's operator enrols you (`sluis keys enrol`):\n{published}"));
                Ok(())
            }
        }
    }
}

impl Publish {
    fn change(&self, now: Timestamp) -> Result<(CredentialChange, String), Failure> {
        let organisation = self.organisation.clone();
        let validity = |until: Option<Timestamp>| {
            let until = self.until.or(until).ok_or_else(|| Failure::usage("--until is missing"))?;
            Ok::<_, Failure>(Validity { from: self.from.unwrap_or(now), until, revoked: false })
        };
        if let Some(file) = &self.certificate {
            let leaf = tls::leaf(file).map_err(Failure::usage)?;
            let peer = peer::peer(&leaf);
            if peer.oin.as_ref() != Some(&organisation) {
                let found = peer.oin.map_or_else(|| "no OIN".to_owned(), |oin| oin.to_string());
                let reason = format!("{}: its subject.serialNumber has {found}\n  expected: {organisation}", file.display());
                return Err(Failure::refused(reason));
            }
            let name = format!("certificate {}", hex(&peer.fingerprint));
            let validity = validity(peer::not_after(&leaf))?;
            return Ok((CredentialChange::Certificate { organisation, fingerprint: peer.fingerprint, validity }, name));
        }
        let of = |file: &Path| {
            let name = file.display().to_string();
            input::bytes(file).map(|jwk| (jwk, move |error| Failure::refused(format!("{name}: {error}"))))
        };
        if let Some(file) = &self.signing {
            let (jwk, wrong) = of(file)?;
            let key = signing_key(&jwk, validity(None)?).map_err(wrong)?;
            let name = format!("signing key {} ({})", key.keyid, key.alg);
            return Ok((CredentialChange::Signing { organisation, key }, name));
        }
        let file = self.encryption.as_ref().ok_or_else(|| Failure::usage("give --certificate, --signing or --encryption"))?;
        let (jwk, wrong) = of(file)?;
        let key = encryption_key(&jwk, validity(None)?).map_err(wrong)?;
        let name = format!("encryption key {} ({})", key.keyid, key.alg);
        Ok((CredentialChange::Encryption { organisation, key }, name))
    }
}

impl Revoke {
    fn credential(&self) -> Result<(Credential, String), Failure> {
        if let Some(keyid) = &self.keyid {
            return Ok((Credential::Key(keyid.clone()), format!("key {keyid}")));
        }
        let fingerprint = match (&self.certificate, &self.fingerprint) {
            (Some(file), _) => peer::peer(&tls::leaf(file).map_err(Failure::usage)?).fingerprint,
            (None, Some(text)) => unhex(text)
                .ok_or_else(|| Failure::usage("--fingerprint: expected 64 hexadecimal digits, as `list` prints them"))?,
            (None, None) => return Err(Failure::usage("give --keyid, --certificate or --fingerprint")),
        };
        Ok((Credential::Certificate(fingerprint), format!("certificate {}", hex(&fingerprint))))
    }
}

fn list(oin: &Oin, registration: &Registration, now: Timestamp) {
    say(&format!("{oin}  {}", crate::client::plain(&registration.organisation.name)));
    for certificate in &registration.certificates {
        line("certificate", &hex(&certificate.fingerprint), "", certificate.validity, now);
    }
    for (what, keys) in [("signing", &registration.signing), ("encryption", &registration.encryption)] {
        for key in keys {
            line(what, &key.keyid, &key.alg, key.validity, now);
        }
    }
    for (role, key) in &registration.people {
        let reference = serde_json::from_str::<PersonalKey>(&key.jwk).map_or_else(|_| "?".to_owned(), |personal| personal.kid);
        line(&format!("{} {reference}", role.code()), &key.keyid, &key.alg, key.validity, now);
    }
}

fn line(what: &str, id: &str, alg: &str, validity: Validity, now: Timestamp) {
    let standing = match validity {
        Validity { revoked: true, .. } => "REVOKED",
        Validity { from, .. } if now < from => "later",
        Validity { until, .. } if until <= now => "ended",
        _ => "valid",
    };
    say(&format!("  {standing:8}{what:12} {id}  {alg:18}  {} to {}", validity.from, validity.until));
}

fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().fold(String::with_capacity(64), |hex, byte| hex + &format!("{byte:02x}"))
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_read_as_printed() {
        let bytes = std::array::from_fn(|place| u8::try_from(place * 7).unwrap());
        assert_eq!(unhex(&hex(&bytes)), Some(bytes));
        for wrong in ["", &"0".repeat(63), &"+1".repeat(32), &"g".repeat(64)] {
            assert_eq!(unhex(wrong), None, "{wrong}");
        }
    }
}
