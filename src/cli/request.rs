//! `sluis request`

mod arguments;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

pub(super) use arguments::{BSN_SHOWN, Request, bsn, number};
use serde_json::json;

use super::output::{Failure, explanation, finish};
use super::{input, say};
use crate::app::gateway::Outside;
use crate::client::{Client, Disclosed, Kit, Names, Readable, Trace};

impl Request {
    pub(super) async fn run(self, outside: Outside) -> ExitCode {
        finish(self.ask(outside).await)
    }

    async fn ask(&self, outside: Outside) -> Result<(), Failure> {
        let kit = Kit::open(&self.kit).map_err(Failure::usage)?;
        let body = match &self.body {
            Some(file) => input::bytes(file)?,
            None => self.question(&kit)?.body(),
        };
        let client = Client::new(&kit, Arc::clone(&outside.clock), Arc::clone(&outside.entropy)).map_err(Failure::usage)?;
        let mut told = Told { request: self, names: Names::of(&kit), kit: &kit, deliveries: 0 };
        let mut trace = Trace::default();
        let asked = match &self.disclosure {
            Some(id) => client.pick_up_traced(&id.to_string(), &body, &mut trace).await,
            None => client.disclose_traced(&body, self.idempotency_key.as_deref(), &mut trace).await,
        };
        self.explain(&trace);
        let first = asked?;
        if self.json && self.wait == 0 {
            return told.json(&first);
        }
        if self.json {
            told.keep(&first)?;
        } else {
            told.tell(&first)?;
        }
        if self.wait == 0 {
            return Ok(());
        }
        let waited = client.wait_for_more_traced(first.clone(), &body, Duration::from_secs(self.wait), &mut trace).await;
        if waited.as_ref().map_or(true, |latest| latest.deliveries.len() > first.deliveries.len()) {
            self.explain(&trace);
        }
        let latest = waited.as_ref().unwrap_or(&first);
        if self.json {
            told.json(latest)?;
        } else {
            told.tell(latest)?;
        }
        waited.map(drop).map_err(Failure::from)
    }

    /// With `--json`, standard output is for the payloads alone.
    fn explain(&self, trace: &Trace) {
        match (self.explain, self.json) {
            (true, false) => say(&explanation(trace)),
            (true, true) => super::output::remark(&explanation(trace)),
            (false, _) => {}
        }
    }
}

/// Tells of deliveries, each once.
struct Told<'a> {
    request: &'a Request,
    names: Names,
    kit: &'a Kit,
    deliveries: usize,
}

impl Told<'_> {
    /// Keeps the receipts, and gives their files.
    fn keep(&self, disclosed: &Disclosed) -> Result<Vec<String>, Failure> {
        let folder = self.request.receipts.clone().unwrap_or_else(|| self.kit.receipts());
        let kept = disclosed.keep_receipts(&folder);
        let kept = kept.map_err(|error| Failure::usage(format!("{}: receipts cannot be kept: {error}", folder.display())))?;
        Ok(kept.into_iter().map(|file| file.display().to_string()).collect())
    }

    fn tell(&mut self, disclosed: &Disclosed) -> Result<(), Failure> {
        let files = self.keep(disclosed)?;
        if self.deliveries == 0 {
            say(&format!("disclosure   {}", disclosed.id));
        }
        // Deliveries that were made anew because facts changed are fewer than were told: all of them are new then.
        let known = if disclosed.deliveries.len() < self.deliveries { 0 } else { self.deliveries };
        for (delivery, file) in disclosed.deliveries.iter().zip(files).skip(known) {
            say(&Readable { payload: &delivery.payload, names: &self.names }.to_string());
            say(&format!(
                "log          entry {} of {}; receipt verified, kept in {file}\n",
                delivery.log_index, delivery.log_size
            ));
        }
        self.deliveries = disclosed.deliveries.len();
        say(&match disclosed.status.as_str() {
            "open" => format!(
                "status       open: a professional of a source may still release a summary\n  do: pick it up later with this same command and \
                 --disclosure {} (and --wait SECONDS, to wait for it)",
                disclosed.id
            ),
            other => format!("status       {}", crate::client::plain(other)),
        });
        Ok(())
    }

    fn json(&self, disclosed: &Disclosed) -> Result<(), Failure> {
        let files = self.keep(disclosed)?;
        let deliveries: Vec<_> = disclosed
            .deliveries
            .iter()
            .zip(files)
            .map(|(delivery, file)| {
                json!({"payload": delivery.payload, "logIndex": delivery.log_index, "logSize": delivery.log_size, "receipt": file})
            })
            .collect();
        let told = json!({"disclosure": disclosed.id, "status": disclosed.status, "deliveries": deliveries});
        say(&serde_json::to_string_pretty(&told).map_err(Failure::usage)?);
        Ok(())
    }
}
