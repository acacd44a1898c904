//! The one test binary: what needs more than one module, or data from outside.

mod architecture;
mod vectors;
