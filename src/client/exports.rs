//! Files of the log as they come: what the header says of the rest is held against it, so that a file is known to be whole without its signature too.

use aws_lc_rs::digest::{Context, SHA256};
use serde_json::Value;

use crate::crypto::hex;

/// Reads a file once, piece by piece, and holds its header against what follows it.
#[derive(Clone)]
pub struct ExportCheck {
    header: Option<String>,
    head: Vec<u8>,
    hash: Context,
    records: u64,
    is_quoted: bool,
}

/// What a file's header says, when it is true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// How many records the file has.
    pub count: u64,
    /// The SHA-256 of what follows the header, hexadecimal.
    pub sha256: String,
}

/// A file is not what its header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not what the file's header says\n  do: export again")]
pub struct Untrue(&'static str);

/// The longest header that is read.
const LONGEST: usize = 64 * 1024;

impl Default for ExportCheck {
    fn default() -> Self {
        Self { header: None, head: Vec::new(), hash: Context::new(&SHA256), records: 0, is_quoted: false }
    }
}

impl ExportCheck {
    /// Takes the next bytes in.
    pub fn take(&mut self, mut bytes: &[u8]) {
        if self.header.is_none() {
            let Some(end) = bytes.iter().position(|&byte| byte == b'\n') else {
                let room = LONGEST.saturating_sub(self.head.len());
                self.head.extend(bytes.iter().take(room));
                return;
            };
            let (head, rest) = bytes.split_at(end.saturating_add(1));
            self.head.extend(head.iter().take(LONGEST));
            self.header = Some(String::from_utf8_lossy(&self.head).into_owned());
            bytes = rest;
        }
        self.hash.update(bytes);
        for &byte in bytes {
            match byte {
                // Only of a file of cells: in JSON Lines no end of a line stands within a text, and quotes need not be counted.
                b'"' if self.is_csv() => self.is_quoted = !self.is_quoted,
                b'\n' if !self.is_quoted => self.records = self.records.saturating_add(1),
                _ => {}
            }
        }
    }

    fn is_csv(&self) -> bool {
        self.header.as_ref().is_some_and(|header| header.starts_with('"'))
    }

    /// How many records have come, of how many; none before the header has.
    pub fn progress(&self) -> Option<(u64, u64)> {
        let (count, _) = self.said()?;
        Some((self.records.saturating_sub(u64::from(self.is_csv())), count))
    }

    /// Count and hash in the header.
    fn said(&self) -> Option<(u64, String)> {
        let header = self.header.as_deref()?;
        if self.is_csv() { of_cells(header) } else { of_json(header) }
    }

    /// What the header says.
    ///
    /// # Errors
    /// [`Untrue`] names what is otherwise.
    pub fn finish(self) -> Result<Exported, Untrue> {
        let (count, sha256) = self.said().ok_or(Untrue("its beginning"))?;
        // The names of the columns are a record that is not counted.
        let records = self.records.checked_sub(u64::from(self.is_csv())).ok_or(Untrue("its count"))?;
        if records != count {
            return Err(Untrue("its count"));
        }
        if hex::encode(self.hash.finish().as_ref()) != sha256 {
            return Err(Untrue("its hash"));
        }
        Ok(Exported { count, sha256 })
    }
}

fn of_json(header: &str) -> Option<(u64, String)> {
    let header: Value = serde_json::from_str(header).ok()?;
    Some((header.get("count")?.as_u64()?, header.get("sha256")?.as_str()?.to_owned()))
}

fn of_cells(header: &str) -> Option<(u64, String)> {
    let value = |name: &str| header.split("\",\"").find_map(|cell| cell.strip_prefix(name));
    Some((value("count=")?.parse().ok()?, value("sha256=")?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<Exported, Untrue> {
        let mut check = ExportCheck::default();
        text.as_bytes().chunks(7).for_each(|piece| check.take(piece));
        check.finish()
    }

    /// Broken on purpose to see it fail: the hash is not compared.
    #[test]
    fn a_file_is_held_against_its_header() {
        let hash = |rest: &str| hex::encode(&crate::crypto::digest::sha256(rest.as_bytes()));
        let rest = "{\"a\":\"\\\"\"}\n{}\n";
        let json = |count: u64| format!("{{\"count\":{count},\"sha256\":\"{}\"}}\n", hash(rest));
        assert_eq!(check(&format!("{}{rest}", json(2))).map(|file| file.count), Ok(2));
        assert_eq!(check(&format!("{}{rest}", json(1))), Err(Untrue("its count")));
        assert_eq!(check(&format!("{}{}", json(2), rest.replace('a', "b"))), Err(Untrue("its hash")));
        assert_eq!(check(&format!("{}{{}}\n", json(2))), Err(Untrue("its count")), "cut off");
        assert_eq!(check("{}"), Err(Untrue("its beginning")));
        let cells = "\"a\",\"b\"\r\n\"1\n2\",\"\"\"\"\r\n";
        let csv = format!("\"#sluis-log/csv\",\"count=1\",\"sha256={}\",\"\"\r\n", hash(cells));
        assert_eq!(check(&format!("{csv}{cells}")).map(|file| file.count), Ok(1));
    }
}
