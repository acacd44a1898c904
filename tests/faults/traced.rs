//! What the operating system saw of a whole gateway process (strace): the write-ahead log is synced after its last write and before the first byte that a
//! source or a recipient gets for it. Where no process may be traced, the environment must say so (`SLUIS_NO_TRACING`, which `tests/run` sets when it
//! finds it so); then nothing shows the sync, and only the order of commit and byte is shown ([`super::durable`]).

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use sluis::connector::config::Config;
use sluis::demo::organisations::Slug;

use crate::flow::kill::{question, world};
use crate::support::child::ChildDemo;

const CALLS: &str = "trace=recvfrom,read,readv,write,writev,sendto,sendmsg,pwrite64,pwritev,fsync,fdatasync";

/// A request is longer than this, and nothing else that the API's listener reads at once is.
const REQUEST: u64 = 2500;

/// A call to a source is longer than this; a probe of its health is shorter.
const CALL: u64 = 700;

/// What happened, of what matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// The API's listener read.
    Read,
    /// The API's listener wrote.
    Answer,
    /// The gateway wrote to the source.
    Call,
    /// A page was written to the write-ahead log of the gateway's store.
    Page,
    /// That log was synced.
    Sync,
}

/// One system call: when it began and ended, in lines of the trace, and what it gave.
#[derive(Debug)]
struct Event {
    what: What,
    from: usize,
    to: usize,
    gave: u64,
}

/// The ports that tell whose bytes they are.
struct Ports {
    api: String,
    source: String,
}

impl Ports {
    fn what(&self, call: &str) -> Option<What> {
        let (name, rest) = call.split_once('(')?;
        let about = rest.split_once(',').map_or(rest, |(first, _)| first);
        let writes = matches!(name, "write" | "writev" | "sendto" | "sendmsg");
        if about.contains("gateway/sluis.sqlite-wal>") {
            return match name {
                "fsync" | "fdatasync" => Some(What::Sync),
                "pwrite64" | "pwritev" if rest.contains(" 4096, ") => Some(What::Page),
                _ => None,
            };
        }
        // A socket as strace -yy shows it: TCP:[own address->other address].
        let (own, other) = about.split_once("TCP:[")?.1.split_once("->")?;
        match (own.ends_with(&self.api), writes, other.trim_end_matches(['>', ']']).ends_with(&self.source)) {
            (true, true, _) => Some(What::Answer),
            (true, false, _) => Some(What::Read),
            (false, true, true) => Some(What::Call),
            _ => None,
        }
    }

    /// The calls in a trace, by the lines in which they began.
    fn events(&self, trace: &str) -> Vec<Event> {
        let (mut events, mut under_way): (Vec<Event>, HashMap<&str, usize>) = (Vec::new(), HashMap::new());
        for (line, text) in trace.lines().enumerate() {
            let Some((process, call)) = text.split_once(' ') else { continue };
            let call = call.trim_start();
            let gave = call.rsplit_once("= ").and_then(|(_, gave)| gave.split(' ').next()?.parse().ok());
            if call.starts_with("<...") {
                if let Some(place) = under_way.remove(process) {
                    (events[place].to, events[place].gave) = (line, gave.unwrap_or(0));
                }
            } else if let Some(what) = self.what(call) {
                if call.contains("<unfinished ...>") {
                    under_way.insert(process, events.len());
                }
                events.push(Event { what, from: line, to: line, gave: gave.unwrap_or(0) });
            }
        }
        events
    }
}

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Idle,
    Arrived,
    Asked,
}

/// Goes through a trace; how many requests were answered in order. The reason, where one was not.
fn judge(events: &[Event]) -> Result<usize, String> {
    let synced = |page: &Event, by: usize| {
        // One sync that began behind the page and ended before what must wait for it.
        events.iter().any(|event| event.what == What::Sync && event.from > page.to && event.to < by)
    };
    let (mut stage, mut since, mut answered) = (Stage::Idle, 0, 0);
    for event in events {
        let next = match (stage, event.what) {
            (Stage::Idle, What::Read) if event.gave >= REQUEST => Stage::Arrived,
            (Stage::Arrived, What::Call) if event.gave >= CALL => Stage::Asked,
            (Stage::Asked, What::Answer) => Stage::Idle,
            _ => continue,
        };
        if stage != Stage::Idle {
            let pages: Vec<_> =
                events.iter().filter(|page| page.what == What::Page && page.from > since && page.from < event.from).collect();
            let last = pages.last().ok_or_else(|| format!("{stage:?}: line {}: nothing was committed before it", event.from))?;
            if !synced(last, event.from) {
                return Err(format!("{stage:?}: line {}: what was written in line {} is not synced", event.from, last.from));
            }
            answered += usize::from(next == Stage::Idle);
        }
        (stage, since) = (next, event.to);
    }
    Ok(answered)
}

/// Whether this process may trace another.
fn may_trace() -> bool {
    let probe = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).status();
    probe.expect("strace is missing: install Debian's package strace").success()
}

