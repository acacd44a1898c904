//! A file and the environment that overrides it. The only place that reads the environment.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::ConfigError;

/// The prefix of environment variables that override a setting: `SLUIS_API__LISTEN` overrides `listen` in `[api]`; an underscore
/// stands for the hyphen of a setting, as in `SLUIS_LIMITS__IN_FLIGHT`.
const PREFIX: &str = "SLUIS_";

/// Reads a TOML file into `T`; an unknown key is refused with its line, an environment variable that fits no setting by its name.
///
/// # Errors
/// [`ConfigError`].
pub fn load<T: DeserializeOwned>(path: &Path) -> Result<T, ConfigError> {
    let unread =
        |error| format!("the configuration cannot be read: {error}\n  do: give its path; deploy/sluis.toml shows one, explained");
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError::new(path, unread(error)))?;
    // Read once as it stands, so that faults come with their line.
    let unlike = |error| ConfigError::new(path, told(&error, &text));
    let config: T = toml::from_str(&text).map_err(unlike)?;
    let overrides = environment();
    if overrides.is_empty() {
        return Ok(config);
    }
    let mut table: Table = toml::from_str(&text).map_err(unlike)?;
    for (variable, value) in &overrides {
        set(&mut table, variable, value);
    }
    let names: Vec<_> = overrides.iter().map(|(variable, _)| variable.as_str()).collect();
    let wrong = |error: toml::de::Error| {
        ConfigError::new(path, format!("with {} from the environment: {}", names.join(", "), error.message()))
    };
    table.try_into().map_err(wrong)
}

/// What is wrong, with the line; of a line with a URL in it, which may hold a password, only its number.
fn told(error: &toml::de::Error, text: &str) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).map_or(0, |before| before.matches('\n').count());
    if text.lines().nth(before).is_some_and(|line| line.contains("://")) {
        return format!("line {}: {}", before + 1, error.message());
    }
    error.to_string()
}

/// The overriding variables: those with two underscores between section and setting.
fn environment() -> Vec<(String, String)> {
    let nested = |name: &str| name.strip_prefix(PREFIX).is_some_and(|rest| rest.contains("__"));
    let mut overrides: Vec<_> = std::env::vars().filter(|(name, _)| nested(name)).collect();
    overrides.sort();
    overrides
}

/// The user of the system who runs the program: who called `sudo`, where that was used, or the name of the process's user.
pub fn system_user() -> String {
    let uid = std::fs::metadata("/proc/self").map_or(u32::MAX, |own| own.uid());
    let behind = if uid == 0 { std::env::vars().find(|(name, _)| name == "SUDO_USER").map(|(_, user)| user) } else { None };
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = behind.filter(|user| !user.trim().is_empty()).or_else(|| user_of(&passwd, uid));
    named.unwrap_or_else(|| format!("uid {uid}"))
}

/// The name of a user in the text of `/etc/passwd` (`name:password:uid:…`).
pub(super) fn user_of(passwd: &str, uid: u32) -> Option<String> {
    let named = passwd.lines().find(|line| line.split(':').nth(2).and_then(|number| number.parse().ok()) == Some(uid));
    named.and_then(|line| line.split(':').next()).filter(|name| !name.is_empty()).map(str::to_owned)
}

pub(super) fn set(table: &mut Table, variable: &str, value: &str) {
    let path: Vec<String> =
        variable.trim_start_matches(PREFIX).split("__").map(|name| name.to_ascii_lowercase().replace('_', "-")).collect();
    let Some((last, sections)) = path.split_last() else { return };
    let mut table = table;
    for section in sections {
        let entry = table.entry(section.clone()).or_insert_with(|| Value::Table(Table::new()));
        let Value::Table(inner) = entry else { return };
        table = inner;
    }
    // A value that reads as TOML (a number, a list, true) is taken as such, anything else as text.
    let parsed = toml::from_str::<Table>(&format!("v = {value}")).ok().and_then(|mut parsed| parsed.remove("v"));
    table.insert(last.clone(), parsed.unwrap_or_else(|| Value::String(value.to_owned())));
}
