//! The contract of a store, tried on SQLite and on PostgreSQL: what is acknowledged is durable and in order, conflicts leave nothing behind, races have one winner.

mod appends;
mod attack;
mod audit;
mod authenticity;
mod cases;
mod connections;
mod copying;
mod corruption;
mod duties;
mod embargoes;
mod facts;
mod fixture;
mod lists;
mod migrating;
mod names;
mod offers;
mod proofs;
mod published;
mod registers;
mod retention;
mod scan;
mod search;
mod second_verifier;
mod sequencing;
mod sessions;
