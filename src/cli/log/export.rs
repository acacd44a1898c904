//! `sluis log export`

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::filter::Filter;
use super::officer::Officer;
use crate::actions::log::export::Format;
use crate::app::gateway::Outside;
use crate::cli::output::{EXIT_CODES, Failure, UNVERIFIED, say};
use crate::cli::progress::Progress;
use crate::client::ExportCheck;

const EXAMPLE: &str = "Example:\n  sluis log export --kit demo/kit/police --by fg-1 --key fg.jwk --format csv --out log.csv --kind contribution\n\n\
    The file is kept only when the gateway's signature, the digest, the count and the hash in its first record hold. It is readable by you alone, and no \
    file is overwritten. The export is an entry of the log, with your signature.";

/// Export your organisation's side of the log to a file, as its privacy officer (FG).
#[derive(Args)]
#[command(after_help = format!("{EXAMPLE}\n\n{EXIT_CODES}"))]
pub(super) struct Export {
    #[command(flatten)]
    officer: Officer,
    #[command(flatten)]
    filter: Filter,
    /// As what: csv, jsonl, nen7513 (NEN 7513), ldv (Logboek Dataverwerkingen, OTLP) or adl (Authorization Decision Log).
    #[arg(long, value_parser = format)]
    format: Format,
    /// The file to make.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

fn format(code: &str) -> Result<Format, String> {
    Format::from_code(code).ok_or_else(|| format!("expected one of {}", Format::ALL.map(Format::code).join(", ")))
}

impl Export {
    pub(super) async fn run(self, outside: Outside) -> Result<(), Failure> {
        let filter = self.filter.wire(&self.officer.kit()?)?;
        if self.out.exists() {
            return Err(Failure::usage(exists(&self.out)));
        }
        let request = json!({"format": self.format, "filter": filter});
        let mut part = Part::new(&self.out)?;
        let mut check = ExportCheck::default();
        let mut progress = Progress::new("receiving");
        let keep = |bytes: &[u8]| {
            check.take(bytes);
            if let Some((done, all)) = check.progress() {
                progress.at(done, all);
            }
            part.file.write_all(bytes)
        };
        let taken = self.officer.download(outside, "exports", &request, keep).await;
        drop(progress);
        taken?;
        let exported = check.finish().map_err(|untrue| Failure::new(UNVERIFIED, untrue))?;
        part.finish(&self.out)?;
        say(&format!("{}: {} records, sha256 {}", self.out.display(), exported.count, exported.sha256));
        Ok(())
    }
}

fn exists(file: &Path) -> String {
    format!("{}: there is such a file; name another", file.display())
}

/// What has come so far, beside the file that it is to be; it is gone unless it is finished.
struct Part {
    path: PathBuf,
    file: File,
}

impl Part {
    fn new(out: &Path) -> Result<Self, Failure> {
        let mut path = out.as_os_str().to_owned();
        path.push(".part");
        let path = PathBuf::from(path);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let file = file.map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
        Ok(Self { path, file })
    }

    /// Gives it its name, unless that is taken meanwhile.
    fn finish(self, out: &Path) -> Result<(), Failure> {
        let done = self.file.sync_all().and_then(|()| std::fs::hard_link(&self.path, out));
        done.map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => Failure::usage(exists(out)),
            _ => Failure::usage(format!("{}: {error}", out.display())),
        })
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.path));
    }
}
