//! `[store]`: where a gateway keeps its data, and what production asks of that.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::str::FromStr;

use serde::Deserialize;

use super::Mode;

/// The parameters of a database's URL that are known: a misspelt one would be ignored, and with it perhaps the check of the server's certificate.
const PARAMETERS: [&str; 9] = ["sslmode", "sslrootcert", "sslcert", "sslkey", "host", "port", "dbname", "user", "password"];

/// `[store]`
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSection {
    /// `sqlite:<path>`, or `postgres://user@host:port/database?sslmode=verify-full&sslrootcert=<path>`.
    pub url: String,
    /// How many synchronous standbys must have what was committed before anybody hears of it; of PostgreSQL only.
    #[serde(default)]
    pub standbys: u32,
}

/// Where a store is.
#[derive(Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// A SQLite file.
    File(PathBuf),
    /// A PostgreSQL database; the URL may hold a password.
    Database(String),
}

/// Never repeats what it was given: there may be a password in it.
impl FromStr for StoreUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            return Ok(Self::File(PathBuf::from(path)));
        }
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err("write sqlite:<path>, or postgres://user@host:port/database".to_owned());
        }
        if !has_one_reading(text) {
            return Err("in a database's URL, write @ / ? # % of a user or password as %40 %2F %3F %23 %25".to_owned());
        }
        let mut once = BTreeSet::new();
        if text.contains('#') || parameters(text).any(|(name, _)| !PARAMETERS.contains(&name) || !once.insert(name)) {
            return Err(format!("of a database's URL only these parameters are known, each once: {}", PARAMETERS.join(", ")));
        }
        Ok(Self::Database(text.to_owned()))
    }
}

/// Whether there is one `@`, behind user and password (RFC 3986 §3.2): otherwise a part of a password could be taken for the host, looked up by that name, and
/// told in errors.
fn has_one_reading(url: &str) -> bool {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    authority.matches('@').count() <= 1 && !database.contains('@')
}

fn parameters(url: &str) -> impl Iterator<Item = (&str, &str)> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    query.split('&').filter(|one| !one.is_empty()).map(|one| one.split_once('=').unwrap_or((one, "")))
}

impl StoreUrl {
    /// Whether nobody between can read along, or pass for the database: TLS whose certificate and name are checked, or a socket of this machine.
    fn is_private(&self) -> bool {
        match self {
            Self::File(_) => true,
            Self::Database(url) => parameters(url).any(|(name, value)| match name {
                "sslmode" => value == "verify-full",
                "host" => value.starts_with('/') || value.to_ascii_lowercase().starts_with("%2f"),
                _ => false,
            }),
        }
    }
}

impl std::fmt::Debug for StoreSection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreSection").field("standbys", &self.standbys).finish_non_exhaustive()
    }
}

impl StoreSection {
    /// What the URL names.
    ///
    /// # Errors
    /// Says what it should be.
    pub fn place(&self) -> Result<StoreUrl, String> {
        self.url.parse().map_err(|error| format!("[store] url: {error}"))
    }

    /// In production a commit that a single machine can lose is none, and nobody reads along.
    pub(super) fn judge(&self, mode: Mode) -> Result<(), String> {
        let place = self.place()?;
        let told = match (&place, mode) {
            (StoreUrl::Database(_), Mode::Production) if self.standbys == 0 => {
                "standbys: in production at least 1: without a synchronous standby, a machine that is lost takes entries with it that were acknowledged"
            }
            (_, Mode::Production) if !place.is_private() => {
                "url: in production with sslmode=verify-full and sslrootcert, or by a Unix socket (host=/…): otherwise anybody on the network can pass for the database"
            }
            (StoreUrl::File(_), _) if self.standbys > 0 => "standbys: of PostgreSQL only",
            _ => return Ok(()),
        };
        Err(format!("[store] {told}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(url: &str, standbys: u32, mode: Mode) -> Result<(), String> {
        StoreSection { url: url.to_owned(), standbys }.judge(mode)
    }

    #[test]
    fn production_asks_for_a_standby_and_a_private_way() {
        let verified = "postgres://sluis@db.example/sluis?sslmode=verify-full&sslrootcert=ca.pem";
        assert_eq!(judged(verified, 1, Mode::Production), Ok(()));
        assert_eq!(judged("postgres://sluis@localhost/sluis?host=/run/postgresql", 1, Mode::Production), Ok(()));
        assert!(judged(verified, 0, Mode::Production).is_err_and(|told| told.contains("[store] standbys")));
        for open in ["", "?sslmode=require", "?sslmode=verify-ca&sslrootcert=ca.pem", "?host=db.example"] {
            let told = judged(&format!("postgres://sluis@db.example/sluis{open}"), 1, Mode::Production);
            assert!(told.as_ref().is_err_and(|told| told.contains("verify-full")), "{open}: {told:?}");
        }
        assert_eq!(judged("postgres://sluis@localhost/sluis", 0, Mode::Development), Ok(()));
        assert_eq!(judged("sqlite:sluis.sqlite", 0, Mode::Production), Ok(()));
    }

    #[test]
    fn what_is_no_url_is_refused_without_being_repeated() {
        for wrong in [
            "mysql://u:geheim@h/d",
            "postgres://u:geheim@h/d?sslmod=verify-full",
            "geheim",
            "postgres://u:geheim@h/d?sslmode=verify-full&sslmode=disable",
            "postgres://u:x@geheim@h/d",
            "postgres://u:x/geheim@h/d",
            "postgres://u:x@geheim/y@h/d",
        ] {
            let told = wrong.parse::<StoreUrl>().err().expect("refused");
            assert!(!told.contains("geheim"), "{told}");
        }
        assert!(judged("sqlite:sluis.sqlite", 1, Mode::Development).is_err());
    }
}
