//! What the API and the web share: the server, its limits, problem documents.
