//! What is kept: the contract that each database fulfils.
