//! The one test binary: what needs more than one module, or data from outside.

#[cfg(test)]
mod cli;
#[cfg(test)]
mod vectors;
