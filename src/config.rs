//! File and environment to a valid configuration; alone reads the environment.
