//! What goes wrong around the disclosure log, one family of faults per file: nothing acknowledged is lost, nothing is released without entry, nothing
//! wrong is signed, and whoever verifies is told. More of it, closer to what it breaks: `flow::{kill, full_disk, log_first, old_database, served_log,
//! witnessed}`, `store::{sequencing, corruption}`, `witness::durable`, `cli::{keys_at_rest, log_keys, log_verify}`.

mod bytes;
mod clock;
mod durable;
mod kept;
mod kills;
mod lines;
mod no_room;
mod nodes;
mod tiles;
mod traced;
mod witnesses;
