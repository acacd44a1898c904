//! The one test binary: what needs more than one module, or data from outside.

#[cfg(test)]
mod architecture;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod flow;
#[cfg(test)]
mod nodes;
#[cfg(test)]
mod store;
#[cfg(test)]
mod support;
#[cfg(test)]
mod vectors;
#[cfg(test)]
mod verifier;
#[cfg(test)]
mod web;
#[cfg(test)]
mod witness;
