//! What people do: load, decide, change, log, save. Called by the API and the command line; never HTTP.
