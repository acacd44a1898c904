//! The program beside a source: maps its database to our categories, minimises, holds the release inbox.