fn port(address: &str) -> String {
    let (_, port) = address.rsplit_once(':').expect("a port");
    format!(":{}", port.trim_end_matches('/'))
}

/// Broken on purpose to see it fail: `SqliteSynchronous::Normal` in `SqliteStore::open`; `announce` going on while its append is still under way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_synced_before_anybody_gets_a_byte() {
    if std::env::var_os("SLUIS_NO_TRACING").is_some() {
        println!("NOT SHOWN: no process may be traced here, says SLUIS_NO_TRACING");
        return;
    }
    assert!(may_trace(), "strace may trace no process here: where that cannot be changed, set SLUIS_NO_TRACING=1");
    let mut child = ChildDemo::start(&["--without-answer-at", "--fresh-ports"]).await;
    child.terminate();
    child.ended().await;
    let trace = child.demo().join("trace");
    let traced = |plain: &Command| {
        let mut traced = Command::new("strace");
        // -D: the gateway stays this test's child, and its tracer ends with it. -yy: what each descriptor is. -s 0: no content.
        traced.args(["-D", "-f", "-q", "-yy", "-s", "0", "-e", CALLS, "-o"]).arg(&trace);
        traced.arg(plain.get_program()).args(plain.get_args());
        traced
    };
    child.start_again_under(traced).await;
    let mut body: serde_json::Value = serde_json::from_slice(&question(&world(&child), "P22")).expect("JSON");
    body["sources"] = serde_json::json!([Slug::Police.organisation().oin]);
    body["necessity"] = "x".repeat(1990).into();
    let body = body.to_string().into_bytes();
    let requests = 4;
    for _ in 0..requests {
        let disclosed = child.client(Slug::VeiligThuis).disclose(&body, None).await.expect("an answer");
        assert!(disclosed.items().count() > 0);
        // The source's receipt follows at once: the next request is not to be taken for it.
        tokio::time::sleep(Duration::from_millis(1500)).await;
    }
    child.terminate();
    child.ended().await;
    let ports =
        Ports { api: port(&child.authority(Slug::VeiligThuis)), source: port(&listener(&child.layout().source(Slug::Police))) };
    let trace = std::fs::read_to_string(&trace).expect("a trace");
    let events = ports.events(&trace);
    println!("{} lines, {} events", trace.lines().count(), events.len());
    assert_eq!(judge(&events), Ok(requests));
}

fn listener(source: &Path) -> String {
    Config::load(&source.join("connector.toml")).expect("a configuration").listen.to_string()
}

/// The judge itself, on traces that are out of order.
#[test]
fn a_trace_that_is_out_of_order_is_found_so() {
    let ports = Ports { api: ":8443".to_owned(), source: ":7001".to_owned() };
    let read = "1 recvfrom(9<TCP:[127.0.0.1:8443->127.0.0.1:5]>, \"\"..., 4096, 0, NULL, NULL) = 3000";
    let page = "2 pwrite64(5</d/gateway/sluis.sqlite-wal>, \"\"..., 4096, 56) = 4096";
    let sync = "2 fsync(5</d/gateway/sluis.sqlite-wal>) = 0";
    let call = "1 writev(8<TCP:[127.0.0.1:6->127.0.0.1:7001]>, [...], 1) = 1110";
    let answer = "1 writev(9<TCP:[127.0.0.1:8443->127.0.0.1:5]>, [...], 1) = 7454";
    let judged = |lines: &[&str]| judge(&ports.events(&lines.join("\n")));
    assert_eq!(judged(&[read, page, sync, call, page, page, sync, answer]), Ok(1));
    assert_eq!(judged(&[read, page, sync, call, page, sync, answer, call, read, page, sync, call, page, sync, answer]), Ok(2));
    assert!(judged(&[read, page, call, sync, page, sync, answer]).is_err(), "called before it is synced");
    assert!(judged(&[read, call, page, sync, page, sync, answer]).is_err(), "called before anything is written");
    assert!(judged(&[read, page, sync, call, page, answer, sync]).is_err(), "answered before it is synced");
    assert!(judged(&[read, page, sync, call, answer]).is_err(), "answered before anything is written");
    assert!(judged(&[read, page, sync, call, page, sync, page, answer]).is_err(), "written on after the sync");
    let begun = "3 fsync(5</d/gateway/sluis.sqlite-wal> <unfinished ...>";
    let ended = "3 <... fsync resumed>) = 0";
    assert_eq!(judged(&[read, page, begun, ended, call, page, sync, answer]), Ok(1));
    assert!(judged(&[read, page, begun, call, ended, page, sync, answer]).is_err(), "called while it is being synced");
    assert!(judged(&[read, begun, page, ended, call, page, sync, answer]).is_err(), "synced before it was written");
    let probe = call.replace("1110", "394");
    assert_eq!(judged(&[read, &probe, page, &probe, sync, call, page, sync, answer]), Ok(1), "a probe is no call");
}
