//! The pages for people: by what a server is asked and answers, and in a real browser.

mod base;
mod browser;
mod log;
mod signing_in;
